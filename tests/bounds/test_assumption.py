"""Assumption 2.3 and Lemma 2.4 of Burkholz (NeurIPS 2022) as executable statements, each beside wrong variants."""

from __future__ import annotations

import time
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.certificate import certify
from bounds.expansion import AssumptionError
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.named import activation, activations
from bounds.radius import EPS, Y
from tests.bounds.random_expressions import expression as random_expression
from tests.bounds.random_expressions import numeric

NAMES = activations()
CURVED = tuple(name for name in NAMES if activation(name).a != sympy.oo)
powers = st.floats(-12, -1)
DIGITS = 50


def phi_of(act: Activation):
    function = sympy.lambdify(x, act.expression, "mpmath")
    return lambda v: function(mpmath.mpf(v))


def number(value: sympy.Expr) -> mpmath.mpf:
    return mpmath.mpf(str(sympy.N(value, DIGITS)))


def error_at(act: Activation, v: float, m_plus: sympy.Expr | None = None, d: sympy.Expr | None = None) -> mpmath.mpf:
    """|phi(v) - phihat(v)|, with another right slope or intercept where given."""
    with mpmath.workdps(DIGITS):
        slope = (act.m_plus if m_plus is None else m_plus) if v >= 0 else act.m_minus
        return abs(phi_of(act)(v) - number(slope) * mpmath.mpf(v) - number(act.d if d is None else d))


@pytest.mark.theorem
@pytest.mark.parametrize("name", NAMES)
@given(power=powers, position=st.floats(-1, 1))
@settings(max_examples=15)
def test_assumption_2_3(name: str, power: float, position: float) -> None:
    """Assumption 2.3: sup |phi - phihat| <= eps on [-a(eps), a(eps)], a(eps) > 0, m_plus + m_minus != 0."""
    act, eps = activation(name), 10.0**power
    radius = min(act.radius(eps), 1e6)
    assert radius > 0 and act.m_plus + act.m_minus != 0
    assert error_at(act, position * radius) <= eps


@pytest.mark.theorem
@pytest.mark.parametrize("name", CURVED)
def test_assumption_2_3_wrong_variants_fail(name: str) -> None:
    """Assumption 2.3 fails for a radius 2 % larger, for half the tolerance, for a wrong slope and a wrong intercept."""
    act, eps = activation(name), 1e-6
    radius = act.radius(eps)
    sides = (act.expansion.left, act.expansion.right)
    assert certify(sides, eps, radius).verdict == "proved"
    if name != "exp":
        assert certify(sides, eps, 1.02 * act.radius(eps, "exact")).verdict == "refuted"
        assert certify(sides, eps / 2, act.radius(eps, "exact")).verdict == "refuted"
    assert error_at(act, radius, m_plus=act.m_plus + 3 * sympy.Rational(eps) / sympy.Rational(radius)) > eps
    assert error_at(act, 0.0, d=act.d + 2 * sympy.Rational(eps)) > eps


@pytest.mark.theorem
@pytest.mark.parametrize("name", CURVED)
def test_assumption_2_3_g_vanishes_at_zero(name: str) -> None:
    """Assumption 2.3: g(eps) = eps/a(eps) is invertible with g(0+) = 0; with slopes off by 1/100 it is not."""
    act = activation(name)
    parts = [part for part in sympy.preorder_traversal(act.g) if part.has(EPS) and not part.has(sympy.Max, sympy.Min)]
    assert all(sympy.limit(part, EPS, 0, "+") == 0 for part in parts if part != EPS**-1)
    gaps = [eps / act.radius(eps) for eps in np.geomspace(1e-12, 0.1, 30)]
    assert all(a < b for a, b in pairwise(gaps)) and act.g_inverse.subs(Y, 0).doit() == 0
    with mpmath.workdps(DIGITS):
        off = [eps / (eps * 100 * (1 + eps)) for eps in (1e-6, 1e-12)]
        wrong = act.m_plus + sympy.Rational(1, 100)
        assert error_at(act, 100 * 1e-12 * 1.1, m_plus=wrong) > 1e-12, "the radius for a wrong slope is about 100 eps"
    assert min(off) > 0.009, "so eps/a(eps) stays near 1/100 instead of vanishing"


def lemma_2_4_gap(act: Activation, v: float) -> mpmath.mpf:
    """|x - (phi(x) - phi(-x))/m|."""
    with mpmath.workdps(DIGITS):
        phi, m = phi_of(act), number(act.m_plus + act.m_minus)
        return abs(mpmath.mpf(v) - (phi(v) - phi(-v)) / m)


def scale(act: Activation) -> mpmath.mpf:
    with mpmath.workdps(DIGITS):
        return abs(number(act.m_plus + act.m_minus))


