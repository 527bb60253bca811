"""Best slopes for one tolerance (beyond Burkholz 2022): phi(x) = m x + d within eps as far as possible.

With d = phi(0) kept, a slope w works on (0, a] iff (psi(t) - eps)/t <= w <= (psi(t) + eps)/t there, psi(t) = phi(+-t)
- d. The largest a with a nonempty range of slopes is searched for in float64; radius and slopes are then *proved* by
the same certificate as any other approximation, so the search only decides how good they are. A cubic error gains
4^(1/3) over the derivative slopes, a quadratic one 1 + sqrt(2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import sympy
from flint import arb

from bounds.arithmetic import ball, checked_positive, exact_fraction, working_precision
from bounds.certificate import certify_side
from bounds.enclosures import interval as iv
from bounds.enclosures.branch_and_bound import Verdict
from bounds.enclosures.power_series import is_zero
from bounds.enclosures.residual import Residual
from bounds.radius import exact_radius

_STEP = 1.004
_FARTHEST = 64.0


@dataclass(frozen=True, slots=True)
class Minimax:
    """|phi(x) - m_plus x - d| <= tolerance on [0, radius] and with m_minus on [-radius, 0], proved."""

    radius: float
    m_plus: sympy.Expr
    m_minus: sympy.Expr


@working_precision
def minimax(sides: tuple[Residual, Residual], tolerance: Any) -> Minimax:
    """The largest radius found with slopes of its own, rounded down, and those slopes (exact rationals).

    Raises: ValueError when the best slopes cancel (m = 0 stays refused).

    >>> from bounds.named import activation
    >>> act = activation("softsign")
    >>> found = minimax((act.expansion.left, act.expansion.right), 1e-4)
    >>> found.radius / act.radius(1e-4) > 2.3
    True
    """
    eps = float(checked_positive("tolerance", tolerance))
    start = exact_radius(sides, tolerance)
    left, right = sides
    if math.isinf(start):
        return Minimax(math.inf, right.slope, left.slope)
    reach = min(_search(side, eps, start) for side in sides)
    for shrink in (1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        radius = reach * (1 - shrink)
        tilted = tuple(_tilted(side, eps, radius, start) for side in sides)
        if all(certify_side(s, ball(tolerance), arb(radius)).verdict is Verdict.PROVED for s in tilted):
            return _checked(Minimax(radius, tilted[1].slope, tilted[0].slope), tolerance)
    return Minimax(start, right.slope, left.slope)


def _checked(found: Minimax, tolerance: Any) -> Minimax:
    if is_zero(found.m_plus + found.m_minus):
        raise ValueError(f"minimax slopes at tolerance={tolerance} cancel (m = 0); use kind='exact'")
    return found


def _slopes(side: Residual, eps: float, ends: list[float]) -> list[tuple[float, float]]:
    """For every end the least and the greatest slope change that keeps |e| <= eps up to it (at the sampled points)."""
    low, high = -math.inf, math.inf
    found = []
    for t in ends:
        error = float(iv.to_ball(side.at(arb(t))).mid())
        low, high = max(low, (error - eps) / t), min(high, (error + eps) / t)
        found.append((low, high))
    return found


def _grid(start: float, end: float) -> list[float]:
    count = max(2, math.ceil(math.log(end / start) / math.log(_STEP)))
    return [start * (end / start) ** (k / count) for k in range(count)] + [end]


def _search(side: Residual, eps: float, start: float) -> float:
    """Where the slopes run out, to float64 accuracy on the sampled points; at most 64 times the start."""
    ends = _grid(start / 64, start * _FARTHEST)
    ranges = _slopes(side, eps, ends)
    first = next((k for k, (low, high) in enumerate(ranges) if low > high), None)
    if first is None or first == 0:
        return ends[-1] if first is None else start
    (low, high), inner, outer = ranges[first - 1], ends[first - 1], ends[first]
    for _ in range(50):
        centre = (inner + outer) / 2
        below, above = _slopes(side, eps, [centre])[0]
        feasible = max(low, below) <= min(high, above)
        inner, outer = (centre, outer) if feasible else (inner, centre)
    return inner


def _tilted(side: Residual, eps: float, radius: float, start: float) -> Residual:
    """The same side with the middle one of the slopes that keep the error within eps up to the radius."""
    low, high = _slopes(side, eps, _grid(min(start, radius) / 64, radius))[-1]
    change = exact_fraction((low + high) / 2) * side.direction
    if low <= 0.0 <= high and radius <= start:
        return side
    return replace(side, slope=side.slope + sympy.Rational(change.numerator, change.denominator))
