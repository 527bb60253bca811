"""Certificates: proved on the whole interval, refuted with a witness just beyond, and never proved when false."""

import math
import statistics
import time
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.arithmetic import ball, working_precision
from bounds.certificate import certify, certify_side, is_violation
from bounds.enclosures.branch_and_bound import Verdict, constant_bound, prove
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.named import activation, activations

TOLERANCES = [10.0**-k for k in range(1, 13)]
CURVED = tuple(name for name in activations() if activation(name).a != sympy.oo)
TIGHT = tuple(name for name in CURVED if name != "exp")
"""Activations whose closed form is asymptotically tight: K is (within 1e-3) the limit of the remainder."""


def mpmath_error(act: Activation, at: float) -> mpmath.mpf:
    """|phi - phihat| at one float, computed by mpmath from the expression with 50 digits."""
    with mpmath.workdps(50):
        slope = act.m_plus if at >= 0 else act.m_minus
        phi = sympy.lambdify(x, act.expression, "mpmath")(mpmath.mpf(at))
        line = mpmath.mpf(str(sympy.N(slope, 50))) * mpmath.mpf(at) + mpmath.mpf(str(sympy.N(act.d, 50)))
        return abs(phi - line)


@pytest.mark.parametrize("name", activations())
@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_closed_form_radii_are_proved(name: str, tolerance: float) -> None:
    certificate = activation(name).certify(tolerance)
    assert certificate.verdict == "proved" and certificate.witness is None
    assert certificate.radius == activation(name).radius(tolerance) and certificate.tolerance == tolerance


@pytest.mark.parametrize("name", TIGHT)
@pytest.mark.parametrize("tolerance", [1e-6, 1e-8, 1e-10, 1e-12])
def test_radii_enlarged_by_one_percent_are_refuted_with_a_witness(name: str, tolerance: float) -> None:
    act = activation(name)
    radius = 1.01 * act.radius(tolerance)
    certificate = act.certify(tolerance, radius)
    assert certificate.verdict == "refuted" and certificate.witness is not None
    assert abs(certificate.witness) <= radius and mpmath_error(act, certificate.witness) > tolerance


@pytest.mark.parametrize("name", CURVED)
@given(power=st.floats(-12, -0.5), position=st.floats(-1, 1))
@settings(max_examples=20)
def test_no_point_of_a_proved_interval_violates(name: str, power: float, position: float) -> None:
    act, tolerance = activation(name), 10.0**power
    radius = act.radius(tolerance, "exact")
    assert act.certify(tolerance, radius).verdict == "proved"
    assert mpmath_error(act, position * radius) <= tolerance


@pytest.mark.parametrize("name", CURVED)
@given(power=st.floats(-12, -1), stretch=st.floats(1e-9, 3))
@settings(max_examples=20)
def test_nothing_false_is_proved(name: str, power: float, stretch: float) -> None:
    act, tolerance = activation(name), 10.0**power
    certificate = act.certify(tolerance, act.radius(tolerance, "exact") * (1 + stretch))
    assert certificate.verdict == "refuted"
    assert mpmath_error(act, certificate.witness) > tolerance


def test_certificates_are_fast() -> None:
    """Median under 50 ms, measured per activation and tolerance after the derivation."""
    times = []
    for name in activations():
        act = activation(name)
        act.certify(1e-3)
        for tolerance in TOLERANCES:
            start = time.process_time()
            act.certify(tolerance)
            times.append(time.process_time() - start)
    assert statistics.median(times) < 0.05


def test_the_verdict_is_a_string_and_the_record_is_frozen() -> None:
    certificate = activation("tanh").certify(Fraction(1, 1000))
    assert certificate.verdict == "proved" and isinstance(certificate.verdict, str)
    assert certificate.evaluations >= 2
    with pytest.raises(AttributeError):
        certificate.verdict = Verdict.OPEN


def test_infinite_radii() -> None:
    assert activation("relu").certify(1e-12, math.inf).verdict == "proved"
    refuted = activation("tanh").certify(1e-3, math.inf)
    assert refuted.verdict == "refuted" and mpmath_error(activation("tanh"), refuted.witness) > 1e-3
    bounded = Activation.from_expression(sympy.Piecewise((x, x >= 0), (-(sympy.tanh(x) ** 2) / 100, True)))
    assert bounded.certify(0.011, math.inf).verdict == "proved"
    assert bounded.radius(0.011, "exact") == math.inf and bounded.radius(0.009, "exact") < math.inf


