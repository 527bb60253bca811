"""The expansion of a helper's activation at 0 as float64 bounds: slopes, intercept and remainder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import bounds
from bounds.arithmetic import ball, upper
from bounds.widths.blocks import odd_part
from empirical.sup_error.outward import FloatArray, Interval, up


@dataclass(frozen=True, eq=False)
class Expansion:
    """``phi_0(y) = mu(y) y + d + e(y)`` with mu(y) = m_plus for y >= 0 and m_minus for y < 0.

    ``odd``  the expansion of (phi_0(y) - phi_0(-y))/2, which is all that a pair (u, -u), (a, -a) computes.
    """

    activation: bounds.Activation
    plus: tuple[float, float]
    minus: tuple[float, float]
    intercept: Interval
    odd: Expansion | None = None

    @property
    def exact(self) -> bool:
        """Whether e = 0 everywhere."""
        return all(side.coefficient == 0 and side.radius == np.inf for side in self.activation.majorants)

    def slopes(self, positive: np.ndarray[Any, np.dtype[np.bool_]]) -> Interval:
        """Enclose mu, that of the positive side where ``positive``."""
        return Interval(*(np.where(positive, a, b) for a, b in zip(self.plus, self.minus, strict=True)))

    def remainder(self, positive: np.ndarray[Any, np.dtype[np.bool_]], reach: FloatArray) -> FloatArray:
        """Bound |e(y)| for ``0 <= y <= reach`` where ``positive``, for ``-reach <= y <= 0`` elsewhere."""
        left, right = self.activation.majorants
        result = np.empty(len(reach))
        for majorant, side in ((right, positive), (left, ~positive)):
            result[side] = up(up(_power(reach[side], majorant.exponent)) * majorant.coefficient)
            beyond = side & (reach > majorant.radius)
            if beyond.any():
                result[beyond] = self.activation.remainder_bound(float(reach[beyond].max()))
        return result


def _power(base: FloatArray, exponent: Any) -> FloatArray:
    """Return an upper bound of ``base ** exponent``."""
    if exponent == int(exponent):
        result = base
        for _ in range(int(exponent) - 1):
            result = up(result * base)
        return result
    distinct, inverse = np.unique(base, return_inverse=True)
    balls = [upper(ball(float(value)) ** ball(exponent)) for value in distinct]
    return np.array(balls, dtype=np.float64)[inverse]


@cache
def expansion(name: str) -> Expansion | None:
    """Return the expansion of the activation called ``name``, or None if it violates Assumption 2.3."""
    try:
        activation = bounds.activation(name)
    except bounds.AssumptionError:
        return None
    return _of(activation, _of(odd_part(activation)))


def _of(activation: bounds.Activation, odd: Expansion | None = None) -> Expansion:
    plus, minus = activation.slopes
    low, high = activation.function.range(0.0, 0.0)
    return Expansion(activation, plus, minus, Interval(np.array(low), np.array(high)), odd)
