"""Small tickets built by brute force, for tests of what happens after building; shares nothing with the builders."""

from __future__ import annotations

import itertools

import numpy as np

from constructions.source import source_weights
from constructions.target import TargetNetwork
from constructions.ticket import Architecture, LayerRecord, Mask, Ticket

SIZE = 14
SUBSETS = (np.arange(2**SIZE)[:, None] >> np.arange(SIZE)) & 1
Block = list[list[tuple[int, float]]]  # classes of (column, factor); each class must sum to the weight on its own


def nearest_subset(values: np.ndarray, wanted: float) -> np.ndarray:
    """Positions among the first fourteen ``values`` of the subset whose sum is nearest to ``wanted``."""
    padded = np.zeros(SIZE)
    padded[: min(SIZE, len(values))] = values[:SIZE]
    best = int(np.abs(SUBSETS @ padded - wanted).argmin())
    return np.flatnonzero(SUBSETS[best][: len(values)])


class SmallBuilder:
    """Draws one layer after the other and prunes it at once."""

    def __init__(self, target: TargetNetwork, seed: int) -> None:
        self.target, self.seed = target, seed
        self.records: list[LayerRecord] = []
        self.masks: list[Mask] = []
        self.blocks: list[Block] = [[[(column, 1.0)]] for column in range(target.widths[0])]
        self.constants: list[tuple[int, float]] = []

    def helpers(self, activation: str, scale: float, split: bool, bias: bool = False) -> None:
        """Univariate neurons for every single-column block below, fourteen per sign class and more."""
        width_below = self.records[-1].n_out if self.records else self.target.widths[0]
        per_block = 4 * SIZE if split else SIZE
        inputs = [block[0][0][0] for block in self.blocks] + [width_below] * bias
        columns = np.repeat(inputs, per_block)
        record = LayerRecord(width_below, len(columns), activation, scale=scale, bias=bias)
        rows = np.arange(len(columns))
        incoming = source_weights(self.seed, len(self.records) + 1, record, rows, columns)
        self._append(record, rows, columns)
        self.constants = []
        if bias:
            kept = rows[(columns == width_below) & (incoming > 0)][:SIZE]
            value = self._function(activation)
            self.constants = [(int(row), float(value(incoming[row]))) for row in kept]
        self.blocks = [self._classes(rows[columns == column], incoming, split) for column in inputs[: len(self.blocks)]]

    def copies(self, layer: int, count: int, scale: float) -> None:
        """``count`` rows for every neuron of target layer ``layer``, each by subset sums of its own."""
        weight, bias = self.target.weights[layer], self.target.biases[layer]
        record = LayerRecord(self.records[-1].n_out, count * len(weight), self.target.activations[layer], scale=scale)
        rows: list[int] = []
        columns: list[int] = []
        for row in range(record.n_out):
            neuron = row // count
            problems = [(cls, weight[neuron, j]) for j, block in enumerate(self.blocks) for cls in block]
            for pairs, wanted in [*problems, (self.constants, bias[neuron])]:
                kept = self._solve(record, row, pairs, float(wanted))
                rows += [row] * len(kept)
                columns += kept
        self._append(record, np.array(rows), np.array(columns))
        self.constants = []
        self.blocks = [[[(neuron * count + k, 1.0) for k in range(count)]] for neuron in range(len(weight))]

    def ticket(self) -> Ticket:
        """The finished ticket."""
        return Ticket(self.seed, Architecture(tuple(self.records), self.target.domain), tuple(self.masks))

    def _append(self, record: LayerRecord, rows: np.ndarray, columns: np.ndarray) -> None:
        self.records.append(record)
        self.masks.append(Mask.from_positions(rows, columns, (record.n_out, record.columns)))

    def _solve(self, record: LayerRecord, row: int, pairs: list[tuple[int, float]], wanted: float) -> list[int]:
        if wanted == 0.0 or not pairs:
            return []
        columns = np.array([column for column, _ in pairs])
        outgoing = source_weights(self.seed, len(self.records) + 1, record, row, columns)
        kept = nearest_subset(outgoing * np.array([factor for _, factor in pairs]), wanted)
        return columns[kept].tolist()

    @staticmethod
    def _classes(rows: np.ndarray, incoming: np.ndarray, split: bool) -> Block:
        pairs = [(int(row), float(incoming[row])) for row in rows]
        if not split:
            return [pairs]
        return [[pair for pair in pairs if pair[1] * sign > 0] for sign in (1, -1)]

    @staticmethod
    def _function(activation: str):  # type: ignore[no-untyped-def]
        return {"relu": lambda v: max(v, 0.0), "tanh": np.tanh, "identity": lambda v: v}[activation]


def two_layers_for_one(target: TargetNetwork, phi: str, seed: int = 1, scale: float = 1.0) -> Ticket:
    """A 2L ticket; biases in the first target layer only."""
    builder = SmallBuilder(target, seed)
    for layer in range(target.depth):
        builder.helpers(phi, scale, split=phi == "relu", bias=layer == 0)
        builder.copies(layer, 1, 2.0 / scale)
    return builder.ticket()


def one_layer_more(target: TargetNetwork, phi: str, seed: int = 1, scale: float = 1.0) -> Ticket:
    """An L+1 ticket; biases in the first target layer only."""
    builder = SmallBuilder(target, seed)
    builder.helpers(phi, scale, split=phi == "relu", bias=True)
    for layer in range(target.depth):
        last = layer == target.depth - 1
        builder.copies(layer, 1 if last else SIZE, 2.0 / scale if layer == 0 else 2.0)
    return builder.ticket()


def small_target(activation: str, seed: int = 0, widths: tuple[int, ...] = (3, 4, 2)) -> TargetNetwork:
    """A random target with a bias in the first layer, on [-1, 1]^n."""
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(-1, 1, (above, below)) for below, above in itertools.pairwise(widths)]
    biases = [rng.uniform(0, 1, widths[1]), *([None] * (len(widths) - 2))]
    names = [activation] * (len(widths) - 2) + ["identity"]
    return TargetNetwork(weights, biases, names, (-np.ones(widths[0]), np.ones(widths[0])))
