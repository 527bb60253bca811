"""The laws: density, mass and its integral belong together; what they contain; what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import iti0k0

from bounds.arithmetic import ball, certainly_at_most, lower, upper, working_precision
from bounds.laws import LAWS, Law, law

POINTS = st.integers(1, 300).map(lambda k: k / 100)
SAMPLERS = {
    "uniform": lambda g, n: g.uniform(-1, 1, n),
    "product": lambda g, n: g.uniform(-1, 1, n) * g.uniform(-1, 1, n),
    "normal": lambda g, n: g.standard_normal(n),
    "normal_product": lambda g, n: g.standard_normal(n) * g.standard_normal(n),
}


def derivative_encloses(function, inner, t: float, step: float = 2.0**-30) -> bool:
    """Whether (function(t + step) - function(t))/step lies between inner(t) and inner(t + step), up to balls."""
    a, b = ball(t), ball(t) + ball(step)
    slope = (function(b) - function(a)) / ball(step)
    least, most = sorted((inner(a), inner(b)), key=lambda value: float(value.mid()))
    return certainly_at_most(least, slope) is not False and certainly_at_most(slope, most) is not False


@pytest.mark.parametrize("record", LAWS.values(), ids=LAWS)
@given(t=POINTS)
@working_precision
def test_mass_integrates_the_density_and_is_integrated(record: Law, t: float) -> None:
    """F' = p and G' = F: difference quotients lie between the values at both ends (p and F are monotone)."""
    assert derivative_encloses(record.mass, record.density, t)
    assert derivative_encloses(record.mass_integral, record.mass, t)
    assert not derivative_encloses(record.mass_integral, record.density, 0.3)


@pytest.mark.parametrize("record", LAWS.values(), ids=LAWS)
@given(c=POINTS, share=st.integers(1, 64))
@working_precision
def test_contains_the_uniform_law(record: Law, c: float, share: int) -> None:
    """p(t) >= weight/(2c) on [0, c], the weight is a probability, and a larger weight would not be contained."""
    weight = record.weight(ball(c))
    assert certainly_at_most(weight, 1) is not False
    assert certainly_at_most(weight / (2 * ball(c)), record.density(ball(c) * share / 64)) is not False
    if lower(weight) > 0:
        assert certainly_at_most(weight * ball("1.01") / (2 * ball(c)), record.density(ball(c))) is False


@pytest.mark.parametrize(("c", "expected"), [(0.5, 0.34657359), (0.36787944, 0.36787944), (1.0, 0.0)])
def test_product_contains_c_log_one_over_c(c: float, expected: float) -> None:
    assert abs(float(LAWS["product"].weight(ball(c)).mid()) - expected) < 1e-8


@pytest.mark.parametrize("name", LAWS)
def test_mass_is_that_of_samples(name: str) -> None:
    """An independent oracle: 200,000 draws, five standard errors; the total mass is 1/2."""
    draws = SAMPLERS[name](np.random.default_rng(7), 200_000)
    for t in (0.01, 0.2, 0.7, 1.5):
        share = np.mean((draws >= 0) & (draws <= t))
        assert abs(share - float(LAWS[name].mass(ball(t)).mid())) < 5 * 0.5 / np.sqrt(draws.size)
    assert 0.4999 < lower(LAWS[name].mass(arb(8))) <= upper(LAWS[name].mass(arb(8))) <= 0.5 + 1e-12


@pytest.mark.parametrize("name", LAWS)
def test_mass_starts_at_zero(name: str) -> None:
    assert LAWS[name].mass(arb(0)) == 0 and LAWS[name].mass_integral(arb(0)) == 0


def test_the_bessel_series_matches_quadrature() -> None:
    for t in (1e-9, 0.3, 2.0, 7.5):
        expected = iti0k0(t)[1] / np.pi
        assert abs(float(LAWS["normal_product"].mass(ball(t)).mid()) - expected) < 1e-6 * max(expected, 1e-9)


def test_unknown_law_and_too_large_argument() -> None:
    with pytest.raises(ValueError, match=r"law='cauchy' is unknown; choose one of normal, normal_product, product"):
        law("cauchy")
    with pytest.raises(ValueError, match=r"must satisfy t <= 8"):
        LAWS["normal_product"].mass(ball(9))
    assert law("uniform") is LAWS["uniform"]
