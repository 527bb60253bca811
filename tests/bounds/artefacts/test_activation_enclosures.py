"""Enclosures of activations: written, accepted, and refused where they are wrong."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest
import sympy
from flint import arb, fmpq

import bounds
from bounds.arithmetic import ball
from bounds.artefacts import activation_enclosure, check_artefact
from bounds.artefacts.enclosures import NoProofError
from bounds.artefacts.function_trees import function_tree
from tests.bounds.artefacts.claims import accepted, changed, enclosure

x = bounds.x


@pytest.mark.parametrize("tolerance", [1e-3, 1e-9])
@pytest.mark.parametrize("name", bounds.activations())
def test_every_named_activation_is_accepted(name: str, tolerance: float) -> None:
    claim = enclosure(name, tolerance)
    assert accepted(json.loads(json.dumps(claim)))
    radius = bounds.activation(name).radius(tolerance)
    assert claim["points"][-1] == ("inf" if radius == float("inf") else claim["points"][-1])
    assert radius == float("inf") or Fraction(claim["points"][-1]) == Fraction(radius)
    assert Fraction(claim["tolerance"]) <= Fraction(tolerance)
    assert len(claim["pieces"]) <= 12 and len(json.dumps(claim)) < 2000


@pytest.mark.parametrize("tolerance", [1e-1, 1e-6, 1e-12])
@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus", "selu", "mish", "arctan"])
def test_the_exact_radius_is_accepted_and_one_percent_more_is_not(name: str, tolerance: float) -> None:
    claim = enclosure(name, tolerance, "exact")
    assert accepted(claim)
    phi = bounds.activation(name)
    with pytest.raises(NoProofError, match="smaller radius"):
        activation_enclosure(phi, tolerance, phi.radius(tolerance, kind="exact") * 1.01)


USER_EXPRESSIONS = {
    "switches": sympy.Max(x, x / 3) + sympy.Abs(x) ** 3 / 7,
    "cosine": sympy.sin(x) * sympy.cos(x) + x / 2,
    "root": x * sympy.sqrt(1 + x**2),
    "hyperbolic": sympy.sinh(x) + sympy.cosh(x) / 3,
    "pieces": sympy.Piecewise((x / 2, x < -1), (sympy.atan(x) * 2 / sympy.pi, x <= 1), (x / 2, True)),
    "power": x + sympy.Abs(x) ** sympy.Rational(3, 2),
    "sign": x + x**2 * sympy.sign(x),
    "number": sympy.E * x + x**2 / (3 + x),
    "arcsine": sympy.asin(x / 2),
    "exponential": 2**x - sympy.erfc(x),
}


@pytest.mark.parametrize("name", USER_EXPRESSIONS)
def test_expressions_of_a_user_are_accepted(name: str) -> None:
    phi = bounds.Activation.from_expression(USER_EXPRESSIONS[name], name)
    assert accepted(activation_enclosure(phi, 1e-4))
    claim = activation_enclosure(phi, 1e-4, phi.radius(1e-4, kind="exact"))
    assert accepted(claim) and claim["name"] == name
    assert not accepted(changed(claim, tolerance=str(Fraction(claim["tolerance"]) * Fraction(99, 100))))


FURTHER_EXPRESSIONS = {
    "area": x + sympy.asinh(x) / 2,
    "tangent": sympy.tan(x / 3),
    "hyperbolic secant": x + sympy.sech(x),
}


@pytest.mark.parametrize("name", [*bounds.activations(), *USER_EXPRESSIONS, *FURTHER_EXPRESSIONS])
def test_the_tree_is_the_function(name: str) -> None:
    """At random rationals the checker's value of the tree contains the package's value of the expression."""
    expression = (USER_EXPRESSIONS | FURTHER_EXPRESSIONS).get(name)
    phi = None if expression is None else bounds.Activation.from_expression(expression, name)
    function = (phi or bounds.activation(name)).function
    tree, draw = function_tree(function.expression), random.Random(name)
    for _ in range(12):
        at = Fraction(draw.randint(-190, 190), 100)
        value = check_artefact.jet(tree, [check_artefact.I(at)], check_artefact.I(at))[0]
        low, high = (arb(fmpq(end.numerator, end.denominator)) for end in (value.lo, value.hi))
        expected = function.value(at)
        assert not (expected < low or expected > high)
        assert value.hi - value.lo < Fraction(1, 2**80)


def test_what_the_format_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="rational numbers only"):
        function_tree(sympy.Piecewise((x, x < sympy.sqrt(2)), (sympy.sqrt(2), True)))
    with pytest.raises(ValueError, match="LambertW"):
        function_tree(sympy.LambertW(x))


def test_slopes_and_intercepts_that_are_no_rationals_are_trees() -> None:
    assert enclosure("softplus", 1e-3)["intercept"] == ["log", 2]
    assert enclosure("erf", 1e-3)["slope_plus"] == ["mul", 2, ["pow", "pi", "-1/2"]]


def test_the_error_bound_is_at_least_the_error_and_close_to_it() -> None:
    """Random pieces of tanh - x: the bound against the value at a hundred points, by package evaluation."""
    e, draw = ["add", ["tanh", "x"], ["mul", -1, "x"]], random.Random(1)
    tanh = bounds.activation("tanh").function
    for _ in range(20):
        low = Fraction(draw.uniform(-2, 1.5)).limit_denominator(1000)
        high = low + Fraction(draw.randint(1, 300), 1000)
        order = draw.randint(0, 6)
        bound = check_artefact.error(e, low, high, (low + high) / 2, order)
        worst = max(
            float(abs(tanh.value(t) - ball(t)).upper()) for t in (low + (high - low) * k / 100 for k in range(101))
        )
        assert float(bound) >= worst * (1 - 1e-12)
        assert order < 4 or float(bound) <= 1.3 * worst + 1e-6


def test_taylors_formula_needs_its_centre_in_the_box() -> None:
    """tanh(10 x) is 0 at 0 and flat on (1, 2): from there the mean value form would bound it by nearly 0."""
    steep = ["tanh", ["mul", 10, "x"]]
    assert float(check_artefact.error(steep, Fraction(1), Fraction(2), Fraction(1), 1)) == pytest.approx(1)
    with pytest.raises(ValueError, match="centre"):
        check_artefact.error(steep, Fraction(1), Fraction(2), Fraction(0), 1)


def test_arguments_are_checked() -> None:
    phi = bounds.activation("tanh")
    with pytest.raises(ValueError, match="tolerance"):
        activation_enclosure(phi, 0)
    with pytest.raises(ValueError, match="radius"):
        activation_enclosure(phi, 1e-3, -1)
    with pytest.raises(NoProofError):
        activation_enclosure(phi, 1e-3, float("inf"))
