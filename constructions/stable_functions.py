"""Float64 code of the named activations, stable where the expression itself would cancel or overflow.

Each entry gives NumPy code, torch code and a bound on the relative error of both. relu and the clipped functions are
exact up to the roundings counted in their entries. The others rest on the mathematical library, whose stated errors
(below 4 units in the last place) we assume with a factor of two to spare (``LIBRARY_ERROR``); where an argument's
rounding is magnified, as in the tail of erfc, ``TAIL_ERROR`` covers it. All of it is tested against 700 digits.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import erf, erfc, expit

if TYPE_CHECKING:
    import torch

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

UNIT_ROUNDOFF = 2.0**-53
LIBRARY_ERROR = 16 * UNIT_ROUNDOFF
TAIL_ERROR = 2.0**-40


class Code(NamedTuple):
    """One activation as float64 code."""

    numpy: Callable[[FloatArray], FloatArray]
    torch: Callable[[torch.Tensor], torch.Tensor]
    relative_error: float


def _leaky_relu(alpha: float = 0.01) -> Code:
    def evaluate(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clamp_min(0.0) + alpha * tensor.clamp_max(0.0)

    return Code(lambda v: np.where(v >= 0.0, v, alpha * v), evaluate, 4 * UNIT_ROUNDOFF)


def _scaled_elu(scale: float, alpha: float, width: float) -> Code:
    """``scale x`` for x >= 0, ``scale alpha (e^(x / width) - 1)`` below."""

    def evaluate(values: FloatArray) -> FloatArray:
        return np.where(values >= 0.0, scale * values, scale * alpha * np.expm1(np.minimum(values, 0.0) / width))

    def evaluate_tensor(tensor: torch.Tensor) -> torch.Tensor:
        return scale * tensor.clamp_min(0.0) + scale * alpha * (tensor.clamp_max(0.0) / width).expm1()

    return Code(evaluate, evaluate_tensor, TAIL_ERROR)


def _celu(alpha: float = 1.0) -> Code:
    return _scaled_elu(1.0, alpha, alpha)


def _softplus(values: FloatArray) -> FloatArray:
    return np.logaddexp(0.0, values)


def _softplus_tensor(tensor: torch.Tensor) -> torch.Tensor:
    return sys.modules["torch"].logaddexp(tensor, tensor.new_zeros(()))


def _gelu_argument(values: Any) -> Any:
    """Twice the argument of the tanh in the tanh form of gelu: 1 + tanh(g) = 2 sigmoid(2 g)."""
    return 2.0 * math.sqrt(2.0 / math.pi) * (values * (1.0 + 0.044715 * values * values))


ROOT_HALF = math.sqrt(0.5)

STABLE: dict[str, Callable[..., Code]] = {
    "relu": lambda: Code(lambda v: np.maximum(v, 0.0), lambda t: t.clamp_min(0.0), 0.0),
    "leaky_relu": _leaky_relu,
    "tanh": lambda: Code(np.tanh, lambda t: t.tanh(), LIBRARY_ERROR),
    "sigmoid": lambda: Code(expit, lambda t: t.sigmoid(), LIBRARY_ERROR),
    "identity": lambda: Code(lambda v: v, lambda t: t, 0.0),
    "abs": lambda: Code(np.abs, lambda t: t.abs(), 0.0),
    "squared_relu": lambda: Code(lambda v: np.maximum(v, 0.0) ** 2, lambda t: t.clamp_min(0.0) ** 2, 2 * UNIT_ROUNDOFF),
    "gelu": lambda: Code(
        lambda v: 0.5 * v * erfc(-v * ROOT_HALF), lambda t: 0.5 * t * (-t * ROOT_HALF).erfc(), TAIL_ERROR
    ),
    "gelu_tanh": lambda: Code(
        lambda v: v * expit(_gelu_argument(v)), lambda t: t * _gelu_argument(t).sigmoid(), TAIL_ERROR
    ),
    "silu": lambda: Code(lambda v: v * expit(v), lambda t: t * t.sigmoid(), 2 * LIBRARY_ERROR),
    "softplus": lambda: Code(_softplus, _softplus_tensor, 2 * LIBRARY_ERROR),
    "elu": lambda alpha=1.0: _scaled_elu(1.0, alpha, 1.0),
    "selu": lambda: _scaled_elu(1.0507009873554805, 1.6732632423543772, 1.0),
    "celu": _celu,
    "mish": lambda: Code(lambda v: v * np.tanh(_softplus(v)), lambda t: t * _softplus_tensor(t).tanh(), TAIL_ERROR),
    "erf": lambda: Code(erf, lambda t: t.erf(), LIBRARY_ERROR),
    "arctan": lambda: Code(np.arctan, lambda t: t.arctan(), LIBRARY_ERROR),
    "sin": lambda: Code(np.sin, lambda t: t.sin(), LIBRARY_ERROR),
    "softsign": lambda: Code(lambda v: v / (1.0 + np.abs(v)), lambda t: t / (1.0 + t.abs()), 4 * UNIT_ROUNDOFF),
    "hardtanh": lambda: Code(lambda v: np.clip(v, -1.0, 1.0), lambda t: t.clamp(-1.0, 1.0), 0.0),
    "hardsigmoid": lambda: Code(
        lambda v: np.clip(v + 3.0, 0.0, 6.0) / 6.0, lambda t: (t + 3.0).clamp(0.0, 6.0) / 6.0, 4 * UNIT_ROUNDOFF
    ),
    "hardswish": lambda: Code(
        lambda v: v * np.clip(v + 3.0, 0.0, 6.0) / 6.0, lambda t: t * (t + 3.0).clamp(0.0, 6.0) / 6.0, 4 * UNIT_ROUNDOFF
    ),
    "relu6": lambda: Code(lambda v: np.clip(v, 0.0, 6.0), lambda t: t.clamp(0.0, 6.0), 0.0),
    "logsigmoid": lambda: Code(lambda v: -_softplus(-v), lambda t: -_softplus_tensor(-t), 2 * LIBRARY_ERROR),
    "exp": lambda: Code(np.exp, lambda t: t.exp(), LIBRARY_ERROR),
}
"""Code by name; parameters are passed as floats, in the order in which the name lists them."""
