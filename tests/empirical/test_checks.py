"""The suite's own checks on activations of every kind, a user's own among them."""

from __future__ import annotations

import pytest
import sympy

import bounds
from bounds import x
from empirical.checks import ACTIVATION_CHECKS, THEORY_CHECKS, Outcome, check_activation, check_expression


def violations(outcomes: list[Outcome]) -> list[str]:
    return [f"{outcome.check}: {violation}" for outcome in outcomes for violation in outcome.violations]


@pytest.mark.parametrize("name", ["relu", "sigmoid", "hardswish", "leaky_relu(-0.5)"])
def test_named_activations_pass_every_check(name: str) -> None:
    outcomes = check_activation(bounds.activation(name), seed=3)
    assert [outcome.check for outcome in outcomes] == list(ACTIVATION_CHECKS)
    assert not violations(outcomes)
    assert all(outcome.performed > 0 for outcome in outcomes)


LOGARITHMIC = x * (1 + 1 / (sympy.log(1 + 1 / sympy.Abs(x)) + 2))


@pytest.mark.parametrize(
    ("expression", "silent"),
    [
        (2 * x + sympy.sin(x) ** 2, {"tickets"}),
        (x + sympy.Abs(x) ** sympy.Rational(3, 2), {"tickets"}),
        (sympy.Piecewise((2 * x + x**3, x >= 0), (-x / 3 - x**2, True)), {"tickets"}),
        (LOGARITHMIC, {"tickets", "majorants", "gap functions"}),
    ],
)
def test_expressions_of_a_user_pass_every_check_that_applies(expression: sympy.Expr, silent: set[str]) -> None:
    """Smooth, a power 3/2, two polynomials, an error that no power bounds."""
    outcomes = check_expression(expression)
    assert not violations(outcomes)
    assert all(outcome.ok for outcome in outcomes)
    assert {outcome.check for outcome in outcomes if outcome.not_applicable} == silent


def test_every_check_says_what_it_claims_and_holds_it_against() -> None:
    for check in (*ACTIVATION_CHECKS.values(), *THEORY_CHECKS.values()):
        assert check.statement and check.oracle
    assert not set(ACTIVATION_CHECKS) & set(THEORY_CHECKS)