@working_precision
def test_a_spent_budget_leaves_the_question_open() -> None:
    side = activation("sigmoid").expansion.right
    outcome = prove(side, constant_bound(arb("0.0779")), arb("0.3"), arb("1.686"), budget=2)
    assert outcome.verdict is Verdict.OPEN and outcome.evaluations == 2
    assert prove(side, constant_bound(arb("0.0779")), arb("0.3"), arb("1.686")).verdict is Verdict.PROVED


def test_an_undecided_side_makes_the_certificate_open() -> None:
    act = activation("sigmoid")
    sides = (act.expansion.left, act.expansion.right)
    assert certify(sides, 0.0779, 1.686, budget=2).verdict == "open"
    assert certify(sides, 0.0779, 1.686).verdict == "proved"


def test_witnesses_are_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that the second evaluation does not confirm is not reported as a refutation."""
    side = activation("tanh").expansion.right
    assert is_violation(side, 0.15, 1e-3) and not is_violation(side, 0.14, 1e-3)
    monkeypatch.setattr("bounds.certificate.is_violation", lambda *_: False)
    unconfirmed = activation("tanh").certify(1e-3, 0.15)
    assert unconfirmed.verdict == "open" and unconfirmed.witness is None


def test_nothing_is_proved_across_a_pole() -> None:
    """The error of x + 1/(1000 (2 - x)) rises on both sides of its pole at 2 and is small at 1 and at 3."""
    act = Activation.from_expression(x + 1 / (1000 * (2 - x)))
    assert mpmath_error(act, 1.0) < 1e-2 and mpmath_error(act, 3.0) < 1e-2
    assert act.certify(1e-2, 3.0).verdict != "proved" and act.radius(1e-2, "exact") < 2


@working_precision
def test_violations_inside_the_interval_are_found() -> None:
    wave = Activation.from_expression(x + sympy.sin(3 * x) ** 2 / 20)
    assert wave.certify(0.04, 1.05).verdict == "refuted"
    assert wave.certify(0.0501, 30.0).verdict == "proved"
    side = activation("tanh").expansion.right
    assert certify_side(side, ball("1e-3"), arb("0.1446")).verdict is Verdict.PROVED
    assert certify_side(side, ball("1e-3"), arb("0.1447")).verdict is Verdict.REFUTED


def test_a_dropped_derivative_would_be_seen() -> None:
    """The certificate of tanh with the wrong slope 99/100 or intercept 1e-4 is refuted at its own radius."""
    act = activation("tanh")
    for wrong in ({"slope": sympy.Rational(99, 100)}, {"intercept": sympy.Rational(1, 10**4)}):
        sides = tuple(replace(side, **wrong) for side in (act.expansion.left, act.expansion.right))
        verdicts = {certify_side(side, ball(1e-5), ball(act.radius(1e-5))).verdict for side in sides}
        assert Verdict.REFUTED in verdicts, wrong


@pytest.mark.parametrize("name", CURVED)
def test_remainder_bounds_are_valid_and_tight(name: str) -> None:
    act = activation(name)
    for radius in (1e-5, 0.03, 0.9, 2.5):
        bound = act.remainder_bound(radius)
        largest = max(float(mpmath_error(act, float(v))) for v in np.linspace(-radius, radius, 81))
        assert largest * (1 - 1e-13) - 1e-40 <= bound <= largest * (1 + 1e-4) + 1e-30, radius
    for tolerance in (1e-2, 1e-7):
        assert act.remainder_bound(act.radius(tolerance)) <= tolerance * (1 + 2.0**-19)


def test_remainder_bounds_see_humps_inside_the_interval() -> None:
    wave = Activation.from_expression(x + sympy.sin(3 * x) ** 2 / 20)
    assert 0.05 <= wave.remainder_bound(1.047) <= 0.05 * (1 + 1e-4), "the end at pi/3 has almost no error"


@pytest.mark.parametrize("radius", [0, -1.0, math.nan])
def test_bad_radii(radius: float) -> None:
    for ask in (lambda act: act.certify(1e-3, radius), lambda act: act.remainder_bound(radius)):
        with pytest.raises(ValueError, match=r"radius=.* must be above 0"):
            ask(activation("tanh"))


@pytest.mark.parametrize("tolerance", [0.0, -1e-3, math.nan, math.inf])
def test_bad_tolerances(tolerance: float) -> None:
    with pytest.raises(ValueError, match=r"tolerance=.* must be a finite number above 0"):
        activation("relu").certify(tolerance, 1.0)
