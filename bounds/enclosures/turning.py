"""Where a smooth function of one variable changes direction: enclosures of the sign changes of its derivative.

``sign_changes`` cuts an interval into boxes on each of which the derivative g keeps one (weak) sign, proved by
interval evaluation, and returns the few places between them. Extremes over any subinterval are then found at its ends
and there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
from flint import arb

from bounds.arithmetic import ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import Program, derivative, enclose
from bounds.enclosures.interval import Interval

_NARROW = arb(2) ** -44
_THIN = arb(2) ** -80
_MOST_BOXES = 2000
_PER_ROOT = 40
_MOST_STEPS = 60000
_LONG = 400
_RESOLVED = 32


@dataclass(frozen=True, slots=True)
class Segment:
    """A box with the sign of g on it: +1 (g >= 0), -1 (g <= 0), 0 (g = 0), None (unknown, a narrow box)."""

    box: Interval
    sign: int | None


RESOLVED = Interval(arb(-_RESOLVED), arb(_RESOLVED))
"""Where turning points are looked for."""


@lru_cache(maxsize=512)
@working_precision
def turning_points(
    expression: sympy.Expr, symbol: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr
) -> tuple[Interval, ...] | None:
    """Where a smooth expression changes direction within [lower, upper] and [-32, 32]; None when not resolved.

    >>> x = sympy.Symbol("x", real=True)
    >>> [round(float(box.lo), 6) for box in turning_points(x**3 - x, x, -sympy.oo, sympy.oo)]
    [-0.57735, 0.57735]
    """
    box = iv.intersect(Interval(ball(lower).lower(), ball(upper).upper()), RESOLVED)
    if not box.lo < box.hi:
        return None
    slope = derivative(expression, symbol)
    if slope.count_ops() > _LONG:
        return None
    return sign_changes(enclose(slope, symbol), enclose(derivative(slope, symbol), symbol), box.lo, box.hi)


def sign_changes(g: Program, slope: Program, lower: arb, upper: arb) -> tuple[Interval, ...] | None:
    """Boxes such that g keeps one weak sign on every interval of [lower, upper] that avoids their interiors.

    ``slope`` encloses g'. None when there are too many boxes, as for a function that oscillates fast.
    """
    segments = _segments(g, slope, lower, upper)
    if segments is None:
        return None
    changes: list[Interval] = []
    current = 0
    for segment in segments:
        if segment.sign is None:
            changes.append(segment.box)
            current = 0
        elif segment.sign != 0:
            if current * segment.sign < 0:
                changes.append(Interval(segment.box.lo, segment.box.lo))
            current = segment.sign
    return tuple(changes)


def _segments(g: Program, slope: Program, lower: arb, upper: arb) -> list[Segment] | None:
    stack = [Interval(lower, upper)]
    found: list[Segment] = []
    budget = min(_MOST_BOXES, _MOST_STEPS // len(g.steps + slope.steps))
    while budget > 0:
        if not stack:
            return found
        box = stack.pop()
        budget -= 1
        sign = _sign(g(box))
        if sign is None and (slope_sign := _sign(slope(box))) is not None:
            found.extend(_bisected(g, box, slope_sign))
            budget -= _PER_ROOT
            continue
        if sign is None and box.hi - box.lo > _NARROW:
            centre = ((box.lo + box.hi) / 2).mid()
            stack.extend((Interval(centre, box.hi), Interval(box.lo, centre)))
            continue
        found.append(Segment(box, sign))
    return None


def _sign(value: Interval) -> int | None:
    """Weak sign of an enclosure; None when unknown, or unbounded (across a pole nothing is monotone)."""
    if not iv.is_bounded(value):
        return None
    if value.lo >= 0:
        return 0 if value.hi <= 0 else 1
    return -1 if value.hi <= 0 else None


def _bisected(g: Program, box: Interval, slope_sign: int) -> list[Segment]:
    """Segments of a monotone g: the narrow box in which its sign is unknown, and what lies on either side."""
    if _sign(g(Interval(box.lo, box.lo))) == slope_sign:
        return [Segment(box, slope_sign)]
    if _sign(g(Interval(box.hi, box.hi))) == -slope_sign:
        return [Segment(box, -slope_sign)]
    left = _last_certain(g, box.lo, box.hi, -slope_sign)
    right = _last_certain(g, box.hi, left, slope_sign)
    return [
        Segment(Interval(box.lo, left), -slope_sign),
        Segment(Interval(left, right), None),
        Segment(Interval(right, box.hi), slope_sign),
    ]


def _last_certain(g: Program, start: arb, towards: arb, sign: int) -> arb:
    """How far from the start a monotone g certainly keeps the sign, to 2^-80."""
    certain, unknown = start, towards
    while abs(unknown - certain) > _THIN:
        centre = ((certain + unknown) / 2).mid()
        if _sign(g(Interval(centre, centre))) == sign:
            certain = centre
        else:
            unknown = centre
    return certain


def extremes(f: Program, changes: tuple[Interval, ...], x: Interval) -> Interval:
    """Image of x under f, given where f' changes sign."""
    image = iv.hull(f(Interval(x.lo, x.lo)), f(Interval(x.hi, x.hi)))
    for change in changes:
        if change.lo <= x.hi and change.hi >= x.lo:
            image = iv.hull(image, f(iv.intersect(change, x)))
    return image


def bisected_image(f: Program, slope: Program | None, x: Interval, depth: int = 7) -> Interval:
    """Image of x under f by recursive bisection, for functions whose turning points are not known.

    ``slope`` encloses f' where f is continuous; None: only direct evaluation.
    """
    direct, decided = f.decided(x)
    if slope is not None and decided:
        rate = slope(x)
        if _sign(rate) is not None:
            return iv.hull(f(Interval(x.lo, x.lo)), f(Interval(x.hi, x.hi)))
        centre = iv.middle(x)
        if not iv.is_bounded(rate):
            rate = iv.WHOLE
        spread = iv.multiply(rate, iv.subtract(x, Interval(centre, centre)))
        mean = iv.add(f(Interval(centre, centre)), spread)
        direct = iv.intersect(direct, mean)
    centre = iv.middle(x)
    if depth == 0 or not x.lo < centre < x.hi:
        return direct
    left = bisected_image(f, slope, Interval(x.lo, centre), depth - 1)
    return iv.intersect(direct, iv.hull(left, bisected_image(f, slope, Interval(centre, x.hi), depth - 1)))
