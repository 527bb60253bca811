"""Float64 activations against high precision."""

import mpmath
import numpy as np
import pytest
import sympy
import torch

import bounds
from bounds.arithmetic import lower, upper
from constructions.nonlinearity import UNDERFLOW, UNIT_ROUNDOFF, _from_expression, numeric

NAMES = (
    *bounds.activations(), "abs", "squared_relu",
    "leaky_relu(0.2)", "leaky_relu(-0.7)", "elu(0.3)", "celu(0.3)", "celu(2.5)",
)  # fmt: skip


def points() -> np.ndarray:
    """Both signs, from subnormal to saturated, and ordinary values."""
    sizes = np.concatenate([np.logspace(-310, 2.8, 100), np.random.default_rng(0).uniform(0, 20, 80)])
    return np.concatenate([sizes, -sizes, [0.0]])


def worst_excess(name: str, values: np.ndarray, at: np.ndarray, relative_error: float) -> float:
    """Largest |value - phi| - (relative_error |phi| + UNDERFLOW), in units of the allowance.

    phi with 700 digits, as the expression itself cancels down to the smallest float.
    """
    worst = -1.0
    with mpmath.workdps(700):
        phi = sympy.lambdify(bounds.x, bounds.scalar_function(name).expression, modules="mpmath")
        for value, x in zip(values.tolist(), at.tolist(), strict=True):
            exact = mpmath.mpf(phi(mpmath.mpf(x)))
            allowed = abs(exact) * relative_error + UNDERFLOW
            worst = max(worst, float((abs(exact - value) - allowed) / allowed))
    return worst


def test_the_oracle_is_the_function_that_bounds_encloses() -> None:
    with mpmath.workdps(700):
        for name in NAMES:
            phi = sympy.lambdify(bounds.x, bounds.scalar_function(name).expression, modules="mpmath")
            for x in (-3.7, -0.3, 0.2, 5.1):
                enclosure = bounds.scalar_function(name).value(x)
                assert lower(enclosure) <= phi(mpmath.mpf(x)) <= upper(enclosure)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_and_torch_stay_within_the_stated_error(name: str) -> None:
    function, at = numeric(name), points()
    assert function.relative_error <= 2.0**-40
    assert worst_excess(name, function.numpy(at), at, function.relative_error) <= 0.0
    assert worst_excess(name, function.torch(torch.tensor(at)).numpy(), at, function.relative_error) <= 0.0


def test_the_comparison_sees_a_wrong_last_place() -> None:
    at = points()
    shifted = np.tanh(at) * (1 + 64 * UNIT_ROUNDOFF)
    assert worst_excess("tanh", shifted, at, numeric("tanh").relative_error) > 0.0


def test_the_naive_sigmoid_would_be_caught() -> None:
    at = np.linspace(-40.0, -30.0, 20)
    naive = 1.0 - 1.0 / (1.0 + np.exp(at))
    assert worst_excess("sigmoid", naive, at, numeric("sigmoid").relative_error) > 0.0


def test_parameters_in_the_name_matter() -> None:
    assert numeric("leaky_relu(0.2)").numpy(np.array([-1.0]))[0] == -0.2
    assert numeric("leaky_relu").numpy(np.array([-1.0]))[0] == -0.01
    assert numeric("linear").name == "identity"


EXPRESSIONS = (
    sympy.Max(0, bounds.x) * sympy.sqrt(2),
    bounds.x * (1 + sympy.erf(bounds.x / sympy.sqrt(2))) / 2,
    sympy.Min(1, sympy.Max(-1, bounds.x)),
    sympy.log(1 + sympy.exp(bounds.x)),
    sympy.Piecewise((bounds.x, bounds.x >= 0), (sympy.exp(bounds.x) - 1, True)),
    sympy.pi * bounds.x / (1 + sympy.Abs(bounds.x)),
)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_any_expression_evaluates_in_both_libraries(expression: sympy.Expr) -> None:
    function = _from_expression("mine", expression)
    at = np.linspace(-3.0, 3.0, 13)
    exact = np.array([float(expression.subs(bounds.x, sympy.Float(v, 30))) for v in at])
    assert np.abs(function.numpy(at) - exact).max() < 1e-14
    assert np.abs(function.torch(torch.tensor(at)).numpy() - exact).max() < 1e-14
    assert function.relative_error == float("inf")


def test_a_constant_expression_keeps_the_shape() -> None:
    assert _from_expression("mine", sympy.Integer(2)).numpy(np.zeros((2, 3))).tolist() == [[2.0] * 3] * 2


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no_such"):
        numeric("no_such")


def test_torch_code_is_differentiable() -> None:
    for name in ("relu", "leaky_relu(0.2)", "tanh", "sigmoid"):
        at = torch.tensor([-0.5, 0.5], dtype=torch.float64, requires_grad=True)
        numeric(name).torch(at).sum().backward()
        step = 1e-6
        slope = (numeric(name).numpy(np.array([-0.5, 0.5]) + step) - numeric(name).numpy(np.array([-0.5, 0.5]))) / step
        assert at.grad is not None
        assert np.abs(at.grad.numpy() - slope).max() < 1e-5
