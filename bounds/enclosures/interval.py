"""Closed intervals of the extended real line with ball endpoints.

``Interval(lo, hi)`` stands for all real x with lo <= x <= hi; lo and hi are *exact* balls (radius 0), possibly
infinite. Every operation returns an interval that contains the result for all members: lower ends are rounded down,
upper ends up, at the precision of ``flint.ctx``. Infinite ends make statements about half-lines possible (0 * inf = 0
here, because an infinite end only stands for arbitrarily large members).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from flint import arb

ZERO = arb(0)
ONE = arb(1)
INFINITY = arb.pos_inf()
MINUS_INFINITY = arb.neg_inf()


class Interval(NamedTuple):
    """All real x with lo <= x <= hi; see the module for rounding."""

    lo: arb
    hi: arb


WHOLE = Interval(MINUS_INFINITY, INFINITY)
NOTHING = Interval(ZERO, ZERO)


def from_ball(value: arb) -> Interval:
    """Smallest interval around a ball (the whole line for nan)."""
    return WHOLE if value.is_nan() else Interval(value.lower(), value.upper())


def point(value: arb) -> Interval:
    """The interval around one number, given as a ball."""
    return from_ball(value)


def to_ball(x: Interval) -> arb:
    """A ball that contains the interval."""
    return x.lo if x.lo == x.hi else x.lo.union(x.hi)


def negate(x: Interval) -> Interval:
    """{-a : a in x}."""
    return Interval(-x.hi, -x.lo)


def add(x: Interval, y: Interval) -> Interval:
    """{a + b}.

    >>> add(Interval(ZERO, ONE), Interval(ONE, ONE)) == Interval(ONE, ONE + ONE)
    True
    """
    return Interval((x.lo + y.lo).lower(), (x.hi + y.hi).upper())


def subtract(x: Interval, y: Interval) -> Interval:
    """{a - b}.

    >>> subtract(Interval(ZERO, ONE), Interval(ZERO, ONE)) == Interval(-ONE, ONE)
    True
    """
    return Interval((x.lo - y.hi).lower(), (x.hi - y.lo).upper())


def _times(a: arb, b: arb) -> arb:
    return ZERO if a == 0 or b == 0 else a * b


def multiply(x: Interval, y: Interval) -> Interval:
    """{a b}.

    >>> multiply(Interval(-ONE, ONE), Interval(ZERO, ONE)) == Interval(-ONE, ONE)
    True
    """
    if x.lo >= 0 and y.lo >= 0:
        return Interval(_times(x.lo, y.lo).lower(), _times(x.hi, y.hi).upper())
    products = (_times(x.lo, y.lo), _times(x.lo, y.hi), _times(x.hi, y.lo), _times(x.hi, y.hi))
    return Interval(least([p.lower() for p in products]), greatest([p.upper() for p in products]))


def multiply_with_poles(x: Interval, y: Interval) -> Interval:
    """{a b}, closed under limits: 0 times an unbounded interval is the whole line, as for sin(t) * (1/t) at t = 0.

    >>> multiply_with_poles(Interval(ZERO, ZERO), reciprocal(Interval(ZERO, ZERO))) == WHOLE
    True
    """
    for zero, other in ((x, y), (y, x)):
        if zero.lo == 0 and zero.hi == 0 and not (other.lo.is_finite() and other.hi.is_finite()):
            return WHOLE
    return multiply(x, y)


def least(values: list[arb]) -> arb:
    """Smallest of exact balls."""
    best = values[0]
    for value in values[1:]:
        if value < best:
            best = value
    return best


def greatest(values: list[arb]) -> arb:
    """Largest of exact balls."""
    best = values[0]
    for value in values[1:]:
        if value > best:
            best = value
    return best


def reciprocal(x: Interval) -> Interval:
    """{1/a : a != 0}."""
    if x.lo > 0 or x.hi < 0:
        return Interval((ONE / x.hi).lower(), (ONE / x.lo).upper())
    if x.lo == 0 and x.hi > 0:
        return Interval((ONE / x.hi).lower(), INFINITY)
    if x.hi == 0 and x.lo < 0:
        return Interval(MINUS_INFINITY, (ONE / x.lo).upper())
    return WHOLE


def absolute(x: Interval) -> Interval:
    """{|a|}.

    >>> absolute(Interval(-ONE, ONE)) == Interval(ZERO, ONE)
    True
    """
    if x.lo >= 0:
        return x
    return negate(x) if x.hi <= 0 else Interval(ZERO, greatest([-x.lo, x.hi]))


def magnitude(x: Interval) -> arb:
    """sup |a|, an exact ball.

    >>> float(magnitude(Interval(arb(-3), arb(2))))
    3.0
    """
    return greatest([-x.lo, x.hi])


def power(x: Interval, exponent: int) -> Interval:
    """{a**n} for a whole number n."""
    if exponent < 0:
        return reciprocal(power(x, -exponent))
    base = absolute(x) if exponent % 2 == 0 else x
    return Interval(_end_power(base.lo, exponent).lower(), _end_power(base.hi, exponent).upper())


def _end_power(end: arb, exponent: int) -> arb:
    if end.is_finite():
        return end**exponent
    return INFINITY if end > 0 or exponent % 2 == 0 else MINUS_INFINITY


def rational_power(x: Interval, exponent: Fraction) -> Interval:
    """{a**(p/q) : a >= 0}; the whole line when x has negative members, where the power is not real."""
    if x.lo < 0:
        return WHOLE
    if exponent < 0:
        return reciprocal(rational_power(x, -exponent))
    return increasing(lambda end: power_ball(end, exponent), x)


def power_ball(base: arb, exponent: Fraction) -> arb:
    """Enclosure of base**exponent for base >= 0 (exact, may be infinite) and exponent > 0."""
    if base == 0 or not base.is_finite():
        return base
    return base.root(exponent.denominator) ** exponent.numerator


def increasing(function: Callable[[arb], arb], x: Interval) -> Interval:
    """Image under an increasing function that is given on single numbers."""
    low, high = function(x.lo), function(x.hi)
    return Interval(
        MINUS_INFINITY if low.is_nan() else low.lower(),
        INFINITY if high.is_nan() else high.upper(),
    )


def decreasing(function: Callable[[arb], arb], x: Interval) -> Interval:
    """Image under a decreasing function that is given on single numbers."""
    return increasing(function, Interval(x.hi, x.lo))


def hull(x: Interval, y: Interval) -> Interval:
    """Smallest interval around both.

    >>> hull(Interval(ZERO, ZERO), Interval(ONE, ONE)) == Interval(ZERO, ONE)
    True
    """
    return Interval(x.lo if x.lo <= y.lo else y.lo, x.hi if x.hi >= y.hi else y.hi)


def intersect(x: Interval, y: Interval) -> Interval:
    """Members of both; the caller knows that there is one.

    >>> intersect(Interval(-ONE, ONE), Interval(ZERO, INFINITY)) == Interval(ZERO, ONE)
    True
    """
    return Interval(x.lo if x.lo >= y.lo else y.lo, x.hi if x.hi <= y.hi else y.hi)


def maximum(x: Interval, y: Interval) -> Interval:
    """{max(a, b)}."""
    return Interval(x.lo if x.lo >= y.lo else y.lo, x.hi if x.hi >= y.hi else y.hi)


def minimum(x: Interval, y: Interval) -> Interval:
    """{min(a, b)}."""
    return Interval(x.lo if x.lo <= y.lo else y.lo, x.hi if x.hi <= y.hi else y.hi)


def is_bounded(x: Interval) -> bool:
    """Whether both ends are finite. A bounded enclosure of f' on a box shows that f has no pole there."""
    return bool(x.lo.is_finite() and x.hi.is_finite())


def middle(x: Interval) -> arb:
    """A number near the centre of a bounded interval; near the geometric mean when 0 < 4 lo < hi."""
    if x.lo > 0 and x.hi > 4 * x.lo:
        return (x.lo * x.hi).sqrt().mid()
    return ((x.lo + x.hi) / 2).mid()
