"""The activation that the command line names, or writes as an expression."""

from __future__ import annotations

import argparse
import re
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bounds import Activation

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


def chosen_activation(options: argparse.Namespace) -> Activation:
    """The activation by name or by expression; ValueError unless it is one of the two."""
    import bounds

    if (options.activation is None) == (options.expression is None):
        raise ValueError("bounds: give the name of an activation or --expression, one of the two (or --all)")
    if options.activation is not None:
        return bounds.activation(options.activation)
    return bounds.Activation.from_expression(parse(options.expression), name="expression")


def parse(text: str) -> Any:
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
