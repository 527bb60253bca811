"""Base sets: which source neurons may serve one subset-sum problem, and by what factor their weights count.

A problem of row r, key (j, c) has the variables ``factors * source weight(r, columns)``. Keys are (input neuron j of
the target layer, sign class c), or :data:`CONSTANT` for biases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bounds.widths.blocks import Block, odd_part
from bounds.widths.constants import Constant
from bounds.widths.stages import Sizes
from constructions.architecture import LayerRecord
from constructions.evaluation import FloatArray
from constructions.mask import IntArray
from constructions.nonlinearity import numeric
from constructions.source import source_weights

Key = tuple[int, int]
CONSTANT_NEURON = -1
CONSTANT: Key = (CONSTANT_NEURON, 0)
_FRESH_CHUNK = 64
_NO_POSITIONS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class BaseSet:
    """Columns of the layer whose weights are the variables, and the factor of each, in order of preference."""

    columns: IntArray
    factors: FloatArray

    def window(self, start: int, stop: int) -> BaseSet:
        """Return the variables start..stop-1 (fewer if the base set is shorter)."""
        return BaseSet(self.columns[start:stop], self.factors[start:stop])


class BaseSets(Protocol):
    """A provider of base sets; it may build further neurons of the same source network to fill them."""

    def size(self, key: Key) -> int:
        """Return the planned number of variables of one problem."""

    def reserve(self, sizes: dict[Key, int]) -> None:
        """Make at least ``sizes[key]`` variables available per key, where the source allows it."""

    def base_set(self, key: Key, size: int) -> BaseSet:
        """Return the first ``size`` variables of ``key`` (fewer if there are not so many)."""

    def expand(self, key: Key, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Return (index into ``columns``, surviving column): every column a selected variable keeps."""


@dataclass(frozen=True, slots=True)
class InputSource:
    """One input of a helper layer: the column it comes from and the sign of its values (0: both)."""

    neuron: int
    column: int
    sign: int


@dataclass(frozen=True, slots=True)
class ConstantSource:
    """The column a constant of a helper layer keeps (the bias, or a constant below) and the value found there."""

    column: int
    value: float
    kind: Constant


