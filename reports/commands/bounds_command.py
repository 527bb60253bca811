"""``ticketproof bounds``: what the theory says about one activation and one subset-sum problem."""

from __future__ import annotations

import argparse
import json
import re
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from reports.commands.command import Command
from reports.exit_codes import ExitCode
from reports.options import probability, tolerance

if TYPE_CHECKING:
    from bounds import Activation

DESCRIPTION = """\
Derive an activation's piecewise linear approximation at 0 with certified radii, and the number of random variables a
subset-sum problem needs: necessary (fewer fail) and sufficient (this many succeed).
"""
EXAMPLES = """\
examples:
  ticketproof bounds tanh
  ticketproof bounds "leaky_relu(0.2)" --tolerance 1e-3 1e-6
  ticketproof bounds --expression "x/(1 + Abs(x))" --tolerance 1e-4 --json

exit status: 0 proved, 1 a radius is refuted, 2 bad input (an activation that violates the assumption included), 3 open
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The activation, by name or as an expression, and the subset-sum problem."""
    parser.add_argument("activation", nargs="?", help="relu, leaky_relu(0.2), tanh, sigmoid, ...")
    parser.add_argument("--expression", help="any expression in x that sympy reads, instead of a name")
    parser.add_argument("--tolerance", type=tolerance, nargs="+", default=[1e-2], help="tolerances (default 0.01)")
    parser.add_argument("--failure-probability", type=probability, default=0.01, help="default 0.01")
    parser.add_argument("--law", default="uniform", choices=("uniform", "product"), help="law of the variables")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the derivation, then per tolerance the radii, the certificate and the base-set sizes."""
    activation = _activation(options)
    rows = [_at_tolerance(options, activation, value) for value in options.tolerance]
    derivation = {
        name: str(getattr(activation, name))
        for name in ("expression", "m_plus", "m_minus", "d", "lipschitz", "a", "g", "g_inverse")
    }
    if options.json:
        print(json.dumps({"activation": derivation, "tolerances": rows}, indent=1))
    else:
        _print(derivation, rows)
    return _status({row["verdict"] for row in rows})


_FUNCTIONS = ("Abs", "Max", "Min", "atan", "asinh", "cos", "cosh", "erf", "exp", "log", "sign", "sin", "sinh", "sqrt")
_NAMES = (*_FUNCTIONS, "tan", "tanh", "Piecewise", "E", "pi")
_DIGITS = 20
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_FORBIDDEN = re.compile(
    r"[^\w\s.,()+*/<>=&|-]|__|\.[^\W\d]|\d[eE][+-]?\d{4}"
    r"|\*\*\s*\d{4}|\*\*\s*[\d.x(]+\s*\*\*"
    rf"|\d{{{_DIGITS + 1}}}"
)
"""Attributes, strings, indices, dunders, long numbers, huge exponents and towers of powers."""


def _activation(options: argparse.Namespace) -> Activation:
    import bounds

    if (options.activation is None) == (options.expression is None):
        raise ValueError("bounds: give the name of an activation or --expression, one of the two")
    if options.activation is not None:
        return bounds.activation(options.activation)
    return bounds.Activation.from_expression(_parse(options.expression), name="expression")


def _parse(text: str) -> Any:
    """The sympy expression in ``bounds.x`` that the text says; only the names in ``_NAMES`` mean anything.

    ``sympy.parse_expr`` evaluates Python, so every word is checked before it sees the text.
    """
    import sympy

    import bounds

    unknown = sorted({word for word in _WORD.findall(text) if word not in ("x", "True", *_NAMES)})
    if unknown or _FORBIDDEN.search(text):
        raise ValueError(
            f"bounds: --expression {text!r} may use x, numbers of at most {_DIGITS} digits and {', '.join(_NAMES)}; "
            f"it has {', '.join(unknown) or 'other characters or longer numbers'}"
        )
    known = {name: getattr(sympy, name) for name in (*_NAMES, "Integer", "Float", "Rational", "Symbol")} | {
        "True": True
    }
    try:
        expression = sympy.parse_expr(text, local_dict={"x": bounds.x}, global_dict=known | {"__builtins__": {}})
    except (SyntaxError, TokenError, TypeError, AttributeError, NameError) as error:
        raise ValueError(f"bounds: --expression {text!r} is not an expression that sympy reads: {error}") from error
    if not isinstance(expression, sympy.Expr):
        raise ValueError(f"bounds: --expression {text!r} is not a number-valued expression; write it in x")
    return expression


def _at_tolerance(options: argparse.Namespace, activation: Activation, value: float) -> dict[str, Any]:
    import bounds

    sizes = {
        f"{kind}_{quantifier}": function(
            value, options.failure_probability, law=options.law, quantifier=quantifier
        ).size
        for kind, function in (("necessary", bounds.necessary_size), ("sufficient", bounds.sufficient_size))
        for quantifier in ("fixed", "all")
    }
    return {
        "tolerance": value,
        "radius": _number(activation.radius(value)),
        "exact_radius": _number(activation.radius(value, "exact")),
        "verdict": str(activation.certify(value).verdict),
        **sizes,
    }


def _number(value: float) -> float | str:
    """A radius as JSON can hold it."""
    return value if value < float("inf") else "inf"


def _print(derivation: dict[str, str], rows: list[dict[str, Any]]) -> None:
    for name, text in derivation.items():
        print(f"{name.replace('_', ' '):12}{text}")
    for row in rows:
        print()
        for name, value in row.items():
            print(f"{name.replace('_', ' '):18}{value}")


def _status(verdicts: set[str]) -> ExitCode:
    if "refuted" in verdicts:
        return ExitCode.VIOLATED
    return ExitCode.OK if verdicts == {"proved"} else ExitCode.INCOMPLETE


COMMAND = Command("bounds", "what the theory says about an activation", DESCRIPTION, EXAMPLES, add_options, run)
