"""Names, parameters and aliases of the registry, and the symbols its expressions are written in."""

import pickle
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from bounds.expansion import AssumptionError
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.named import activation, activations, canonical_name, exact_parameter, scalar_function
from bounds.registry import ACTIVATIONS, TARGET_FUNCTIONS

REQUIRED = ("relu", "leaky_relu", "tanh", "sigmoid", "identity")


def test_required_names_are_there() -> None:
    assert set(REQUIRED) <= set(activations())
    assert {"abs", "squared_relu"} == set(TARGET_FUNCTIONS) and not {"abs", "squared_relu"} & set(activations())


@pytest.mark.parametrize("name", activations())
def test_every_registered_activation_satisfies_the_assumption(name: str) -> None:
    act = activation(name)
    assert act.name == name and act.expression.free_symbols <= {x} and not act.expression.atoms(sympy.Float)
    assert sympy.simplify(act.m_plus + act.m_minus) != 0
    assert act.d == act.function.at_zero


@pytest.mark.parametrize("name", sorted(TARGET_FUNCTIONS))
def test_target_functions_are_functions_but_no_first_activations(name: str) -> None:
    assert scalar_function(name).name == name
    with pytest.raises(AssumptionError, match="m = 0"):
        activation(name)


@pytest.mark.parametrize(
    ("spelling", "alpha"),
    [
        ("leaky_relu", "1/100"),
        ("leaky_relu(0.2)", "1/5"),
        ("leaky_relu(alpha=0.2)", "1/5"),
        (" Leaky_ReLU ( 1/3 ) ", "1/3"),
        ("leaky_relu(-0.5)", "-1/2"),
        ("leaky_relu(1e-3)", "1/1000"),
    ],
)
def test_parameters_in_the_name(spelling: str, alpha: str) -> None:
    assert activation(spelling).m_minus == sympy.Rational(alpha)
    assert scalar_function(spelling).value(-1).overlaps(-scalar_function("identity").value(Fraction(alpha)))


@pytest.mark.parametrize("alpha", [0.2, "0.2", Fraction(1, 5), sympy.Rational(1, 5), np.float64(0.2)])
def test_parameters_by_keyword_are_exact(alpha: object) -> None:
    act = activation("leaky_relu", alpha=alpha)
    assert act.m_minus == sympy.Rational(1, 5) and act.name == "leaky_relu(0.2)"
    assert act == activation(act.name)


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_float_parameter_is_the_decimal_it_prints_as(alpha: float) -> None:
    """The float64 that is evaluated lies within half a unit in the last place of the exact parameter."""
    exact = exact_parameter("alpha", alpha)
    assert exact == Fraction(repr(alpha)) and float(exact) == alpha
    assert exact_parameter("alpha", 0.1) == Fraction(1, 10) != Fraction(0.1)


def test_canonical_names() -> None:
    assert canonical_name("linear") == scalar_function("linear").name == activation("linear").name == "identity"
    assert canonical_name("leaky_relu(0.01)") == canonical_name("leaky_relu", alpha="1/100") == "leaky_relu"
    assert canonical_name("leaky_relu(1/3)") == "leaky_relu(1/3)"
    for name in (*ACTIVATIONS, *TARGET_FUNCTIONS, "leaky_relu(0.2)", "elu(1/3)"):
        assert canonical_name(canonical_name(name)) == canonical_name(name)


@pytest.mark.parametrize("ask", [activation, scalar_function])
@pytest.mark.parametrize("name", ["rellu", "", "tanh(", "relu)", 3, None])
def test_unknown_names_list_the_known_ones(ask, name: object) -> None:
    with pytest.raises(ValueError, match="is unknown; use one of relu, leaky_relu, tanh, sigmoid, identity"):
        ask(name)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("tanh", {"alpha": 1}, "does not take alpha; it takes no parameters"),
        ("leaky_relu", {"beta": 1}, "does not take beta; it takes alpha"),
        ("leaky_relu(0.1, 0.2)", {}, "has 2 parameters; at most 1"),
        ("leaky_relu(abc)", {}, "alpha='abc' must be a finite number"),
        ("leaky_relu", {"alpha": float("nan")}, "alpha=nan must be a finite number"),
        ("leaky_relu", {"alpha": float("inf")}, "alpha=inf must be a finite number"),
        ("leaky_relu", {"alpha": True}, "alpha=True must be a finite number"),
        ("leaky_relu", {"alpha": None}, "alpha=None must be a finite number"),
        ("celu(0)", {}, "undefined for {'alpha': 0}"),
    ],
)
def test_bad_parameters(name: str, parameters: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        activation(name, **parameters)


def test_leaky_relu_with_slope_minus_one_is_refused_like_abs() -> None:
    with pytest.raises(AssumptionError, match="m_plus = 1, m_minus = -1, so m = 0"):
        activation("leaky_relu", alpha=-1)


def test_activations_and_functions_can_be_pickled() -> None:
    act = activation("gelu")
    act.certify(1e-3)
    copy = pickle.loads(pickle.dumps(act))
    assert copy == act and copy.radius(1e-3, "exact") == act.radius(1e-3, "exact")
    assert pickle.loads(pickle.dumps(act.function)).range(-1, 1) == act.function.range(-1, 1)


@pytest.mark.parametrize("name", activations())
def test_derivation_is_quick(name: str) -> None:
    """Under 2 s of processor time from the expression to radius, Lipschitz constant and certificate, nothing cached."""
    fresh = ACTIVATIONS[name].build(**{k: sympy.Rational(v) for k, v in ACTIVATIONS[name].parameters.items()})
    shifted = fresh + sympy.Rational(len(name), 7919)
    start = time.process_time()
    act = Activation.from_expression(shifted, name="fresh")
    assert act.certify(1e-4).verdict == "proved" and act.lipschitz >= 0
    assert time.process_time() - start < 2
