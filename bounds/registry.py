"""The registry of named functions: each name stands for a sympy expression and its parameters, and nothing else.

Slopes, intercepts, radii and Lipschitz constants are derived from these expressions (``expansion``, ``lipschitz``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy
from sympy import Abs, Max, Min, Piecewise, Rational, atan, erf, exp, log, pi, sin, sqrt, tanh

from bounds.functions import x


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """An expression in ``bounds.x`` as a function of its parameters, and the decimal defaults of those."""

    build: Callable[..., sympy.Expr]
    parameters: Mapping[str, str] = field(default_factory=dict)


_GELU_CUBIC = Rational("0.044715")
_SELU_SCALE = Rational("1.0507009873554804934193349852946")
_SELU_ALPHA = Rational("1.6732632423543772848170429916717")


def _leaky_relu(alpha: sympy.Rational) -> sympy.Expr:
    return Piecewise((x, x >= 0), (alpha * x, True))


def _elu(alpha: sympy.Rational) -> sympy.Expr:
    return Piecewise((x, x >= 0), (alpha * (exp(x) - 1), True))


def _celu(alpha: sympy.Rational) -> sympy.Expr:
    if alpha == 0:
        raise ZeroDivisionError("celu divides by alpha")
    return Piecewise((x, x >= 0), (alpha * (exp(x / alpha) - 1), True))


ACTIVATIONS: dict[str, NamedExpression] = {
    "relu": NamedExpression(lambda: Max(0, x)),
    "leaky_relu": NamedExpression(_leaky_relu, {"alpha": "0.01"}),
    "tanh": NamedExpression(lambda: tanh(x)),
    "sigmoid": NamedExpression(lambda: 1 / (1 + exp(-x))),
    "identity": NamedExpression(lambda: x),
    "gelu": NamedExpression(lambda: x * (1 + erf(x / sqrt(2))) / 2),
    "gelu_tanh": NamedExpression(lambda: x * (1 + tanh(sqrt(2 / pi) * (x + _GELU_CUBIC * x**3))) / 2),
    "silu": NamedExpression(lambda: x / (1 + exp(-x))),
    "softplus": NamedExpression(lambda: log(1 + exp(x))),
    "elu": NamedExpression(_elu, {"alpha": "1"}),
    "selu": NamedExpression(lambda: _SELU_SCALE * _elu(_SELU_ALPHA)),
    "celu": NamedExpression(_celu, {"alpha": "1"}),
    "mish": NamedExpression(lambda: x * tanh(log(1 + exp(x)))),
    "erf": NamedExpression(lambda: erf(x)),
    "arctan": NamedExpression(lambda: atan(x)),
    "sin": NamedExpression(lambda: sin(x)),
    "softsign": NamedExpression(lambda: x / (1 + Abs(x))),
    "hardtanh": NamedExpression(lambda: Max(-1, Min(1, x))),
    "hardsigmoid": NamedExpression(lambda: Max(0, Min(1, x / 6 + Rational(1, 2)))),
    "hardswish": NamedExpression(lambda: x * Max(0, Min(1, x / 6 + Rational(1, 2)))),
    "relu6": NamedExpression(lambda: Min(Max(0, x), 6)),
    "logsigmoid": NamedExpression(lambda: -log(1 + exp(-x))),
    "exp": NamedExpression(lambda: exp(x)),
}
"""Functions offered as first activations; whether they satisfy Assumption 2.3 is derived, not recorded."""

TARGET_FUNCTIONS: dict[str, NamedExpression] = {
    "abs": NamedExpression(lambda: Abs(x)),
    "squared_relu": NamedExpression(lambda: Max(0, x) ** 2),
}
"""Further functions for targets, above the first layer."""

ALIASES: dict[str, str] = {"linear": "identity"}
"""Other names of the same functions."""
