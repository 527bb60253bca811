"""Proofs of |e(t)| <= bound(t) on an interval, by bisection with a mean value and a monotonicity test.

``prove`` returns what it found: *proved*, *refuted* with a point, or *open* when the budget ran out. A proof covers
every real number of the interval; a refuting point is checked again by whoever reports it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from flint import arb

from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval
from bounds.enclosures.residual import Cell, Residual


class Verdict(StrEnum):
    """What is known about a statement (theory: section 7)."""

    PROVED = "proved"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Verdict, the refuting point (an exact ball) if any, and how many boxes were examined."""

    verdict: Verdict
    point: arb | None
    evaluations: int


@dataclass(frozen=True, slots=True)
class Bound:
    """bound(t) and bound'(t) on intervals."""

    value: Callable[[Interval], Interval]
    slope: Callable[[Interval], Interval]


def constant_bound(tolerance: arb) -> Bound:
    """bound(t) = tolerance."""
    box = iv.from_ball(tolerance)
    return Bound(lambda _: box, lambda _: iv.NOTHING)


def prove(residual: Residual, bound: Bound, lower: arb, upper: arb, budget: int = 4000) -> Outcome:
    """Prove or refute |e(t)| <= bound(t) for all t in [lower, upper], 0 < lower."""
    stack = residual.boxes(lower, upper)[::-1]
    evaluations = 0
    while stack:
        if evaluations >= budget:
            return Outcome(Verdict.OPEN, None, evaluations)
        cell, box = stack.pop()
        evaluations += 1
        if holds(cell, bound, box):
            continue
        for point in (box.hi, *_inner_points(box), box.lo):
            if violated(residual, bound, point):
                return Outcome(Verdict.REFUTED, point, evaluations)
        halves = split(box)
        if halves is None:
            return Outcome(Verdict.OPEN, None, evaluations)
        stack.extend((cell, half) for half in reversed(halves))
    return Outcome(Verdict.PROVED, None, evaluations)


def _inner_points(box: Interval) -> list[arb]:
    return [iv.middle(box)] if box.hi.is_finite() else []


def split(box: Interval) -> tuple[Interval, Interval] | None:
    """Both halves of a box; None when it is too narrow to be split at this precision."""
    centre = iv.middle(box) if box.hi.is_finite() else 2 * box.lo
    if not (box.lo < centre < box.hi):
        return None
    return Interval(box.lo, centre), Interval(centre, box.hi)


def violated(residual: Residual, bound: Bound, point: arb) -> bool:
    """Whether |e| certainly exceeds the bound at one number."""
    if not point.is_finite():
        return False
    error = iv.absolute(residual.at(point))
    return bool(error.lo > bound.value(Interval(point, point)).hi)


def holds(cell: Cell, bound: Bound, box: Interval) -> bool:
    """Whether |e| <= bound is certain on the whole box."""
    error, decided = cell.value.decided(box)
    cap = bound.value(box)
    if iv.magnitude(error) <= cap.lo:
        return True
    if not decided or not box.hi.is_finite():
        return False
    slope, cap_slope = cell.slope(box), bound.slope(box)
    if not iv.is_bounded(slope):
        return False
    return all(
        _gap_nonnegative(cell, bound, box, iv.subtract(cap_slope, s), sign)
        for sign, s in ((1, slope), (-1, iv.negate(slope)))
    )


def _gap_nonnegative(cell: Cell, bound: Bound, box: Interval, slope: Interval, sign: int) -> bool:
    """Whether f = bound - sign * e >= 0 on the box, given an enclosure of f' there."""
    if slope.lo >= 0:
        return _gap(cell, bound, box.lo, sign).lo >= 0
    if slope.hi <= 0:
        return _gap(cell, bound, box.hi, sign).lo >= 0
    centre = iv.middle(box)
    deviation = iv.multiply(slope, iv.subtract(box, Interval(centre, centre)))
    return iv.add(_gap(cell, bound, centre, sign), deviation).lo >= 0


def _gap(cell: Cell, bound: Bound, point: arb, sign: int) -> Interval:
    """f = bound - sign * e at one number."""
    spot = Interval(point, point)
    error = cell.value(spot)
    return iv.subtract(bound.value(spot), error if sign > 0 else iv.negate(error))
