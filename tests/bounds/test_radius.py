"""Radii in closed form, exact and minimax; a, g and g^-1 in symbols, floats and balls."""

import itertools
import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.arithmetic import ball, certainly_at_most, lower, working_precision
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.named import activation, activations
from bounds.radius import EPS, Y

EXACT = ("relu", "leaky_relu", "identity")
CURVED = tuple(name for name in activations() if name not in EXACT)
SMOOTH = ("tanh", "sigmoid", "gelu", "silu", "softplus", "erf", "arctan", "sin", "logsigmoid")
tolerances = st.floats(-12, 0).map(lambda power: 10.0**power)


def test_published_radii() -> None:
    """Burkholz (NeurIPS 2022): tanh min{(3 eps)^(1/3), pi/2}, sigmoid min{(48 eps)^(1/3), pi}; ours need no cut."""
    tanh, sigmoid = activation("tanh"), activation("sigmoid")
    assert sympy.simplify(tanh.a - (3 * EPS) ** sympy.Rational(1, 3)) == 0
    assert sympy.simplify(sigmoid.a - (48 * EPS) ** sympy.Rational(1, 3)) == 0
    assert sympy.simplify(tanh.g_inverse - sympy.sqrt(3) * Y ** sympy.Rational(3, 2)) == 0
    assert sympy.simplify(sigmoid.g_inverse - sympy.sqrt(48) * Y ** sympy.Rational(3, 2)) == 0


@pytest.mark.parametrize("name", EXACT)
def test_exact_approximations_have_no_limit(name: str) -> None:
    act = activation(name)
    assert (act.a, act.g, act.g_inverse) == (sympy.oo, 0, sympy.oo)
    assert act.radius(1e-12) == act.radius(0.1, "exact") == act.radius(0.1, "minimax") == math.inf
    assert act.remainder_bound(math.inf) == 0.0
    assert all(m.coefficient == 0 and m.radius == math.inf for m in act.majorants)


@pytest.mark.parametrize("name", CURVED)
@settings(max_examples=12)
@given(tolerance=tolerances)
@working_precision
def test_symbolic_float_and_ball_evaluations_agree(name: str, tolerance: float) -> None:
    """The float is the symbolic a(eps) rounded down, and g(eps) a(eps) = eps."""
    act = activation(name)
    eps = sympy.Rational(tolerance)
    value = ball(act.a.subs(EPS, eps).doit())
    assert act.radius(tolerance) in (lower(value), math.nextafter(lower(value), 0.0))
    assert abs(ball(act.g.subs(EPS, eps).doit()) * value - ball(tolerance)) < ball(tolerance) * ball(2.0**-100)


@pytest.mark.parametrize("name", CURVED)
@settings(max_examples=12)
@given(tolerance=tolerances, factor=st.floats(1.001, 3))
@working_precision
def test_g_is_increasing_and_inverted_by_g_inverse(name: str, tolerance: float, factor: float) -> None:
    act = activation(name)
    eps = sympy.Rational(tolerance)
    level = act.g.subs(EPS, eps).doit()
    back = ball(act.g_inverse.subs(Y, level).doit())
    assert abs(back - ball(tolerance)) < ball(tolerance) * ball(2.0**-90)
    further = act.g.subs(EPS, eps * sympy.Rational(factor)).doit()
    assert certainly_at_most(ball(further), ball(level)) is False
    assert ball(act.g.subs(EPS, sympy.Rational(1, 10**60)).doit()) < ball(1e-15)


@pytest.mark.parametrize("name", CURVED)
@pytest.mark.parametrize("tolerance", [1e-1, 1e-4, 1e-9])
def test_the_exact_radius_is_the_largest(name: str, tolerance: float) -> None:
    act = activation(name)
    radius = act.radius(tolerance, "exact")
    assert act.radius(tolerance) <= radius
    assert act.certify(tolerance, radius).verdict == "proved"
    assert act.certify(tolerance, radius * (1 + 1e-13)).verdict == "refuted"


