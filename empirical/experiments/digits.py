"""Sparse targets on real input: handwritten digits, a small network, iterative magnitude pruning with rewinding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from constructions.nonlinearity import numeric
from constructions.target import TargetNetwork

PIXEL_LEVELS = 16.0
TEST_IMAGES = 360


@dataclass(frozen=True, slots=True)
class Digits:
    """scikit-learn's bundled handwritten digits, pixels scaled to [0, 1], split once and for all by a seed."""

    train_inputs: NDArray[np.float64]
    train_labels: NDArray[np.int64]
    test_inputs: NDArray[np.float64]
    test_labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DigitsConfiguration:
    """Everything a digits target depends on.

    ``parameters``  nonzero weights and biases left at the end; biases are never pruned.
    ``levels``      rounds of pruning, each removing the same fraction of the weights and rewinding to the start.
    ``steps``       full-batch Adam steps per round, the rate falling linearly to zero.
    """

    activation: str
    hidden: tuple[int, ...] = (16,)
    parameters: int = 320
    levels: int = 6
    steps: int = 250
    rate: float = 0.03
    weight_decay: float = 3e-4
    seed: int = 0
    split_seed: int = 0

    def __post_init__(self) -> None:
        if self.parameters <= sum(self.widths[1:]):
            raise ValueError(
                f"DigitsConfiguration: parameters={self.parameters} leaves no weight beside the "
                f"{sum(self.widths[1:])} biases of widths {self.widths}; ask for more parameters"
            )

    @property
    def widths(self) -> tuple[int, ...]:
        """(64, hidden..., 10)."""
        return (64, *self.hidden, 10)


@dataclass(frozen=True, slots=True)
class PruningLevel:
    """One round of training: what was left and how accurate it was."""

    level: int
    parameters: int
    train_accuracy: float
    test_accuracy: float


@dataclass(frozen=True, slots=True)
class DigitsTarget:
    """A trained sparse target and the history of its pruning."""

    configuration: DigitsConfiguration
    network: TargetNetwork
    history: tuple[PruningLevel, ...]


@cache
def digits(split_seed: int = 0) -> Digits:
    """The digits with a train/test split drawn from ``split_seed`` (1437 and 360 images)."""
    from sklearn.datasets import load_digits

    inputs, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(split_seed).permutation(len(labels))
    test, train = order[:TEST_IMAGES], order[TEST_IMAGES:]
    scaled = inputs.astype(np.float64) / PIXEL_LEVELS
    arrays = scaled[train], labels[train].astype(np.int64), scaled[test], labels[test].astype(np.int64)
    for array in arrays:
        array.flags.writeable = False
    return Digits(*arrays)


