"""Enclosures of expressions contain the values that mpmath computes, and are attained."""

import math

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb, ctx

from bounds.arithmetic import PRECISION, ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import constant_ball, derivative, enclose, stable
from bounds.enclosures.interval import Interval
from bounds.enclosures.primitives import PRIMITIVES
from bounds.functions import ScalarFunction

x = sympy.Symbol("x", real=True)

EXPRESSIONS = [
    sympy.tanh(x) * sympy.exp(-(x**2)) + 1 / (1 + sympy.exp(-3 * x)),
    sympy.log(1 + sympy.exp(x)) ** 2 - sympy.atan(x) / 3,
    sympy.erf(x) + sympy.sin(5 * x) * sympy.cos(x / 2),
    sympy.Max(0, x - 1) + sympy.Min(x, sympy.Abs(x - 2)),
    sympy.Piecewise((sympy.exp(x), x < 0), (1 + x**3, x <= 1), (x + 1, True)),
    sympy.sqrt(1 + x**2) ** 3 - sympy.asinh(x) + sympy.sinh(x / 3) - sympy.cosh(x / 4),
    sympy.sech(x) + sympy.erfc(x) + sympy.asin(x / 10) + sympy.tan(x / 8),
    2**x + sympy.Abs(x) ** sympy.Rational(3, 2) + sympy.pi * x,
    sympy.sign(x - 1) * (x - 1) ** 2 + sympy.Heaviside(x) * x,
]


def inside(box: Interval, value: mpmath.mpf) -> bool:
    """Whether the interval, widened by 1e-30 for mpmath's own rounding, contains the value."""
    with mpmath.workdps(60):
        low, high = (mpmath.mpf(end.str(60, radius=False)) if end.is_finite() else end > 0 for end in box)
        low = -mpmath.inf if low is False else low
        high = mpmath.inf if high is True else high
        slack = mpmath.mpf(10) ** -30 * (1 + abs(value))
        return bool(low - slack <= value <= high + slack)


def reference(expression: sympy.Expr, at: float) -> mpmath.mpf:
    with mpmath.workdps(50):
        return mpmath.re(sympy.lambdify(x, expression, "mpmath")(mpmath.mpf(at)))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
@working_precision
def test_enclosures_contain_all_values(expression: sympy.Expr) -> None:
    rng = np.random.default_rng(0)
    program, slope = enclose(expression, x), enclose(derivative(expression, x), x)
    for low in rng.uniform(-4, 4, 6):
        high = low + rng.exponential(0.5)
        image, slopes = program(Interval(arb(low), arb(high))), slope(Interval(arb(low), arb(high)))
        for at in (low, high, rng.uniform(low, high)):
            assert inside(image, reference(expression, at)), (expression, low, high, at)
            with mpmath.workdps(50):
                rate = mpmath.diff(lambda v: mpmath.mpf(reference(expression, v)), at, h=mpmath.mpf(10) ** -18)
            if all(abs(at - kink) > 1e-9 for kink in (0, 1, 2)):
                assert inside(Interval(slopes.lo - arb(1e-9), slopes.hi + arb(1e-9)), rate)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
@working_precision
def test_points_are_sharp_and_two_precisions_agree(expression: sympy.Expr) -> None:
    spot = Interval(arb(0.7), arb(0.7))
    image = enclose(expression, x)(spot)
    assert image.hi - image.lo < arb(2) ** -(PRECISION - 20)
    with ctx.workprec(300):
        assert iv.to_ball(enclose(expression, x)(spot)).overlaps(iv.to_ball(image))


@working_precision
def test_each_primitive_is_sharp_on_wide_intervals_and_half_lines() -> None:
    for head, record in PRIMITIVES.items():
        box = Interval(arb("0.125"), arb("0.75"))
        if record.series is None:
            continue
        image = record.image(box)
        samples = [float(record.image(Interval(arb(v), arb(v))).lo) for v in np.linspace(0.125, 0.75, 101)]
        assert float(image.lo) <= min(samples) and max(samples) <= float(image.hi), head
        assert float(image.hi - image.lo) <= max(samples) - min(samples) + 1e-3, head
    tail = Interval(arb(3), iv.INFINITY)
    assert float(PRIMITIVES[sympy.tanh].image(tail).lo) > 0.995 and PRIMITIVES[sympy.tanh].image(tail).hi == 1
    assert PRIMITIVES[sympy.exp].image(iv.negate(tail)).lo == 0
    assert PRIMITIVES[sympy.log].image(Interval(arb(0), arb(1))).lo == iv.MINUS_INFINITY
    assert PRIMITIVES[sympy.tan].image(Interval(arb(1), arb(2))) == iv.WHOLE


