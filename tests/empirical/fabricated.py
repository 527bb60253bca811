"""Hand-made tickets with any weights: what ``sup_error`` needs of a ticket, and nothing of the builder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

from constructions.architecture import Architecture, LayerRecord
from constructions.nonlinearity import numeric
from constructions.target import TargetNetwork


@dataclass(frozen=True)
class Fabricated:
    """A masked network given by its matrices; evaluates like a ticket."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    architecture: Architecture

    def matrices(self) -> list[tuple[csr_matrix, np.ndarray]]:
        return [(csr_matrix(weight), bias) for weight, bias in zip(self.weights, self.biases, strict=True)]

    def dense(self) -> TargetNetwork:
        """The same function as a dense network, for evaluation."""
        names = [layer.activation for layer in self.architecture.layers]
        return TargetNetwork(self.weights, self.biases, names, self.architecture.domain)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        return self.dense()(inputs)


def fabricate(weights, biases, activations, domain) -> Fabricated:
    """Return the network with these matrices (lists of rows allowed) as a ticket."""
    arrays = [np.array(weight, dtype=np.float64) for weight in weights]
    given = [None] * len(arrays) if biases is None else biases
    vectors = [
        np.zeros(len(a)) if b is None else np.array(b, dtype=np.float64) for a, b in zip(arrays, given, strict=True)
    ]
    records = tuple(
        LayerRecord(n_in=array.shape[1], n_out=array.shape[0], activation=name, bias=index == 0)
        for index, (array, name) in enumerate(zip(arrays, activations, strict=True))
    )
    return Fabricated(arrays, vectors, Architecture(records, domain))


def random_target(
    generator, widths, activation, output="identity", biases=True, low=-1.0, high=1.0, density=0.7
) -> TargetNetwork:
    """Return a random sparse target on the box [low, high]^n_0."""
    weights = [generator.uniform(-1, 1, (b, a)) * (generator.random((b, a)) < density) for a, b in pairwise(widths)]
    vectors = [generator.uniform(-1, 1, len(w)) * biases for w in weights]
    names = [activation] * (len(weights) - 1) + [output]
    return TargetNetwork(weights, vectors, names, (np.full(widths[0], low), np.full(widths[0], high)))


def perturbed(generator, target: TargetNetwork, size: float) -> Fabricated:
    """Return the target with every parameter moved by up to ``size``; zeros stay."""

    def move(array):
        return array + size * generator.uniform(-1, 1, array.shape) * (array != 0)

    return fabricate(
        [move(w) for w in target.weights], [move(b) for b in target.biases], target.activations, target.domain
    )


def split_parts(generator, value: float, parts: int, noise: float) -> np.ndarray:
    """Return ``parts`` numbers of both signs whose sum is within ``noise`` of ``value``."""
    numbers = generator.uniform(-1, 1, parts)
    numbers[-1] += value + noise * generator.uniform(-1, 1) - numbers.sum()
    return numbers


SLOPES = {"relu": (1.0, 0.0), "leaky_relu": (1.0, 0.01), "tanh": (1.0, 1.0), "sigmoid": (0.25, 0.25)}


@dataclass(frozen=True)
class Helpers:
    """A layer of univariate helpers: incoming weights, biases, and the members of every base set."""

    incoming: np.ndarray
    biases: np.ndarray
    members: dict[tuple[int, int], np.ndarray]
    constants: np.ndarray
    activation: str
    pairs: bool


def helper_layer(
    generator, inputs: int, activation: str, scale: float, pairs: bool, size: int = 4, biases: bool = True
) -> Helpers:
    """Return helpers for every input, ``size`` of either sign of u or ``size`` pairs (u, -u), and bias-only neurons."""
    rows: list[np.ndarray] = []
    members = {}
    for j in range(inputs):
        right = scale * generator.uniform(0.2, 1.0, size)
        left = -right if pairs else -scale * generator.uniform(0.2, 1.0, size)
        for side, u in ((1, right), (-1, left)):
            members[j, side] = np.arange(len(rows), len(rows) + size)
            rows.extend(np.eye(inputs)[j] * value for value in u)
    constants = np.arange(len(rows), len(rows) + (2 * size if biases else 0))
    rows.extend(np.zeros(inputs) for _ in constants)
    vector = np.zeros(len(rows))
    drawn = generator.uniform(0.2, 1.0, size if biases else 0)
    vector[constants] = np.concatenate((drawn, -drawn))
    return Helpers(np.array(rows), vector, members, constants, activation, pairs)


