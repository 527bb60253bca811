"""Targets on real input: sparse, accurate, the same bytes on any number of threads; random targets beside them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirical.experiments.digits import (
    DigitsConfiguration,
    DigitsTarget,
    accuracy,
    digits,
    digits_target,
    single_thread,
    train_digits,
)
from empirical.experiments.random_targets import random_sparse_target

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid")


def assert_equal(first: DigitsTarget, second: DigitsTarget) -> None:
    for name in ("weights", "biases"):
        for one, other in zip(getattr(first.network, name), getattr(second.network, name), strict=True):
            assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_targets_are_sparse_and_accurate(activation: str) -> None:
    target = digits_target(activation)
    network, data = target.network, digits()
    assert network.widths == (64, 16, 10)
    assert 280 <= network.parameter_count <= 320
    assert all(np.count_nonzero(bias) == bias.size for bias in network.biases[1:]), "biases are exercised"
    assert network.activations == (activation, "identity") or network.activations[0].startswith(activation)
    score = accuracy(network(data.test_inputs), data.test_labels)
    assert score >= 0.93
    assert score == pytest.approx(target.history[-1].test_accuracy, abs=1e-12), "two forward passes agree"
    assert max(np.abs(weight).max() for weight in network.weights) > 1, "layer scales are needed"


def test_history_shrinks_and_rewinds() -> None:
    history = digits_target("relu").history
    counts = [level.parameters for level in history]
    assert counts == sorted(counts, reverse=True) and counts[0] > 1000
    assert all(level.train_accuracy > 0.95 for level in history)


def test_threads_do_not_change_a_bit() -> None:
    configuration = DigitsConfiguration("tanh", levels=2, steps=40)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = train_digits(configuration)
        torch.set_num_threads(2)
        two = train_digits(configuration)
        assert torch.get_num_threads() == 2, "the caller's setting is put back"
    finally:
        torch.set_num_threads(before)
    assert_equal(one, two)


def test_only_the_own_seed_matters() -> None:
    configuration = DigitsConfiguration("relu", levels=1, steps=10)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = train_digits(configuration)
    assert torch.equal(torch.get_rng_state(), state), "no global random state is touched"
    torch.manual_seed(2)
    assert_equal(first, train_digits(configuration))
    other = train_digits(DigitsConfiguration("relu", levels=1, steps=10, seed=1))
    assert not np.array_equal(first.network.weights[0], other.network.weights[0])


def test_single_thread_is_put_back_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), single_thread():
        assert torch.get_num_threads() == 1
        raise RuntimeError
    assert torch.get_num_threads() == before


def test_the_split_has_every_image_once_and_pixels_in_the_domain() -> None:
    data = digits()
    assert data.train_inputs.shape == (1437, 64) and data.test_inputs.shape == (360, 64)
    assert data.train_inputs.min() == 0 and data.train_inputs.max() == 1
    assert set(data.test_labels) == set(range(10))
    assert (digits(1).test_inputs != data.test_inputs).any()
    assert not data.test_inputs.flags.writeable


def test_too_few_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="parameters=26 leaves no weight"):
        DigitsConfiguration("relu", parameters=26)


@pytest.mark.parametrize("zero_biases", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_random_targets_have_the_number_and_no_dead_neuron(zero_biases: bool, seed: int) -> None:
    target = random_sparse_target(seed=seed, zero_biases=zero_biases)
    assert target.parameter_count == 300 and target.widths == (64, 32, 10)
    assert (np.count_nonzero(target.weights[0], axis=1) > 0).all()
    assert (np.count_nonzero(target.weights[1], axis=0) > 0).all()
    assert (np.count_nonzero(target.weights[1], axis=1) > 0).all()
    assert zero_biases == (not any(bias.any() for bias in target.biases))
    assert max(np.abs(array).max() for array in (*target.weights, *target.biases)) <= 1


def test_random_targets_depend_on_their_seed_alone() -> None:
    first, again, other = (random_sparse_target(seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.weights[0], again.weights[0]) and not np.array_equal(first.weights[0], other.weights[0])


@pytest.mark.parametrize("parameters", [10, 10_000])
def test_impossible_numbers_of_parameters_are_refused(parameters: int) -> None:
    with pytest.raises(ValueError, match=f"parameters={parameters} must lie between"):
        random_sparse_target(parameters=parameters)