@pytest.mark.parametrize("name", CURVED)
def test_closed_forms_are_asymptotically_tight_where_the_constant_is_the_limit(name: str) -> None:
    """a*/a -> 1 for small eps where K is the limit of |e|/t^p; never worse than (5/4)^(1/2) elsewhere."""
    act = activation(name)
    ratio = act.radius(1e-10, "exact") / act.radius(1e-10)
    assert 1 - 1e-12 <= ratio <= (1.01 if name != "exp" else math.sqrt(1.25))


def test_minimax_gains_the_known_factors() -> None:
    """Equi-oscillation: 4^(1/3) for a cubic remainder, 1 + sqrt 2 for a quadratic one, as eps -> 0."""
    for name in ("tanh", "sin"):
        act = activation(name)
        assert abs(act.radius(1e-9, "minimax") / act.radius(1e-9, "exact") - 4 ** (1 / 3)) < 1e-3
    softplus = activation("softplus")
    assert abs(softplus.radius(1e-9, "minimax") / softplus.radius(1e-9, "exact") - (1 + math.sqrt(2))) < 1e-3


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "elu"])
@pytest.mark.parametrize("tolerance", [0.1, 1e-4])
def test_minimax_slopes_keep_the_tolerance(name: str, tolerance: float) -> None:
    """Dense sampling with the slopes that are returned; the derivative slopes violate on the same interval."""
    act = activation(name)
    best = act.best_slopes(tolerance)
    phi = (
        sympy.lambdify(x, act.expression, "numpy")
        if name != "gelu"
        else np.vectorize(lambda v: float(act.function.value(v)))
    )
    points = np.linspace(-best.radius, best.radius, 4001)
    slopes = np.where(points >= 0, float(best.m_plus), float(best.m_minus))
    assert np.max(np.abs(phi(points) - slopes * points - float(act.d))) <= tolerance * (1 + 1e-9)
    assert act.certify(tolerance, best.radius).verdict == "refuted"


def test_radii_are_monotone_in_the_tolerance() -> None:
    grid = np.geomspace(1e-12, 0.5, 40)
    for name in ("tanh", "exp", "mish"):
        for kind in ("closed_form", "exact"):
            radii = [activation(name).radius(float(t), kind) for t in grid]
            assert all(a < b for a, b in itertools.pairwise(radii))


def test_radius_jumps_where_the_remainder_has_a_hump() -> None:
    """a* of x + a hump of height 1/10 that starts at 1: the closed form stays below it."""
    hump = sympy.Max(0, 1 - sympy.Abs(x - 2)) / 10
    act = Activation.from_expression(x + hump + sympy.Max(0, x - 5), name="hump")
    assert abs(act.radius(0.09, "exact") - 1.9) < 1e-12 and abs(act.radius(0.11, "exact") - 5.11) < 1e-12
    assert act.radius(0.09) <= 1.9 and act.radius(0.11) <= 5.11
    assert act.certify(0.09, 4.0).verdict == "refuted", "the violation lies inside, not at the end"


@pytest.mark.parametrize("tolerance", [0, -1, math.nan, math.inf, "1e-3"])
@pytest.mark.parametrize("kind", ["closed_form", "exact", "minimax"])
def test_bad_tolerances(tolerance: object, kind: str) -> None:
    with pytest.raises(ValueError, match=r"tolerance=.* must be a finite number above 0"):
        activation("tanh").radius(tolerance, kind)


def test_unknown_kinds_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match="radius\\(kind='best'\\) is unknown; use one of closed_form, exact, minimax"):
        activation("tanh").radius(1e-3, kind="best")


@pytest.mark.parametrize(("name", "tolerance"), [("sigmoid", 1e-25), ("sigmoid", 1e-30), ("tanh", 1e-40)])
def test_the_largest_radius_is_never_below_the_closed_form(name: str, tolerance: float) -> None:
    """Where balls cannot tell the crossing from what lies below it, the closed form is the larger proved radius."""
    act = activation(name)
    assert act.radius(tolerance, "exact") >= act.radius(tolerance)
    assert act.certify(tolerance, act.radius(tolerance, "exact")).verdict == "proved"
