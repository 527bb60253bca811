"""Activations evaluated in float64, by name, with a bound on the relative error of the evaluation.

``|numeric(name).numpy(x) - phi(x)| <= relative_error * |phi(x)| + UNDERFLOW`` for every finite float64 x, and
the same for ``.torch``. relu, abs and identity are exact; leaky_relu and squared_relu follow from the rounding
of one or two operations; tanh and sigmoid rest on the mathematical library, whose stated errors (below 4 units
in the last place) we assume with a factor of two to spare and test against balls. An activation without a
stable implementation here is evaluated from its expression, where cancellation can eat any number of digits:
its ``relative_error`` is infinite, and a certificate must not cover its float64 value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from scipy.special import expit

import bounds

if TYPE_CHECKING:
    import torch

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

UNIT_ROUNDOFF = 2.0**-53
UNDERFLOW = 2.0**-1022
LIBRARY_ERROR = 16 * UNIT_ROUNDOFF


@dataclass(frozen=True, slots=True)
class Numeric:
    """One activation as float64 code: ``numpy`` maps arrays, ``torch`` maps tensors (differentiably), elementwise."""

    name: str
    numpy: Callable[[FloatArray], FloatArray]
    torch: Callable[[torch.Tensor], torch.Tensor]
    relative_error: float


@cache
def numeric(name: str) -> Numeric:
    """Return the float64 evaluation of the activation called ``name``.

    ``name`` as in ``bounds.scalar_function``, parameters allowed (``"leaky_relu(0.2)"``).
    Raises ``ValueError`` for an unknown name, listing the known ones.
    """
    function = bounds.scalar_function(name)
    base, _, parameters = function.name.partition("(")
    if base not in _STABLE:
        return _from_expression(function.name, function.expression)
    values = tuple(float(sympy.Rational(text)) for text in parameters.rstrip(")").split(",") if text.strip())
    return _STABLE[base](function.name, *values)


def _relu(name: str) -> Numeric:
    return Numeric(name, lambda v: np.maximum(v, 0.0), lambda t: t.clamp_min(0.0), 0.0)


def _leaky_relu(name: str, alpha: float = 0.01) -> Numeric:
    def torch_leaky(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clamp_min(0.0) + alpha * tensor.clamp_max(0.0)

    return Numeric(name, lambda v: np.where(v >= 0.0, v, alpha * v), torch_leaky, 4 * UNIT_ROUNDOFF)


def _tanh(name: str) -> Numeric:
    return Numeric(name, np.tanh, lambda t: t.tanh(), LIBRARY_ERROR)


def _sigmoid(name: str) -> Numeric:
    return Numeric(name, expit, lambda t: t.sigmoid(), LIBRARY_ERROR)


def _identity(name: str) -> Numeric:
    return Numeric(name, lambda v: v, lambda t: t, 0.0)


def _absolute(name: str) -> Numeric:
    return Numeric(name, np.abs, lambda t: t.abs(), 0.0)


def _squared_relu(name: str) -> Numeric:
    return Numeric(name, lambda v: np.maximum(v, 0.0) ** 2, lambda t: t.clamp_min(0.0) ** 2, 2 * UNIT_ROUNDOFF)


_STABLE: dict[str, Callable[..., Numeric]] = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "identity": _identity,
    "abs": _absolute,
    "squared_relu": _squared_relu,
}


def _from_expression(name: str, expression: sympy.Expr) -> Numeric:
    """Compile an expression in ``bounds.x``; constants are rounded first, as torch functions take no scalars."""
    rewritten = expression.rewrite(sympy.Piecewise) if expression.has(sympy.Max, sympy.Min) else expression
    rounded = rewritten.replace(lambda e: e.is_number and e.is_real and not e.is_Rational, lambda e: e.evalf(17))
    array_code = sympy.lambdify(bounds.x, rounded, modules=["scipy", "numpy"])
    tensor_code = sympy.lambdify(bounds.x, rounded, modules="torch")

    def evaluate(values: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # branches not taken are evaluated too
            return np.broadcast_to(np.asarray(array_code(values), dtype=np.float64), np.shape(values)).copy()

    return Numeric(name, evaluate, tensor_code, float("inf"))
