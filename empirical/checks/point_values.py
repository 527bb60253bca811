"""A function of one variable at single points in 50 digits (mpmath): the oracle for everything derived from it.

Shares no code with ``bounds``: slopes are difference quotients, suprema are searched on points. Such a search finds
witnesses, never proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from bounds import x

DIGITS = 50
"""Checks are performed at this precision of mpmath."""
_NEAR, _NEARER = -20, -22


@dataclass(frozen=True)
class PointValues:
    """phi and its one-sided difference quotients at 0."""

    phi: Callable[[Any], Any]

    @classmethod
    def of(cls, expression: sympy.Expr) -> PointValues:
        """Return the values of an expression in ``bounds.x``."""
        function = sympy.lambdify(x, expression, "mpmath")
        return cls(lambda t: _at(function, mpmath.mpf(t)))

    def slopes(self, direction: int) -> tuple[Any, Any]:
        """(phi(h) - phi(0))/h at h = direction 1e-20 and direction 1e-22."""
        start = self.phi(0)
        coarse, fine = ((self.phi(h) - start) / h for h in (direction * step for step in _steps()))
        return coarse, fine


def _steps() -> list[Any]:
    return [mpmath.mpf(10) ** exponent for exponent in (_NEAR, _NEARER)]


def _at(function: Callable[[Any], Any], t: Any) -> Any:
    """phi(t), as the mean of two values beside t where the expression divides by 0 (as sin(x)/x does)."""
    try:
        return mpmath.mpf(function(t))
    except ZeroDivisionError:
        step = _steps()[1]
        return (mpmath.mpf(function(t + step)) + mpmath.mpf(function(t - step))) / 2


@dataclass(frozen=True)
class LinearError:
    """|phi(t) - slope t - intercept| at points, slopes and intercept as claimed (exact sympy numbers)."""

    values: PointValues
    m_plus: Any
    m_minus: Any
    intercept: Any

    @classmethod
    def of(cls, expression: sympy.Expr, m_plus: Any, m_minus: Any, intercept: Any) -> LinearError:
        """Return the error of the claimed approximation of an expression."""
        return cls(PointValues.of(expression), *(number(value) for value in (m_plus, m_minus, intercept)))

    def at(self, t: Any) -> Any:
        """|e(t)|, t != 0, less what 50 digits may have added to it."""
        slope = self.m_plus if t > 0 else self.m_minus
        phi = self.values.phi(t)
        rounding = mpmath.mpf(10) ** (5 - DIGITS) * (abs(phi) + abs(slope * t) + abs(self.intercept))
        return max(mpmath.mpf(0), abs(phi - slope * t - self.intercept) - rounding)

    def largest(self, radius: float, side: int = 0) -> tuple[Any, float]:
        """(largest |e(t)| found for 0 < |t| <= radius, where); on one side of 0 if ``side`` is -1 or 1."""
        places = [s * t for s in ((-1, 1) if side == 0 else (side,)) for t in points(radius)]
        return max((self.at(t), t) for t in places)


def number(value: Any) -> Any:
    """A sympy number as an mpf of the current precision."""
    return mpmath.mpf(str(sympy.N(value, DIGITS + 10))) if isinstance(value, sympy.Basic) else mpmath.mpf(value)


def points(radius: float, count: int = 24) -> list[float]:
    """Points in (0, radius]: the end itself, linear and geometric ones; an infinite radius is searched up to 1000."""
    end = min(radius, 1000.0)
    inner = {end * (k / count) for k in range(1, count)} | {end * 0.7**k for k in range(1, count)}
    return [*sorted(inner), end]


def log_uniform(generator: np.random.Generator, low: float, high: float, count: int) -> list[float]:
    """Numbers 10^u, u ~ U[low, high]."""
    return [float(value) for value in 10.0 ** generator.uniform(low, high, count)]
