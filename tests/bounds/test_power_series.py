"""Exact expansions agree with mpmath's Taylor coefficients, and Taylor models contain the function."""

from fractions import Fraction

import mpmath
import pytest
import sympy
from flint import arb
from sympy import Rational, asinh, atan, cos, erf, exp, log, sin, sqrt, tanh

from bounds.arithmetic import ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.one_sided import T as t
from bounds.enclosures.one_sided import exponential_form
from bounds.enclosures.power_series import NoPowerExpansion, differentiated, expand, is_zero
from bounds.enclosures.taylor_model import NoTaylorModel, TaylorModel, taylor_model

ANALYTIC = [
    tanh(t) - t,
    1 / (1 + exp(-t)),
    t * tanh(log(1 + exp(t))),
    t * (1 + erf(t / sqrt(2))) / 2,
    exp(t) * sin(tanh(3 * t) + 1),
    atan(sin(exp(t))),
    asinh(t) ** 2 + log(1 + 2 * t) / 3,
    t / sqrt(1 + t**2) - cos(t) ** 3,
    sin(t) / t + t / (exp(t) - 1),
    (1 - cos(t)) / t**2 * (2 + t) ** -3,
]
PUISEUX = [t ** Rational(3, 2) + t, sqrt(t + t**2), sin(sqrt(t)) ** 2 * exp(t), (1 + sqrt(t)) ** Rational(1, 3)]


def coefficients(expression: sympy.Expr, count: int) -> list[mpmath.mpf]:
    """Taylor coefficients at 0 by mpmath (contour-free divided differences at 80 digits), via the limit at 0."""
    function = sympy.lambdify(t, expression, "mpmath")
    with mpmath.workdps(120):
        h = mpmath.mpf(10) ** -8
        points = [h * (k + 1) for k in range(count + 12)]
        matrix = mpmath.matrix([[p**k for k in range(len(points))] for p in points])
        return list(mpmath.lu_solve(matrix, mpmath.matrix([function(p) for p in points])))[:count]


@pytest.mark.parametrize("expression", ANALYTIC, ids=str)
def test_coefficients_match_interpolation(expression: sympy.Expr) -> None:
    form = exponential_form(expression)
    series = expand(form, t, Fraction(7))[form]
    assert series.order >= 5
    for k, reference in enumerate(coefficients(expression, 5)):
        value = mpmath.mpf(str(sympy.N(series.coefficient(k), 30)))
        assert abs(value - reference) < mpmath.mpf(10) ** -12 * (1 + abs(reference)), (k, value, reference)


@pytest.mark.parametrize("expression", ANALYTIC + PUISEUX, ids=str)
@working_precision
def test_taylor_models_contain_the_function_and_wrong_remainders_do_not(expression: sympy.Expr) -> None:
    form = exponential_form(expression)
    table = expand(form, t, Fraction(4))
    model = next(m for m in (attempt(form, table, arb(2) ** -k) for k in range(1, 8)) if m is not None)
    function = sympy.lambdify(t, expression, "mpmath")
    emptied = TaylorModel(model.terms, model.order, iv.NOTHING, model.radius)
    violated = False
    for k in range(1, 17):
        at = model.radius * k / 16
        with mpmath.workdps(40):
            value = arb(str(function(mpmath.mpf(float(at)))))
        box = iv.Interval(at.lower(), at.upper())
        assert contains(model, box, value)
        violated |= not contains(emptied, box, value)
    assert violated or model.order == float("inf"), "a model without its remainder must be seen to fail"


def attempt(form: sympy.Expr, table: dict, radius: arb) -> TaylorModel | None:
    try:
        return taylor_model(form, t, radius, Fraction(6), table)
    except NoTaylorModel:
        return None


def contains(model: TaylorModel, box: iv.Interval, value: arb) -> bool:
    image = iv.multiply(iv.rational_power(box, Fraction(model.valuation)), model.scaled_range(model.valuation, box))
    slack = arb(10) ** -30
    return bool(image.lo - slack <= value <= image.hi + slack)


def test_fractional_powers_have_exact_leading_terms() -> None:
    series = expand(sqrt(t + t**2), t, Fraction(4))[sqrt(t + t**2)]
    assert series.terms[:2] == ((Fraction(1, 2), 1), (Fraction(3, 2), Rational(1, 2)))


def test_derivatives_of_series() -> None:
    series = differentiated(expand(exp(2 * t), t, Fraction(5))[exp(2 * t)])
    assert [series.coefficient(k) for k in range(4)] == [2, 4, 4, Rational(8, 3)] and series.order == 4


@pytest.mark.parametrize("expression", [t * log(t), exp(-1 / t), t * sin(1 / t), 1 / log(1 / t), t**t], ids=str)
def test_functions_without_powers_are_refused(expression: sympy.Expr) -> None:
    with pytest.raises(NoPowerExpansion):
        expand(expression, t, Fraction(3))


@working_precision
def test_zero_is_decided_symbolically() -> None:
    e = sympy.E
    assert is_zero((e - 1 / e) / (e + 1 / e) - tanh(1)) and is_zero(sympy.atan(1) - sympy.pi / 4)
    assert is_zero(sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1)
    assert not is_zero(sympy.Rational(1, 10**60)) and not is_zero(sympy.log(2) - Rational(693147, 10**6))
    assert not ball(sympy.log(2) - Rational(693147, 10**6)).contains(0)
