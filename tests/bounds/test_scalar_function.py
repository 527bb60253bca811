"""Ranges and Lipschitz constants of named functions: outward, attained, cached, and refused for bad input."""

import math
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.enclosures.lipschitz import global_lipschitz
from bounds.functions import ScalarFunction, x
from bounds.named import scalar_function
from bounds.registry import ACTIVATIONS, TARGET_FUNCTIONS

NAMES = [*ACTIVATIONS, *TARGET_FUNCTIONS]
LIPSCHITZ = {
    "relu": 1, "leaky_relu": 1, "tanh": 1, "sigmoid": sympy.Rational(1, 4), "identity": 1, "abs": 1,
    "squared_relu": sympy.oo, "softplus": 1, "hardswish": sympy.Rational(3, 2), "exp": sympy.oo, "sin": 1,
    "gelu": (1 + sympy.erf(1)) / 2 + sympy.exp(-1) / sympy.sqrt(sympy.pi), "softsign": 1,
}  # fmt: skip
ends = st.floats(-40, 40)


def numeric(name: str):
    return sympy.lambdify(x, scalar_function(name).expression, "mpmath")


def samples(name: str, low: float, high: float, count: int = 60) -> list[float]:
    phi = numeric(name)
    with mpmath.workdps(60):
        return [float(phi(mpmath.mpf(float(v)))) for v in np.linspace(low, high, count)]


