"""Balls become floats by outward rounding, and comparisons of balls are three-valued."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds.arithmetic import (
    PRECISION,
    ball,
    certainly_at_most,
    certainly_less,
    checked_interval,
    checked_positive,
    lower,
    upper,
    working_precision,
)
from bounds.enclosures import interval as iv

fractions = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**12)
small = st.fractions(min_value=-8, max_value=8, max_denominator=1000)


def around(value: Fraction) -> iv.Interval:
    return iv.from_ball(ball(value))


def covers(box: iv.Interval, value: Fraction) -> bool:
    """Whether an interval with dyadic ends contains a fraction, decided in exact arithmetic."""
    return exact(box.lo) <= value <= exact(box.hi)


def exact(end: arb) -> Fraction | float:
    if not end.is_finite():
        return math.inf if end > 0 else -math.inf
    mantissa, exponent = (int(part) for part in end.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


@given(fractions)
@working_precision
def test_float_bounds_enclose_and_are_adjacent(value: Fraction) -> None:
    low, high = lower(ball(value)), upper(ball(value))
    assert Fraction(low) <= value <= Fraction(high)
    assert high <= math.nextafter(low, math.inf)


def test_rounding_to_nearest_would_be_caught() -> None:
    wrong = [value for value in (Fraction(1, 10), Fraction(1, 3), Fraction(7, 9)) if Fraction(float(value)) > value]
    assert wrong, "the nearest float lies above one of these numbers"
    assert all(Fraction(lower(ball(value))) <= value for value in wrong)


def test_extreme_balls_round_outward() -> None:
    huge = arb(2) ** 5000
    assert lower(huge) == math.ldexp(2 - 2.0**-52, 1023) and upper(huge) == math.inf
    assert lower(-huge) == -math.inf and upper(1 / huge) == 5e-324 and lower(1 / huge) == 0.0
    assert (lower(arb.nan()), upper(arb.nan())) == (-math.inf, math.inf)
    assert math.copysign(1.0, upper(-1 / huge)) == 1.0


def test_exact_inputs() -> None:
    assert ball(0.1).is_exact() and exact(ball(0.1)) == Fraction(0.1)
    assert exact(ball(3)) == 3 and exact(ball(Fraction(5, 8))) == Fraction(5, 8)
    tenth = ball("0.1")
    assert not tenth.is_exact() and bool(tenth.contains(ball(Decimal("0.1")).mid()))
    assert bool(ball(sympy.sqrt(2)).overlaps(arb(2).sqrt()))
    root = sympy.CRootOf(sympy.Symbol("z") ** 5 - sympy.Symbol("z") - 3, 0)
    assert abs(ball(root) ** 5 - ball(root) - 3) < arb(10) ** -12


def test_unusable_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="nan is not a real number"):
        ball(math.nan)
    with pytest.raises(ValueError, match="free symbols"):
        ball(sympy.Symbol("z") + 1)
    with pytest.raises(ValueError, match="no enclosure is known for I"):
        ball(sympy.log(-2))
    with pytest.raises(ValueError, match="not a real number"):
        ball(sympy.asin(sympy.Rational(3, 2)))


def test_comparisons_are_three_valued() -> None:
    wide = arb(1, 0.5)
    assert certainly_less(wide, 2) is True and certainly_less(2, wide) is False and certainly_less(wide, 1) is None
    assert certainly_at_most(1, 1) is True and certainly_less(1, 1) is False and certainly_at_most(wide, 1) is None
    assert bool(wide < 1) == bool(wide >= 1) == False  # noqa: E712 - the trap that the helpers avoid


@pytest.mark.parametrize("value", [0, -1e-3, math.nan, math.inf, True, None, "1e-3"])
def test_positive_numbers_only(value: object) -> None:
    with pytest.raises(ValueError, match=r"tolerance=.*must be a finite number above 0"):
        checked_positive("tolerance", value)


@pytest.mark.parametrize("ends", [(1.0, 0.0), (math.nan, 1.0), (0.0, math.inf)])
def test_intervals_are_finite_and_ordered(ends: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="interval"):
        checked_interval(*ends)


@given(small, small, small, small, st.floats(0, 1), st.floats(0, 1))
@working_precision
def test_interval_operations_contain_every_result(
    a: Fraction, b: Fraction, c: Fraction, d: Fraction, s: float, t: float
) -> None:
    x = iv.hull(around(min(a, b)), around(max(a, b)))
    y = iv.hull(around(min(c, d)), around(max(c, d)))
    u = min(a, b) + Fraction(s) * abs(b - a)
    v = min(c, d) + Fraction(t) * abs(d - c)
    results = {
        u + v: iv.add(x, y), u - v: iv.subtract(x, y), u * v: iv.multiply(x, y), -u: iv.negate(x),
        abs(u): iv.absolute(x), u**2: iv.power(x, 2), u**3: iv.power(x, 3), max(u, v): iv.maximum(x, y),
        min(u, v): iv.minimum(x, y),
    }  # fmt: skip
    assert all(covers(box, value) for value, box in results.items())
    if v != 0:
        assert covers(iv.reciprocal(y), 1 / v) and covers(iv.power(y, -3), 1 / v**3)


@working_precision
def test_operations_are_attained_and_handle_infinity() -> None:
    x, positive = iv.Interval(arb(-2), arb(3)), iv.Interval(arb(2), iv.INFINITY)
    assert (float(iv.power(x, 2).lo), float(iv.power(x, 2).hi)) == (0.0, 9.0)
    assert (float(iv.multiply(x, x).lo), float(iv.multiply(x, x).hi)) == (-6.0, 9.0)
    assert (float(iv.reciprocal(positive).lo), float(iv.reciprocal(positive).hi)) == (0.0, 0.5)
    assert iv.multiply(iv.NOTHING, positive) == iv.NOTHING
    assert iv.reciprocal(x) == iv.WHOLE and not iv.is_bounded(positive)
    assert iv.rational_power(x, Fraction(1, 2)) == iv.WHOLE
    root = iv.rational_power(iv.Interval(arb(4), arb(9)), Fraction(3, 2))
    assert covers(root, Fraction(8)) and covers(root, Fraction(27)) and root.hi - root.lo < 19 + arb(2) ** -100


def test_precision_is_set_and_restored() -> None:
    before = ctx.prec
    assert working_precision(lambda: ctx.prec)() == PRECISION and ctx.prec == before
