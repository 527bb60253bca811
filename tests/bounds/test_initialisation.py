"""Initialisation scales: homogeneous networks need one factor, others one per layer, biases the product."""

import math

import numpy as np
import pytest

import bounds
from bounds.initialisation import (
    SCHEMES,
    InitialisationScales,
    initialisation_scales,
    is_positively_homogeneous,
    required_scales,
)
from tests.bounds.test_widths import dense

Layers = list[np.ndarray]


def relu(t: np.ndarray) -> np.ndarray:
    return np.maximum(t, 0)


def leaky(t: np.ndarray) -> np.ndarray:
    return np.where(t >= 0, t, 0.01 * t)


def run(weights: Layers, biases: Layers, functions: list, x: np.ndarray) -> np.ndarray:
    for weight, bias, phi in zip(weights, biases, functions, strict=True):
        x = phi(weight @ x + bias[:, None])
    return x


def drawn(scales: InitialisationScales, rng: np.random.Generator) -> tuple[Layers, Layers]:
    """A random network by the scheme, biases in every layer, half of all parameters pruned."""
    weights = [rng.uniform(-s.drawn, s.drawn, (s.fan_out, s.fan_in)) for s in scales.layers]
    biases = [rng.uniform(-s.drawn, s.drawn, s.fan_out) for s in scales.layers]
    return [w * (rng.random(w.shape) < 0.5) for w in weights], [b * (rng.random(b.shape) < 0.5) for b in biases]


@pytest.mark.theorem
@pytest.mark.parametrize("scheme", ["he", "glorot", "lecun"])
@pytest.mark.parametrize(("activation", "phi"), [("relu", relu), ("leaky_relu", leaky)])
@pytest.mark.parametrize("construction", ["2L", "L+1"])
def test_one_factor_at_the_end_makes_the_ticket(construction: str, activation: str, phi: object, scheme: str) -> None:
    """Masked: f(lambda_l W_l, Lambda_l b_l) = Lambda_L f(W, b) for homogeneous activations; not with lambda_l b_l."""
    spec = dense((2, 3, 2), activation, weight=0.3, bias=0.0)
    scales = initialisation_scales(bounds.width_requirement(spec, construction, 0.3, 0.1), scheme)
    assert scales.homogeneous and scales.output_factor is not None
    rng = np.random.default_rng(0)
    weights, biases = drawn(scales, rng)
    functions = [phi] * (len(weights) - 1) + [lambda t: t]
    x = rng.uniform(-1, 1, (2, 50))
    scaled = [s.factor * w for s, w in zip(scales.layers, weights, strict=True)]
    right = [s.bias_factor * b for s, b in zip(scales.layers, biases, strict=True)]
    wrong = [s.factor * b for s, b in zip(scales.layers, biases, strict=True)]
    expected = scales.output_factor * run(weights, biases, functions, x)
    size = np.abs(expected).max()
    assert np.abs(run(scaled, right, functions, x) - expected).max() < 1e-9 * size
    assert np.abs(run(scaled, wrong, functions, x) - expected).max() > 1e-3 * size


@pytest.mark.theorem
def test_tanh_needs_a_factor_per_layer() -> None:
    """The factor cannot be pulled through tanh: no output factor, and the identity above fails."""
    spec = dense((2, 3, 2), "tanh", weight=0.3, bias=0.0)
    scales = initialisation_scales(bounds.width_requirement(spec, "2L", 0.3, 0.1), "he")
    assert not scales.homogeneous and scales.output_factor is None
    rng = np.random.default_rng(0)
    weights, biases = drawn(scales, rng)
    x = rng.uniform(-1, 1, (2, 50))
    functions = [np.tanh] * (len(weights) - 1) + [lambda t: t]
    scaled = [s.factor * w for s, w in zip(scales.layers, weights, strict=True)]
    right = [s.bias_factor * b for s, b in zip(scales.layers, biases, strict=True)]
    expected = scales.layers[-1].bias_factor * run(weights, biases, functions, x)
    assert np.abs(run(scaled, right, functions, x) - expected).max() > 0.01 * np.abs(expected).max()


@pytest.mark.parametrize("construction", ["2L", "L+1", "looks-linear"])
def test_scales_are_those_of_the_requirement(construction: str) -> None:
    """Rescaled weights fill U[-sigma_l, sigma_l], sigma_l the plan's, in the order of the source's layers."""
    spec = dense((2, 3, 2), "tanh", weight=0.3)
    plan = bounds.width_requirement(spec, construction, 0.1, 0.1)
    wanted = []
    for stage in plan.stages:
        wanted += [stage.sizes.sigma] if stage.block is None else [stage.sizes.helper_scale, stage.sizes.sigma]
    assert list(required_scales(plan)) == wanted
    scales = initialisation_scales(plan, "glorot")
    product = 1.0
    for layer, sigma, fan_in, fan_out in zip(scales.layers, wanted, plan.widths, plan.widths[1:], strict=False):
        product *= layer.factor
        assert (layer.fan_in, layer.fan_out, layer.required) == (fan_in, fan_out, sigma)
        assert layer.drawn == pytest.approx(math.sqrt(6 / (fan_in + fan_out)))
        assert layer.factor * layer.drawn == pytest.approx(sigma)
        assert layer.bias_factor == pytest.approx(product)
    assert len(scales.layers) == len(plan.widths) - 1


@pytest.mark.parametrize(
    ("scheme", "half_width"),
    [
        ("he", math.sqrt(6 / 8)),
        ("glorot", math.sqrt(6 / 12)),
        ("lecun", math.sqrt(3 / 8)),
        ("he_normal", math.sqrt(2 / 8)),
        ("glorot_normal", math.sqrt(2 / 12)),
        ("lecun_normal", math.sqrt(1 / 8)),
    ],
)
def test_half_widths_by_hand(scheme: str, half_width: float) -> None:
    """fan_in 8, fan_out 4."""
    assert SCHEMES[scheme].half_width(8, 4) == pytest.approx(half_width, rel=1e-15)


@pytest.mark.theorem
def test_a_normal_law_contains_the_uniform_with_the_weight_stated() -> None:
    """weight/(2 s) <= density of N(0, s^2) on [-s, s], attained at the end; other half-widths have less weight."""
    weight = SCHEMES["he_normal"].weight
    t = np.linspace(-1, 1, 1001)
    density = np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    assert np.all(density >= weight / 2 * (1 - 1e-15)) and density.min() == pytest.approx(weight / 2, rel=1e-14)
    assert weight <= math.sqrt(2 / (math.pi * math.e)) and weight > 0.4839
    for c in (0.8, 0.95, 1.05, 1.2):
        assert 2 * c * math.exp(-c * c / 2) / math.sqrt(2 * math.pi) < weight
    assert SCHEMES["he"].weight == 1.0


@pytest.mark.parametrize("name", bounds.activations())
def test_homogeneity_is_that_of_the_values(name: str) -> None:
    """phi(c t) = c phi(t) tried at a few points decides the same for every named activation."""
    function = bounds.scalar_function(name)
    tried = all(
        abs(float((function.value(c * t) - c * function.value(t)).mid())) < 1e-12
        for c in (0.5, 3.0, 40.0)
        for t in (-1.3, -0.2, 0.0, 0.4, 1.7)
    )
    assert is_positively_homogeneous(function) == tried


def test_bad_arguments_are_refused() -> None:
    spec = dense((2, 3, 2), "relu")
    plan = bounds.width_requirement(spec, "2L", 0.3, 0.1)
    with pytest.raises(ValueError, match=r"scheme='xavier' is unknown; choose one of he"):
        initialisation_scales(plan, "xavier")