@pytest.mark.theorem
@pytest.mark.parametrize("name", NAMES)
@given(power=powers, position=st.floats(-1, 1))
@settings(max_examples=15)
def test_lemma_2_4(name: str, power: float, position: float) -> None:
    """Lemma 2.4: |x - (phi(x) - phi(-x))/m| <= 2 eps/|m| for |x| <= a(eps), m = m_plus + m_minus."""
    act, eps = activation(name), 10.0**power
    radius = min(act.radius(eps, "exact"), 1e6)
    assert lemma_2_4_gap(act, position * radius) <= 2 * eps / scale(act) * (1 + mpmath.mpf(10) ** -40)


@pytest.mark.theorem
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "sin", "erf", "arctan"])
@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_lemma_2_4_wrong_variants_fail(name: str, factor: float) -> None:
    """Lemma 2.4 without its factor 2 (and with eps/2) is violated at the end of the interval by odd remainders."""
    act, eps = activation(name), 1e-6
    radius = act.radius(eps, "exact")
    assert lemma_2_4_gap(act, radius) > factor * eps / scale(act) * 1.5
    assert lemma_2_4_gap(act, radius) <= 2 * eps / scale(act)


@pytest.mark.theorem
def test_lemma_2_4_needs_the_absolute_value_of_m() -> None:
    """Lemma 2.4 as printed has m instead of |m|: with m < 0 its right-hand side is negative and the statement false."""
    act = Activation.from_expression(-sympy.tanh(x), name="falling")
    radius = act.radius(1e-3)
    m = float(act.m_plus + act.m_minus)
    assert m == -2 and lemma_2_4_gap(act, radius) > 2e-3 / m
    assert lemma_2_4_gap(act, radius) <= 2e-3 / abs(m)


@pytest.mark.theorem
@pytest.mark.parametrize("name", ["leaky_relu(0.2)", "elu", "gelu", "softplus"])
def test_lemma_2_4_with_one_slope_instead_of_both_fails(name: str) -> None:
    """Lemma 2.4 with m = m_plus - m_minus or m = m_plus is violated."""
    act = activation(name)
    v = min(act.radius(1e-6), 1.0)
    with mpmath.workdps(DIGITS):
        for wrong in (act.m_plus, act.m_plus - act.m_minus):
            rise = phi_of(act)(v) - phi_of(act)(-v)
            assert wrong == 0 or abs(mpmath.mpf(v) - rise / number(wrong)) > 2e-6 / abs(number(wrong))


SEEDS = range(50)


@pytest.mark.theorem
@pytest.mark.parametrize("seed", SEEDS)
def test_assumption_2_3_for_expressions_that_the_code_never_names(seed: int) -> None:
    """Assumption 2.3 for 50 random compositions, against slopes, intercepts and errors computed by mpmath alone.

    The exact radius is sampled densely without a violation, and violated a millionth beyond it.
    """
    phi_expression = random_expression(np.random.default_rng([2026, seed]))
    reference = numeric(phi_expression)
    start = time.process_time()
    try:
        act = Activation.from_expression(phi_expression, name=f"random {seed}")
    except AssumptionError as error:
        assert "m = 0" in str(error) and abs(reference.m_plus + reference.m_minus) < mpmath.mpf(10) ** -15
        return
    assert time.process_time() - start < 2, "a derivation takes less than 2 s of processor time"
    with mpmath.workdps(DIGITS):
        for derived, measured in (
            (act.m_plus, reference.m_plus), (act.m_minus, reference.m_minus), (act.d, reference.intercept)
        ):  # fmt: skip
            assert abs(number(derived) - measured) < mpmath.mpf(10) ** -18 * (1 + abs(measured))
    for eps in (1e-2, 1e-5):
        closed, exact = act.radius(eps), act.radius(eps, "exact")
        assert 0 < closed <= exact
        assert act.certify(eps, closed).verdict == act.certify(eps, exact).verdict == "proved"
        points = np.linspace(-min(exact, 100.0), min(exact, 100.0), 41)
        assert all(reference.error(float(v)) <= eps for v in points)
        beyond = [sign * exact * (1 + step) for step in (1e-9, 1e-6) for sign in (1, -1)]
        assert exact > 1e6 or any(reference.error(v) > eps for v in beyond), "the exact radius is the largest"


@pytest.mark.theorem
def test_random_expressions_cover_different_slopes_and_intercepts() -> None:
    """The 50 compositions contain unequal slopes, nonzero intercepts, Piecewise, Abs, Max and every kind of product."""
    drawn = [random_expression(np.random.default_rng([2026, seed])) for seed in SEEDS]
    data = [numeric(e) for e in drawn]
    assert len(set(drawn)) == 50
    assert sum(abs(n.m_plus - n.m_minus) > 1e-6 for n in data) >= 15
    assert sum(abs(n.intercept) > 1e-6 for n in data) >= 40
    for kind in (sympy.Piecewise, sympy.Abs, sympy.Max, sympy.tanh, sympy.exp, sympy.sin, sympy.atan, sympy.erf):
        assert any(e.has(kind) for e in drawn), kind
