"""Activations evaluated in float64, by name, with a bound on the relative error of the evaluation.

``|numeric(name).numpy(x) - phi(x)| <= relative_error * |phi(x)| + UNDERFLOW`` for every finite float64 x for which
phi(x) does not overflow, and the same for ``.torch``. An activation without stable code is evaluated from its
expression, where cancellation can eat any number of digits: its ``relative_error`` is infinite, and a certificate
must not cover its float64 value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import sympy

import bounds
from constructions.stable_functions import LIBRARY_ERROR, STABLE, UNIT_ROUNDOFF, FloatArray

if TYPE_CHECKING:
    import torch

__all__ = ["LIBRARY_ERROR", "UNDERFLOW", "UNIT_ROUNDOFF", "FloatArray", "Numeric", "numeric"]

UNDERFLOW = 2.0**-1022


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

    >>> numeric("leaky_relu(0.2)").numpy(np.array([-1.0, 2.0])).tolist()
    [-0.2, 2.0]
    """
    function = bounds.scalar_function(name)
    base, _, parameters = function.name.partition("(")
    if base not in STABLE:
        return _from_expression(function.name, function.expression)
    values = (float(Fraction(text.strip())) for text in parameters.rstrip(")").split(",") if text.strip())
    return Numeric(function.name, *STABLE[base](*values))


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