@pytest.mark.parametrize("head", [sympy.sin, sympy.cos], ids=str)
@working_precision
def test_waves_reach_their_extremes_exactly_where_they_do(head: type) -> None:
    rng = np.random.default_rng(3)
    function = np.sin if head is sympy.sin else np.cos
    for low, size in zip(rng.uniform(-20, 20, 100), rng.uniform(0, 5, 100), strict=True):
        image = PRIMITIVES[head].image(Interval(arb(low), arb(low + size)))
        values = function(np.linspace(low, low + size, 2001))
        assert float(image.lo) <= min(values) + 1e-15 and max(values) - 1e-15 <= float(image.hi)
        assert float(image.lo) >= min(values) - 1e-5 and max(values) + 1e-5 >= float(image.hi)


@working_precision
def test_series_of_primitives_match_their_values() -> None:
    """The k-th coefficient on a ball contains that of every centre: checked at order 0 and 1 by differences."""
    from flint import arb_series

    for head, record in PRIMITIVES.items():
        if record.series is None:
            continue
        found = record.series(arb_series([arb("0.3"), 1], prec=3)).coeffs()
        value = iv.to_ball(record.image(iv.from_ball(arb("0.3"))))
        nearby = iv.to_ball(record.image(iv.from_ball(arb("0.3") + arb(2) ** -40)))
        assert abs(found[0] - value) < arb(2) ** -110, head
        assert abs((nearby - value) * arb(2) ** 40 - found[1]) < arb(2) ** -36, head


@working_precision
def test_undecided_switches_give_the_hull_and_say_so() -> None:
    step = sympy.Piecewise((sympy.Integer(-1), x < 0), (sympy.Integer(2), True))
    straddling, right = Interval(arb(-1), arb(1)), Interval(arb(0), arb(1))
    assert [float(end) for end in enclose(step, x)(straddling)] == [-1.0, 2.0]
    assert enclose(step, x).decided(straddling)[1] is False and enclose(step, x).decided(right)[1] is True
    both = sympy.Piecewise((1, (x > -1) & (x < 1)), (2, sympy.Or(x > 5, x < -5)), (3, ~(x > 1)), (4, True))
    values = {at: float(enclose(both, x)(Interval(arb(at), arb(at))).lo) for at in (0, 6, -2, 3)}
    assert values == {0: 1.0, 6: 2.0, -2: 3.0, 3: 4.0}


@working_precision
def test_stable_forms_do_not_cancel() -> None:
    """sigma' and tanh' keep their relative precision far out, where 1 - tanh^2 has none."""
    far = Interval(arb(60), arb(60))
    for expression in (1 / (1 + sympy.exp(-x)), sympy.tanh(x), sympy.log(1 + sympy.exp(-x))):
        slope = enclose(derivative(expression, x), x)(far)
        assert slope.lo != 0 and (slope.hi - slope.lo) < abs(slope.lo) * arb(2) ** -100
    naive = enclose(1 - x**2, x)(Interval(arb(60).tanh().lower(), arb(60).tanh().upper()))
    assert naive.hi - naive.lo > abs(naive.hi) * arb(2) ** -60
    assert stable(sympy.tanh(x)).func.__name__ == "Tanh"


@working_precision
def test_constants() -> None:
    for number in (sympy.pi, sympy.E, sympy.GoldenRatio, sympy.EulerGamma, sympy.Catalan, sympy.Rational(1, 3)):
        assert abs(constant_ball(number) - arb(str(sympy.N(number, 50)))) < arb(10) ** -37
    assert constant_ball(sympy.oo) == iv.INFINITY
    assert math.isclose(float(ball(sympy.sqrt(2) * sympy.exp(1))), math.sqrt(2) * math.e)


@pytest.mark.parametrize(
    "expression", [sympy.gamma(x), sympy.Symbol("other") + x, sympy.floor(x), sympy.I * x, sympy.zeta(3) + x]
)
def test_what_cannot_be_enclosed_is_named(expression: sympy.Expr) -> None:
    with pytest.raises(ValueError, match=r"no enclosure is known|not the function's variable"):
        enclose(expression, x)


@pytest.mark.parametrize(
    ("expression", "limit"),
    [
        (sympy.sin(x) / x, 1.0),
        (x + (sympy.exp(x) - 1) / x, 1.0),
        (sympy.tanh(x) ** 2 / x**2, 1.0),
        (x / sympy.atan(2 * x), 0.5),
    ],
)
def test_values_at_removable_singularities_are_limits(expression: sympy.Expr, limit: float) -> None:
    """At the point where numerator and denominator vanish, the enclosure holds the limit, not 0 times infinity = 0."""
    low, high = ScalarFunction("mine", expression).range(0.0, 0.0)
    assert low <= limit <= high