class HelperPool:
    """The helper neurons of one two-for-one stage, assigned to inputs once the signs of their weights are known.

    Assignment follows ``bounds.widths.assignment``: constants first, then one-signed, then two-signed inputs; each
    takes the first neurons of the pool that fit and that nobody took. A pool that is not ``fixed`` grows at its end.
    """

    def __init__(
        self,
        *,
        seed: int,
        layer_index: int,
        record: LayerRecord,
        block: Block,
        inputs: list[InputSource],
        constant: ConstantSource | None,
        sizes: Sizes,
        width: int,
        fixed: bool,
    ) -> None:
        self._seed, self._layer_index, self._record, self._block = seed, layer_index, record, block
        self._step = block.rule.neurons_per_variable
        self._fixed = fixed
        self._constant = constant
        self._inputs = {source.neuron: source for source in inputs}
        self._positions: dict[Key, IntArray] = {}
        self._base_sets: dict[Key, BaseSet] = {}
        self._free: IntArray = np.arange(width // self._step, dtype=np.int64)
        self._planned = self._fresh = len(self._free)
        self._sizes = sizes
        self._assign()

    @property
    def used_width(self) -> int:
        """Neurons up to the last assigned one."""
        last = max((int(found.max()) for found in self._positions.values() if len(found)), default=-1)
        return (last + 1) * self._step

    @property
    def spare_neurons(self) -> int:
        """Neurons assigned beyond the planned pool."""
        return self._step * sum(int((found >= self._planned).sum()) for found in self._positions.values())

    def keys(self, neuron: int) -> list[Key]:
        """Return the sign classes of one input: one, or two for a split block on an input of both signs."""
        return [(neuron, 0), (neuron, 1)] if self._splits(self._inputs[neuron]) else [(neuron, 0)]

    def size(self, key: Key) -> int:
        """Return the planned number of variables of one problem."""
        if key == CONSTANT:
            return self._sizes.constant
        return self._sizes.one_signed if self._inputs[key[0]].sign else self._sizes.two_signed

    def reserve(self, sizes: dict[Key, int]) -> None:
        """Extend the base sets that are shorter than asked for."""
        for key, size in sizes.items():
            missing = size - len(self._positions[key])
            if missing > 0:
                self._extend(key, missing)

    def base_set(self, key: Key, size: int) -> BaseSet:
        """Return the first ``size`` variables of ``key``."""
        self.reserve({key: size})
        found = self._positions[key]
        known = self._base_sets.get(key)
        if known is None or len(known.columns) != len(found):
            known = self._base_sets[key] = BaseSet(found * self._step, self._factors(key, found))
        return known.window(0, size)

    def expand(self, key: Key, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Return every surviving column; a pair keeps (v, -v)."""
        index = np.arange(len(columns))
        if self._step == 1:
            return index, columns
        return np.concatenate([index, index]), np.concatenate([columns, columns + 1])

    def incoming(self, live: IntArray) -> tuple[IntArray, IntArray]:
        """Return (rows, columns) of the weights that the live helper neurons keep."""
        rows, columns = [], []
        for key, found in self._positions.items():
            neurons = (found[:, None] * self._step + np.arange(self._step)).ravel()
            kept = neurons[np.isin(neurons, live)]
            rows.append(kept)
            columns.append(np.full(len(kept), self._column(key), dtype=np.int64))
        return np.concatenate([_NO_POSITIONS, *rows]), np.concatenate([_NO_POSITIONS, *columns])

    def _splits(self, source: InputSource) -> bool:
        return self._block.rule.split and source.sign == 0

    def _column(self, key: Key) -> int:
        if key == CONSTANT:
            assert self._constant is not None
            return self._constant.column
        return self._inputs[key[0]].column

    def _weights(self, key: Key, positions: IntArray) -> FloatArray:
        """Return the surviving incoming weights of the variables at ``positions`` (of the first neuron of a pair)."""
        rows = positions * self._step
        return source_weights(self._seed, self._layer_index, self._record, rows, self._column(key))

    def _assign(self) -> None:
        if self._constant is not None:
            self._take([CONSTANT], self._sizes.constant)
        for source in sorted(self._inputs.values(), key=lambda item: item.sign == 0):
            keys = self.keys(source.neuron)
            self._take(keys, self.size(keys[0]))

    def _take(self, keys: list[Key], need: int) -> None:
        """Give each of ``keys`` (classes of one group) the first free neurons that fit."""
        taken = np.zeros(len(self._free), dtype=bool)
        for key, fits in zip(keys, self._fitting(keys, self._free), strict=True):
            chosen = np.flatnonzero(fits)[:need]
            taken[chosen] = True
            self._positions[key] = self._free[chosen]
        self._free = self._free[~taken]

    def _fitting(self, keys: list[Key], positions: IntArray) -> list[np.ndarray]:
        """Return for each class of one group which of ``positions`` fit."""
        tests = [self._test(key) for key in keys]
        if tests[0] is None:
            return [np.ones(len(positions), dtype=bool)]
        weights = self._weights(keys[0], positions)
        return [test(weights) for test in tests if test is not None]

    def _test(self, key: Key) -> Callable[[FloatArray], np.ndarray] | None:
        """Return the test a surviving weight must pass for ``key``, or None if every neuron fits."""
        if key == CONSTANT:
            return self._constant_test()
        source = self._inputs[key[0]]
        if not self._block.rule.split:
            return None
        if source.sign == 0:
            return _sign_test(-1 if key[1] else 1)
        return _sign_test(source.sign * (1 if self._block.positive_side else -1))

    def _constant_test(self) -> Callable[[FloatArray], np.ndarray]:
        assert self._constant is not None
        half, sign = 0.5 * self._record.scale, self._constant.kind.sign
        side = sign if self._constant.value > 0 else -sign
        return lambda weights: (np.abs(weights) >= half) & ((side * weights > 0) | (side == 0))

    def _extend(self, key: Key, count: int) -> None:
        """Give ``key`` up to ``count`` more variables: free neurons first, then (unless fixed) fresh ones."""
        while count > 0:
            fits = np.flatnonzero(self._fitting([key], self._free)[0])[:count]
            self._positions[key] = np.concatenate([self._positions[key], self._free[fits]])
            self._free = np.delete(self._free, fits)
            count -= len(fits)
            if self._fixed or count == 0:
                return
            fresh = np.arange(self._fresh, self._fresh + _FRESH_CHUNK, dtype=np.int64)
            self._fresh += _FRESH_CHUNK
            self._free = np.concatenate([self._free, fresh])

    def _factors(self, key: Key, positions: IntArray) -> FloatArray:
        if key == CONSTANT:
            return self._constant_values(positions)
        return self._slope(self._inputs[key[0]]) * self._weights(key, positions)

    def _slope(self, source: InputSource) -> float:
        """Return the signed factor of v*u in a problem whose target is the weight itself."""
        plus, minus, total = self._block.slopes
        if self._block.rule.neurons_per_variable == 2 or self._splits(source):
            return total
        return plus if self._block.positive_side else minus

    def _constant_values(self, positions: IntArray) -> FloatArray:
        assert self._constant is not None
        values = self._weights(CONSTANT, positions) * self._constant.value
        if self._step == 2:
            odd = odd_part(self._block.activation).function
            return np.array([2 * float(odd.value(float(value)).mid()) for value in values])
        return numeric(self._block.activation.function.name).numpy(values)


def _sign_test(sign: int) -> Callable[[FloatArray], np.ndarray]:
    return lambda weights: sign * weights > 0