def outgoing(generator, helpers: Helpers, target_row: np.ndarray, bias: float, noise: float) -> np.ndarray:
    """Return one row above ``helpers`` that approximates ``target_row`` and ``bias``, each within about ``noise``."""
    row = np.zeros(len(helpers.incoming))
    plus, minus = SLOPES[helpers.activation]
    for j in np.flatnonzero(target_row):
        right, left = helpers.members[j, 1], helpers.members[j, -1]
        sizes = [np.abs(helpers.incoming[side, j]) for side in (right, left)]
        part = target_row[j] / (plus + minus)  # (plus P + minus N) x for x >= 0 and (minus P + plus N) x for x < 0
        row[right] = split_parts(generator, part, len(right), noise) / sizes[0]
        row[left] = -row[right] if helpers.pairs else -split_parts(generator, part, len(left), noise) / sizes[1]
    if bias and len(helpers.constants):
        half = len(helpers.constants) // 2
        above, below = helpers.constants[:half], helpers.constants[half:]
        phi = numeric(helpers.activation).numpy
        values = phi(helpers.biases[above]) - (phi(helpers.biases[below]) if helpers.pairs else 0.0)
        row[above] = split_parts(generator, bias, half, noise) / values
        row[below] = -row[above] if helpers.pairs else 0.0
    return row


def one_more_layer(
    generator, target: TargetNetwork, noise: float, first: str, copies: int = 3, scale: float = 0.1
) -> Fabricated:
    """Return an L+1 ticket: helpers, then the target layers with ``copies`` copies of each neuron but the outputs.

    ``first`` is the helpers' activation. Biases of later layers come from one extra constant neuron per layer, fed by
    the bias-only helpers.
    """
    helpers = helper_layer(generator, target.widths[0], first, scale, first in ("sigmoid", "tanh"))
    weights = [helpers.incoming]
    sources = constant = None
    for index, (weight, bias) in enumerate(zip(target.weights, target.biases, strict=True)):
        last = index == target.depth - 1
        order = np.arange(len(weight)) if last else generator.permutation(np.repeat(np.arange(len(weight)), copies))
        if sources is None:
            rows = [outgoing(generator, helpers, weight[i], bias[i], noise) for i in order]
            rows.append(outgoing(generator, helpers, np.zeros(weight.shape[1]), 1.0, 0.3))
        else:
            rows = [_copied_row(generator, weight[i], bias[i] / constant, sources, noise) for i in order]
            rows.append(np.append(np.zeros(len(sources)), 1.0))
        weights.append(np.array(rows[:-1] if last else rows))
        sources, constant = order, _last_value(helpers, weights, target)
    return fabricate(weights, [helpers.biases] + [None] * target.depth, [first, *target.activations], target.domain)


def _last_value(helpers: Helpers, weights: list[np.ndarray], target: TargetNetwork) -> float:
    """Return the value of the last neuron, which is constant."""
    phi = [numeric(name).numpy for name in (helpers.activation, *target.activations)]
    values = phi[0](helpers.biases)
    for weight, activation in zip(weights[1:], phi[1:], strict=False):
        values = activation(weight @ values)
    return float(values[-1])


def _copied_row(generator, target_row, last, sources, noise) -> np.ndarray:
    row = np.append(np.zeros(len(sources)), last)
    for j in np.flatnonzero(target_row):
        copies = np.flatnonzero(sources == j)
        row[copies] = split_parts(generator, target_row[j], len(copies), noise)
    return row


def two_per_layer(generator, target: TargetNetwork, noise: float, first: str, scale: float = 0.1) -> Fabricated:
    """Return a 2L ticket: helpers and rows in turn, one copy of every neuron; biases in the first layer only."""
    weights, biases, names = [], [], []
    for index, (weight, bias, name) in enumerate(zip(target.weights, target.biases, target.activations, strict=True)):
        pairs = first in ("sigmoid", "tanh")
        helpers = helper_layer(generator, weight.shape[1], first, scale, pairs, biases=index == 0)
        rows = [outgoing(generator, helpers, row, b, noise) for row, b in zip(weight, bias, strict=True)]
        weights += [helpers.incoming, np.array(rows)]
        biases += [helpers.biases if index == 0 else None, None]
        names += [first, name]
    return fabricate(weights, biases, names, target.domain)
