r"""Enclosures of integrals of a density over intervals, by bisection with a second-order rule.

On a box [a, b] and for c in it, int p lies in (b - a) p(box) and, where p'' is bounded on the box, in

    (b - a) p(c) + p'(c) ((b-c)^2 - (a-c)^2)/2 + p''(box) ((b-c)^3 - (a-c)^3)/6.
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
from bounds.enclosures.pieces import smooth_pieces

_MOST_BOXES = 4000


@dataclass(frozen=True, slots=True)
class Part:
    """One smooth piece of a density on [lower, upper] (exact, maybe infinite), with programs of p, p' and p''."""

    lower: arb
    upper: arb
    expression: sympy.Expr
    value: Program
    slope: Program
    curvature: Program

    def overlap(self, box: Interval) -> Interval | None:
        """The common part of a box and this part's interval; None when it is no interval."""
        common = Interval(iv.greatest([box.lo, self.lower]), iv.least([box.hi, self.upper]))
        return common if common.lo < common.hi else None

    def integral(self, box: Interval) -> Interval:
        """Interval with the integral over a bounded box inside the part."""
        low, high, centre = box.lo, box.hi, ((box.lo + box.hi) / 2).mid()
        direct = iv.multiply(iv.from_ball(high - low), self.value(box))
        bend = self.curvature(box)
        if not iv.is_bounded(bend):
            return direct
        spot, right, left = Interval(centre, centre), high - centre, low - centre
        even = iv.multiply(iv.from_ball(high - low), self.value(spot))
        odd = iv.multiply(iv.from_ball((right**2 - left**2) / 2), self.slope(spot))
        rest = iv.multiply(iv.from_ball((right**3 - left**3) / 6), bend)
        second = iv.add(iv.add(even, odd), rest)
        return iv.intersect(direct, second) if iv.is_bounded(second) else direct

    def lowest(self, box: Interval) -> arb:
        """A lower bound of p on a box inside the part: monotone, or a mean value, or direct."""
        direct, slope = self.value(box), self.slope(box)
        if not iv.is_bounded(slope):
            return direct.lo
        ends = [self.value(Interval(end, end)).lo for end in box]
        if slope.lo >= 0 or slope.hi <= 0:
            return iv.least(ends)
        fall = (box.hi - box.lo) * iv.magnitude(slope)
        return iv.greatest([direct.lo, (iv.least(ends) - fall / 2).lower()])


@lru_cache(maxsize=256)
@working_precision
def parts(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Part, ...] | None:
    """Return the smooth pieces from left to right; None when they are not known."""
    pieces = smooth_pieces(expression, symbol)
    return None if pieces is None else tuple(_part(p.lower, p.upper, p.expression, symbol) for p in pieces)


def _part(lower: sympy.Expr, upper: sympy.Expr, expression: sympy.Expr, symbol: sympy.Symbol) -> Part:
    slope = derivative(expression, symbol)
    programs = (enclose(e, symbol) for e in (expression, slope, derivative(slope, symbol)))
    return Part(ball(lower).lower(), ball(upper).upper(), expression, *programs)


def integral(part: Part, box: Interval, width: arb) -> Interval:
    """Return an interval with the integral of a part over a bounded box, no wider than ``width`` where that is easy."""
    rate = width / (box.hi - box.lo)
    stack, total, evaluated = [box], iv.NOTHING, 0
    while stack:
        piece = stack.pop()
        evaluated += 1
        value = part.integral(piece)
        centre = ((piece.lo + piece.hi) / 2).mid()
        fine = value.hi - value.lo <= rate * (piece.hi - piece.lo)
        if fine or evaluated > _MOST_BOXES or not piece.lo < centre < piece.hi:
            total = iv.add(total, value)
        else:
            stack.extend((Interval(centre, piece.hi), Interval(piece.lo, centre)))
    return total
