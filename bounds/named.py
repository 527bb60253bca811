"""Functions by name: ``activation("leaky_relu", alpha=0.2)``, ``scalar_function("leaky_relu(0.2)")``."""

from __future__ import annotations

import math
import re
import sys
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from bounds.first_activation import Activation
from bounds.functions import ScalarFunction
from bounds.registry import ACTIVATIONS, ALIASES, TARGET_FUNCTIONS, NamedExpression

_OUTSIDE = "outside the range of float64"
_DECIMAL_PLACES = 400
_SHOWN = 60
_PATTERN = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*")


def activations() -> tuple[str, ...]:
    """Names of the functions offered as first activations.

    >>> activations()[:4]
    ('relu', 'leaky_relu', 'tanh', 'sigmoid')
    """
    return tuple(ACTIVATIONS)


def activation(name: str, **parameters: Any) -> Activation:
    """The activation of a name, derived from its expression.

    Args: ``name``, with parameters in parentheses or as keywords. A float parameter stands for the decimal it prints as
    (alpha=0.01 is 1/100); the float64 that a network evaluates is within half a unit in the last place of it.
    Raises: ValueError listing the names; AssumptionError (a ValueError) when Assumption 2.3 fails.

    >>> activation("leaky_relu", alpha=0.2).m_minus, activation("leaky_relu(0.2)").name
    (1/5, 'leaky_relu(0.2)')
    """
    full_name, expression = _named(name, parameters)
    return Activation.from_expression(expression, full_name)


def scalar_function(name: str, **parameters: Any) -> ScalarFunction:
    """The function of a name as it may stand anywhere above the first layer.

    Raises: ValueError listing the names.

    >>> scalar_function("linear").name, scalar_function("abs").lipschitz
    ('identity', 1)
    """
    return ScalarFunction(*_named(name, parameters))


def canonical_name(name: str, **parameters: Any) -> str:
    """The one spelling of a name: no alias, parameters only where they differ from the default.

    >>> canonical_name("linear"), canonical_name("leaky_relu(0.010)"), canonical_name("leaky_relu", alpha=0.5)
    ('identity', 'leaky_relu', 'leaky_relu(0.5)')
    """
    return _named(name, parameters)[0]


def _named(name: str, parameters: dict[str, Any]) -> tuple[str, sympy.Expr]:
    match = _PATTERN.fullmatch(name) if isinstance(name, str) else None
    base = ALIASES.get(match[1].lower(), match[1].lower()) if match else ""
    entry = ACTIVATIONS.get(base) or TARGET_FUNCTIONS.get(base)
    if match is None or entry is None:
        known = ", ".join([*ACTIVATIONS, *TARGET_FUNCTIONS, *ALIASES])
        raise ValueError(f"activation {name!r} is unknown; use one of {known}, or Activation.from_expression")
    given = {**_written(match[2], entry, name), **parameters}
    unknown = set(given) - set(entry.parameters)
    if unknown:
        allowed = ", ".join(entry.parameters) or "no parameters"
        raise ValueError(f"activation {name!r} does not take {', '.join(sorted(unknown))}; it takes {allowed}")
    values = {key: exact_parameter(key, given.get(key, default)) for key, default in entry.parameters.items()}
    return _build(base, tuple(values.items()))


@lru_cache(maxsize=512)
def _build(base: str, values: tuple[tuple[str, Fraction], ...]) -> tuple[str, sympy.Expr]:
    entry = ACTIVATIONS.get(base) or TARGET_FUNCTIONS[base]
    numbers = {key: sympy.Rational(value.numerator, value.denominator) for key, value in values}
    try:
        expression = entry.build(**numbers)
    except ZeroDivisionError as error:
        raise ValueError(f"activation {base!r} is undefined for {numbers} ({error}); choose other parameters") from None
    changed = any(Fraction(entry.parameters[key]) != value for key, value in values)
    suffix = f"({', '.join(_text(value) for _, value in values)})" if changed else ""
    return base + suffix, expression


def _written(text: str | None, entry: NamedExpression, name: str) -> dict[str, str]:
    """Parameters written inside the parentheses of a name, by position or by keyword."""
    parts = [part.strip() for part in text.split(",")] if text and text.strip() else []
    if len(parts) > len(entry.parameters):
        raise ValueError(f"activation {name!r} has {len(parts)} parameters; at most {len(entry.parameters)} are known")
    found = {}
    for key, part in zip(entry.parameters, parts, strict=False):
        keyword, separator, value = part.rpartition("=")
        found[keyword.strip() if separator else key] = value.strip()
    return found


def exact_parameter(name: str, value: Any) -> Fraction:
    """The rational a parameter denotes: a float stands for the shortest decimal that prints as it.

    Networks evaluate it in float64, so what is neither 0 nor a normal float64 number is refused.

    >>> exact_parameter("alpha", 0.01)
    Fraction(1, 100)
    """
    try:
        found = _rational(value)
        if found and not sys.float_info.min <= abs(found) <= sys.float_info.max:
            raise ValueError(_OUTSIDE)
        return found
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(
            f"parameter {name}={_shown(value)} must be a finite number ({error or _OUTSIDE}); for example {name}=0.1"
        ) from None


def _shown(value: Any) -> str:
    """A value as a message quotes it; Python refuses to write integers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "(thousands of digits)"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _rational(value: Any) -> Fraction:
    if isinstance(value, bool):
        raise ValueError("a truth value")
    if isinstance(value, str) and "/" not in value and abs(Decimal(value).adjusted()) > _DECIMAL_PLACES:
        raise ValueError(_OUTSIDE)  # before an integer of that many digits is made
    if isinstance(value, (int, str, Fraction)):
        return Fraction(value)
    if isinstance(value, sympy.Rational):
        return Fraction(int(value.p), int(value.q))
    if math.isfinite(float(value)):
        return Fraction(repr(float(value)))
    raise ValueError("not finite")


def _text(value: Fraction) -> str:
    """A decimal where the fraction has one, else numerator/denominator."""
    decimal = Fraction(repr(float(value)))
    return f"{float(value)!r}" if decimal == value else f"{value.numerator}/{value.denominator}"
