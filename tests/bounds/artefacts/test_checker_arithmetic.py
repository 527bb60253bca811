"""The checker's own intervals, elementary functions and jets against python-flint."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from flint import arb, arb_series, ctx, fmpq

from bounds.artefacts import check_artefact
from bounds.artefacts.check_artefact import FUNCTIONS, ONE, ZERO, I

_BITS = 300
_WIDEST = Fraction(1, 2**90)


def exact(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def contains(interval: I, value: arb) -> bool:
    """Whether no number of the ball, which is much smaller than any interval that was rounded, is certainly outside."""
    return not (value < exact(interval.lo) or value > exact(interval.hi))


def points(seed: int, low: float, high: float, count: int = 40) -> list[Fraction]:
    """Random rationals of many sizes between the ends."""
    draw = random.Random(seed)
    found = [Fraction(draw.uniform(low, high)).limit_denominator(10 ** draw.randint(1, 12)) for _ in range(count)]
    return [x for x in found if low <= x <= high]


AT_POINTS: dict[str, tuple[Callable[[arb], arb], float, float]] = {
    "exp": (lambda x: x.exp(), -20, 20),
    "log": (lambda x: x.log(), 1e-9, 5000),
    "atan": (lambda x: x.atan(), -50, 50),
    "erf": (lambda x: x.erf(), -4, 4),
    "artanh": (lambda x: x.atanh(), -0.34, 0.34),
}


@pytest.mark.parametrize("name", AT_POINTS)
def test_functions_at_numbers_contain_the_ball(name: str) -> None:
    function, low, high = AT_POINTS[name]
    with ctx.workprec(_BITS):
        for x in points(1, low, high):
            value = I(x).image(name)
            assert contains(value, function(exact(x))), x
            assert value.hi - value.lo < _WIDEST * (1 + 2 ** int(abs(x) * 3 if name == "exp" else 0)), x


@pytest.mark.parametrize("exponent", [Fraction(1, 2), Fraction(1, 3), Fraction(5, 2)])
def test_roots_contain_the_ball(exponent: Fraction) -> None:
    with ctx.workprec(_BITS):
        for x in points(2, 1e-6, 100):
            value = I(x).image("root", exponent)
            assert contains(value, exact(x) ** exact(exponent))
            assert value.hi - value.lo < _WIDEST * 10**6
    assert I(Fraction(0)).image("root", exponent).size() == 0


def test_sine_and_its_derivatives_contain_the_ball() -> None:
    with ctx.workprec(_BITS):
        for x in points(3, -30, 30):
            sine, cosine = exact(x).sin(), exact(x).cos()
            jet = check_artefact.sin([I(x), ONE, ZERO, ZERO, ZERO])
            for value, expected in zip(jet, (sine, cosine, -sine / 2, -cosine / 6, sine / 24), strict=True):
                assert contains(value, expected)
                assert value.hi - value.lo < Fraction(1, 2**60)


def test_series_count_what_follows_the_last_term() -> None:
    """1 + 1/2 + 1/4 + ... = 2: every partial sum is exact, and none of them is 2."""
    total = check_artefact.series(ONE, lambda n: Fraction(1, 2))
    assert total.lo < 2 <= total.hi < 2 + Fraction(1, 2**100)


def test_sine_of_an_interval_contains_the_sines_of_its_numbers() -> None:
    draw = random.Random(4)
    for _ in range(50):
        low = Fraction(draw.uniform(-8, 8))
        box = I(low, low + Fraction(draw.uniform(0, 3)))
        value = check_artefact.sine(box)
        for _ in range(10):
            x = low + (box.hi - box.lo) * Fraction(draw.random())
            assert contains(value, exact(x).sin())


def random_interval(draw: random.Random) -> tuple[I, list[Fraction]]:
    ends = sorted(Fraction(draw.randint(-99, 99), draw.randint(1, 99)) for _ in range(2))
    inside = [ends[0] + (ends[1] - ends[0]) * Fraction(draw.randint(0, 8), 8) for _ in range(4)]
    return I(*ends), inside


def test_interval_operations_contain_all_results() -> None:
    draw = random.Random(5)
    for _ in range(300):
        (x, xs), (y, ys) = random_interval(draw), random_interval(draw)
        for a in xs:
            for b in ys:
                assert (x + y).lo <= a + b <= (x + y).hi
                assert (x * y).lo <= a * b <= (x * y).hi
                assert (-x).lo <= -a <= (-x).hi
                if not y.lo <= 0 <= y.hi:
                    assert y.inverse().lo <= 1 / b <= y.inverse().hi


def test_rounding_is_outward_and_exact_for_short_denominators() -> None:
    third = Fraction(10**60 + 1, 3**120)
    rounded = I(third)
    assert rounded.lo < third < rounded.hi and rounded.hi - rounded.lo <= Fraction(1, 2**check_artefact.BITS)
    assert I(Fraction(1, 3)).lo == I(Fraction(1, 3)).hi == Fraction(1, 3)


def test_infinite_ends_times_zero_are_zero() -> None:
    ray = I(Fraction(0), check_artefact.INF)
    assert (ray * 0).size() == 0 and (ray * -1).lo == -check_artefact.INF and (ray * -1).hi == 0
    assert (ray * Fraction(1, 10**400)).hi == check_artefact.INF
    with pytest.raises(ValueError, match="infinity"):
        (ray + 1).inverse()
    with pytest.raises(ValueError, match="beyond"):
        ray.image("exp")


SERIES: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "exp": (lambda s: s.exp(), -3, 3),
    "log": (lambda s: s.log(), 0.1, 5),
    "atan": (lambda s: s.atan(), -3, 3),
    "sin": (lambda s: s.sin(), -3, 3),
    "erf": (lambda s: s.erf(), -2, 2),
    "tanh": (lambda s: ((2 * s).exp() - 1) / ((2 * s).exp() + 1), -2, 2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jets_contain_the_power_series(name: str) -> None:
    """F(c + u_1 t + u_2 t^2 + ...) coefficient by coefficient, for random inner jets."""
    function, low, high = SERIES[name]
    draw = random.Random(6)
    with ctx.workprec(_BITS):
        for centre in points(7, low, high, 6):
            inner = [centre, *(Fraction(draw.randint(-9, 9), 4) for _ in range(4))]
            series = function(arb_series([exact(c) for c in inner], prec=5))
            for computed, expected in zip(FUNCTIONS[name]([I(c) for c in inner]), series.coeffs(), strict=True):
                assert contains(computed, expected)
                assert computed.hi - computed.lo < Fraction(1, 2**90)


@pytest.mark.parametrize("exponent", [Fraction(-1), Fraction(-2), Fraction(3), Fraction(1, 2), Fraction(-3, 2)])
def test_jets_of_powers_contain_the_power_series(exponent: Fraction) -> None:
    with ctx.workprec(_BITS):
        for centre in points(8, 0.2, 4, 6):
            inner = [centre, Fraction(3, 2), Fraction(-1), Fraction(2)]
            series = (arb_series([exact(c) for c in inner], prec=4).log() * exact(exponent)).exp()
            for computed, expected in zip(
                check_artefact.power([I(c) for c in inner], exponent), series.coeffs(), strict=True
            ):
                assert contains(computed, expected)
                assert computed.hi - computed.lo < Fraction(1, 2**90)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jets_over_a_box_contain_those_at_its_numbers(name: str) -> None:
    _, low, high = SERIES[name]
    draw = random.Random(9)
    for start in points(10, low, high - 0.05, 5):
        box = I(start, start + Fraction(1, 20))
        over = FUNCTIONS[name]([box, ONE, ZERO, ZERO])
        for _ in range(5):
            x = start + Fraction(draw.random()) / 20
            for wide, narrow in zip(over, FUNCTIONS[name]([I(x), ONE, ZERO, ZERO]), strict=True):
                assert wide.lo <= narrow.lo and narrow.hi <= wide.hi


def test_integer_powers_at_zero() -> None:
    jet = check_artefact.power([ZERO, ONE, ZERO, ZERO], Fraction(2))
    assert [c.lo for c in jet] == [0, 0, 1, 0] == [c.hi for c in jet]
    with pytest.raises(ValueError, match="contains 0"):
        check_artefact.power([ZERO, ONE], Fraction(-1))
    with pytest.raises(ValueError, match="not positive"):
        check_artefact.power([I(Fraction(-1))], Fraction(1, 2))