def accuracy(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Fraction of rows whose largest entry (the first of equals) is the label."""
    return float(np.mean(np.argmax(logits, axis=1) == labels))


@contextmanager
def single_thread() -> Iterator[None]:
    """One torch thread inside, the caller's number outside: sums then never depend on the number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def digits_target(activation: str, seed: int = 0) -> DigitsTarget:
    """The default digits target of an activation: widths (64, 16, 10), at most 320 nonzero parameters."""
    return train_digits(DigitsConfiguration(activation, seed=seed))


def train_digits(configuration: DigitsConfiguration) -> DigitsTarget:
    """Train, prune the smallest weights, rewind to the initial values, repeat.

    Deterministic: the generator is explicit and torch runs on one thread, whatever the caller's setting.
    """
    data = digits(configuration.split_seed)
    with single_thread():
        start = _initial_parameters(configuration)
        masks = [torch.ones_like(parameter) for parameter in start]
        history = []
        for level in range(configuration.levels + 1):
            trained = _train(configuration, data, start, masks)
            history.append(_measure(level, configuration, data, trained))
            if level < configuration.levels:
                masks = _prune(trained, _weights_to_keep(configuration, level + 1))
    return DigitsTarget(configuration, _network(configuration, trained), tuple(history))


def _initial_parameters(configuration: DigitsConfiguration) -> list[Tensor]:
    """Weights U[-r, r] with r = sqrt(6 / (n_in + n_out)), biases zero: W1, b1, W2, b2, ..."""
    generator = torch.Generator().manual_seed(configuration.seed)
    parameters = []
    for n_in, n_out in zip(configuration.widths, configuration.widths[1:], strict=False):
        unit = torch.rand((n_out, n_in), generator=generator, dtype=torch.float64)
        parameters.append((2 * unit - 1) * (6 / (n_in + n_out)) ** 0.5)
        parameters.append(torch.zeros(n_out, dtype=torch.float64))
    return parameters


def _forward(configuration: DigitsConfiguration, parameters: list[Tensor], inputs: Tensor) -> Tensor:
    phi = numeric(configuration.activation).torch
    values = inputs
    for index in range(0, len(parameters), 2):
        values = values @ parameters[index].T + parameters[index + 1]
        if index + 2 < len(parameters):
            values = phi(values)
    return values


def _train(configuration: DigitsConfiguration, data: Digits, start: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
    """Minimise cross entropy plus weight decay over the unmasked parameters, from ``start``."""
    inputs, labels = torch.from_numpy(data.train_inputs.copy()), torch.from_numpy(data.train_labels.copy())
    free = [(value * mask).clone().requires_grad_() for value, mask in zip(start, masks, strict=True)]
    optimiser = torch.optim.Adam(free, lr=configuration.rate)
    for step in range(configuration.steps):
        for group in optimiser.param_groups:
            group["lr"] = configuration.rate * (1 - step / configuration.steps)
        masked = [value * mask for value, mask in zip(free, masks, strict=True)]
        decay = sum((value.square().sum() for value in masked), start=torch.zeros((), dtype=torch.float64))
        loss = torch.nn.functional.cross_entropy(_forward(configuration, masked, inputs), labels)
        optimiser.zero_grad()
        (loss + configuration.weight_decay * decay).backward()
        optimiser.step()
    return [(value * mask).detach() for value, mask in zip(free, masks, strict=True)]


def _weights_to_keep(configuration: DigitsConfiguration, level: int) -> int:
    """Weights left after ``level`` rounds: a geometric sequence that ends at the wanted number."""
    widths = configuration.widths
    biases = sum(widths[1:])
    weights = sum(n_in * n_out for n_in, n_out in pairwise(widths))
    final = min(weights, configuration.parameters - biases)
    return round(weights * (final / weights) ** (level / configuration.levels))


def _prune(parameters: list[Tensor], keep: int) -> list[Tensor]:
    """Keep the ``keep`` largest weights of the whole network (ties: the earlier one) and every bias."""
    weights = torch.cat([parameter.abs().flatten() for parameter in parameters[::2]])
    kept = torch.zeros_like(weights)
    kept[torch.argsort(weights, descending=True, stable=True)[:keep]] = 1
    parts = iter(torch.split(kept, [parameter.numel() for parameter in parameters[::2]]))
    return [
        torch.ones_like(parameter) if parameter.ndim == 1 else next(parts).reshape(parameter.shape)
        for parameter in parameters
    ]


def _measure(level: int, configuration: DigitsConfiguration, data: Digits, parameters: list[Tensor]) -> PruningLevel:
    scores = []
    for inputs, labels in ((data.train_inputs, data.train_labels), (data.test_inputs, data.test_labels)):
        logits = _forward(configuration, parameters, torch.from_numpy(inputs.copy())).numpy()
        scores.append(accuracy(logits, labels))
    return PruningLevel(level, sum(int(torch.count_nonzero(value)) for value in parameters), *scores)


def _network(configuration: DigitsConfiguration, parameters: list[Tensor]) -> TargetNetwork:
    """The trained network on the domain [0, 1]^64 with identity output: it returns logits."""
    arrays = [parameter.numpy().copy() for parameter in parameters]
    hidden = len(configuration.hidden)
    return TargetNetwork(
        weights=arrays[::2],
        biases=arrays[1::2],
        activations=(configuration.activation,) * hidden + ("identity",),
        domain=(np.zeros(64), np.ones(64)),
    )