@pytest.mark.parametrize("name", NAMES)
@given(a=ends, b=ends)
@settings(max_examples=12)
def test_ranges_contain_all_values_and_are_attained(name: str, a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    function = scalar_function(name)
    bottom, top = function.range(low, high)
    values = samples(name, low, high)
    assert bottom <= min(values) + 2e-16 * abs(min(values)) + 1e-50
    assert max(values) - 2e-16 * abs(max(values)) - 1e-50 <= top
    rounding = 1e-9 + 4e-16 * max(map(abs, values))
    spacing = function.lipschitz_on(low, high) * (high - low) / 59 + rounding
    assert bottom >= min(values) - spacing and top <= max(values) + spacing


@pytest.mark.parametrize("name", NAMES)
@given(a=ends, b=ends)
@settings(max_examples=12)
def test_local_lipschitz_constants_bound_all_slopes_and_are_attained(name: str, a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    bound = scalar_function(name).lipschitz_on(low, high)
    phi = numeric(name)
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -25
        inner = [v for v in (0.0, *np.linspace(low, high, 60)) if low < v < high]
        slopes = [abs(phi(v + s * step) - phi(v)) / step for v in map(mpmath.mpf, inner) for s in (1, -1)]
        assert all(slope <= bound + mpmath.mpf(10) ** -18 * (1 + slope) for slope in slopes)
    if high - low > 1e-3:
        curvature = 2 * (1 + bound) if name != "exp" else bound
        assert bound <= max(slopes) + curvature * (high - low) / 59


@pytest.mark.parametrize(("name", "interval", "expected"), [
    ("relu", (-2.0, 3.0), (0.0, 3.0)), ("relu", (-2.0, -1.0), (0.0, 0.0)), ("abs", (-2.0, 1.0), (0.0, 2.0)),
    ("squared_relu", (-1.0, 3.0), (0.0, 9.0)), ("identity", (-0.1, 0.3), (-0.1, 0.3)), ("sin", (0.0, 7.0), (-1.0, 1.0)),
    ("relu6", (-1.0, 9.0), (0.0, 6.0)), ("hardtanh", (-5.0, 0.5), (-1.0, 0.5)), ("tanh", (-1e3, 1e3), (-1.0, 1.0)),
])  # fmt: skip
def test_exact_ranges(name: str, interval: tuple[float, float], expected: tuple[float, float]) -> None:
    assert scalar_function(name).range(*interval) == expected


def test_ranges_without_rounding_would_be_caught() -> None:
    """math.tanh, rounded to nearest, lies outside the true range for some ends; the enclosure does not."""
    function = scalar_function("tanh")
    caught = 0
    for v in np.linspace(0.1, 3, 200):
        exact = function.value(float(v))
        bottom, top = function.range(-float(v), float(v))
        assert bottom <= -top <= -math.nextafter(top, 0.0) and bool(exact.upper() <= top)
        caught += bool(exact > math.tanh(v))
    assert caught > 20


@pytest.mark.parametrize("name", LIPSCHITZ)
def test_global_lipschitz_constants(name: str) -> None:
    function = scalar_function(name)
    assert sympy.simplify(function.lipschitz - LIPSCHITZ[name]) == 0 or function.lipschitz == LIPSCHITZ[name]
    assert function.lipschitz_is_exact


@pytest.mark.parametrize("name", NAMES)
def test_global_constants_dominate_local_ones_and_are_attained(name: str) -> None:
    function = scalar_function(name)
    largest = max(function.lipschitz_on(-20.0, 20.0), function.lipschitz_on(-300.0, 300.0))
    assert function.lipschitz == sympy.oo or largest <= math.nextafter(float(function.lipschitz), 9.9)
    assert function.lipschitz == sympy.oo or largest >= float(function.lipschitz) * (1 - 1e-9)


def test_leaky_relu_takes_the_larger_slope() -> None:
    assert scalar_function("leaky_relu", alpha=-3).lipschitz == 3
    assert scalar_function("leaky_relu(0.2)").lipschitz_on(-4, -1) == 0.2
    assert scalar_function("leaky_relu(0.2)").lipschitz_on(-4, 1) == 1.0


@pytest.mark.parametrize(("expression", "expected"), [
    (sympy.tanh(100 * x), 100), (x - sympy.tanh(x), 1), (x**3 - x, sympy.oo), (sympy.atan(x) / 2, sympy.Rational(1, 2)),
    (sympy.Abs(x**2 - 2), sympy.oo), (x + sympy.exp(-(x**2)), 1 + sympy.sqrt(2) * sympy.exp(-sympy.Rational(1, 2))),
])  # fmt: skip
def test_lipschitz_constants_of_other_expressions(expression: sympy.Expr, expected: sympy.Expr) -> None:
    value, exact = global_lipschitz(expression, x)
    assert exact and (value == expected or sympy.simplify(value - expected) == 0)


def test_poles_and_jumps_are_not_overlooked() -> None:
    """Across a pole a derivative of one sign proves nothing: 1/(x-2) is unbounded on [1, 3], not within [-1, 1]."""
    pole = ScalarFunction("pole", 1 / (x - 2))
    assert pole.range(1, 3) == (-math.inf, math.inf) and pole.lipschitz_on(1, 3) == math.inf
    assert pole.range(3, 4) == (0.5, 1.0) and pole.lipschitz == sympy.oo
    with pytest.raises(ValueError, match="not continuous at x = 0"):
        ScalarFunction("step", sympy.Heaviside(x)).range(-1, 1)


def test_values_are_balls_around_the_function() -> None:
    function = scalar_function("sigmoid")
    for v in (0.3, Fraction(1, 3), "0.7", -40):
        with mpmath.workdps(40):
            reference = 1 / (1 + mpmath.exp(-mpmath.mpf(Fraction(v).numerator) / Fraction(v).denominator))
        assert abs(float(function.value(v)) - float(reference)) <= 1e-16
    assert function.at_zero == sympy.Rational(1, 2)


def test_many_intervals_are_quick() -> None:
    """At most 1 ms per new interval for the required functions, on average over 400 of them."""
    rng = np.random.default_rng(1)
    for name in ("relu", "leaky_relu", "tanh", "sigmoid", "identity", "abs", "squared_relu", "gelu", "silu"):
        function = scalar_function(name)
        function.range(-1, 1), function.lipschitz_on(-1, 1)
        start = time.process_time()
        for low, size in zip(rng.normal(0, 5, 200), rng.exponential(3, 200), strict=True):
            function.range(low, low + size)
            function.lipschitz_on(low, low + size)
        assert (time.process_time() - start) / 400 < 1e-3, name


@pytest.mark.parametrize("interval", [(1, 0), (math.nan, 1), (0, math.inf), (-math.inf, 0)])
def test_bad_intervals(interval: tuple[float, float]) -> None:
    for ask in (scalar_function("tanh").range, scalar_function("tanh").lipschitz_on):
        with pytest.raises(ValueError, match="interval"):
            ask(*interval)
