"""Rows: source neurons that stand for one target neuron each, found by solving the problems of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from constructions.architecture import LayerRecord
from constructions.base_sets import CONSTANT, CONSTANT_NEURON, BaseSet, BaseSets, Key
from constructions.mask import IntArray
from constructions.nonlinearity import numeric
from constructions.plan import StageSettings
from constructions.windows import WindowSolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A subset-sum problem that no allowed base set solved.

    ``layer`` target layer; ``row`` source row; ``neuron`` target neuron (-1: a constant); ``input`` target input
    (-1: the bias); ``target`` the value asked for; ``tolerance`` allowed; ``fatal`` if no spare row replaces it.
    """

    layer: int
    row: int
    neuron: int
    input: int
    target: float
    tolerance: float
    fatal: bool


@dataclass(slots=True)
class Counters:
    """What a stage has done: problems posed, unsolved at the first attempt, and rows given up."""

    problems: int = 0
    first_failures: int = 0
    spare_rows: int = 0
    largest_base_set: int = 0


@dataclass(slots=True)
class _Group:
    """All rows built for one target neuron (or for the constants): where they lie and which succeeded."""

    start: int
    reserved: int
    tried: int = 0
    rows: list[int] = field(default_factory=list)


class RowStage:
    """The rows of one target layer, built on demand on top of ``base_sets``.

    ``neurons``  the target neurons to provide, in ascending order; ``problems[i]`` the list of (key, target value) of
    neuron i; the constants aim at ``settings.constant_target`` with one bias problem, or are fully pruned.
    """

    def __init__(
        self,
        *,
        settings: StageSettings,
        seed: int,
        layer_index: int,
        record: LayerRecord,
        activation: str,
        base_sets: BaseSets,
        problems: dict[int, list[tuple[Key, float]]],
        device: str,
    ) -> None:
        self.settings, self.seed, self.layer_index, self.record = settings, seed, layer_index, record
        self._activation = numeric(activation)
        self.base_sets, self.device = base_sets, device
        self._problems = dict(problems)
        self.counters = Counters()
        self.failures: list[Failure] = []
        self._groups = {
            neuron: _Group(rank * settings.copies, settings.copies) for rank, neuron in enumerate(sorted(problems))
        }
        self._reserved = len(problems) * settings.copies
        if settings.constant_rows:
            self._groups[CONSTANT_NEURON] = _Group(self._reserved, settings.constant_rows)
            target = settings.constant_target
            self._problems[CONSTANT_NEURON] = [] if target is None else [(CONSTANT, target)]
            self._reserved += settings.constant_rows
        self._next = self._reserved
        self._constants: dict[int, float] = {}
        self._kept_rows: list[IntArray] = []
        self._kept_columns: list[IntArray] = []

    @property
    def width(self) -> int:
        """Rows reserved, and those appended later."""
        return max(self._next, 1)

    def ensure(self, needs: dict[int, int]) -> None:
        """Build rows until neuron i has ``needs[i]`` successful ones, or its reserve is used up."""
        while True:
            wanted = [(neuron, row) for neuron, need in needs.items() for row in self._new_rows(neuron, need)]
            if not wanted:
                return
            self._build(wanted)

    def rows_of(self, neuron: int) -> IntArray:
        """Return the successful rows of a target neuron."""
        return np.array(self._groups[neuron].rows, dtype=np.int64)

    def constants(self) -> BaseSet:
        """Return the constant rows built so far with their values."""
        rows = self._groups[CONSTANT_NEURON].rows
        return BaseSet(np.array(rows, dtype=np.int64), np.array([self._constants[row] for row in rows]))

    def kept(self, live: IntArray) -> tuple[IntArray, IntArray]:
        """Return (rows, columns) of the weights that the live rows keep."""
        rows = np.concatenate([np.zeros(0, dtype=np.int64), *self._kept_rows])
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *self._kept_columns])
        alive = np.isin(rows, live)
        return rows[alive], columns[alive]

    def _new_rows(self, neuron: int, need: int) -> Iterator[int]:
        """Yield positions of fresh rows so that ``need`` of the neuron's rows can succeed."""
        group = self._groups[neuron]
        for _ in range(need - len(group.rows)):
            if group.tried < group.reserved:
                yield group.start + group.tried
            elif not self.settings.fixed_width:
                yield self._next
                self._next += 1
            else:
                return
            group.tried += 1

    def _build(self, wanted: list[tuple[int, int]]) -> None:
        """Solve all problems of the given (neuron, row) pairs and record which rows succeeded."""
        keys: dict[Key, int] = {}
        table = [
            (row, neuron, keys.setdefault(key, len(keys)), target)
            for neuron, row in wanted
            for key, target in self._problems[neuron]
        ]
        solved = WindowSolver(self, list(keys), table).run()
        failed_rows = self._record_failures(table, list(keys), solved.unsolved)
        for neuron, row in wanted:
            if row in failed_rows and self.settings.replaceable:
                self.counters.spare_rows += 1
                continue
            self._groups[neuron].rows.append(row)
            if neuron == CONSTANT_NEURON:
                self._constants[row] = float(self._activation.numpy(np.array([solved.sums.get(row, 0.0)]))[0])
        keep = ~np.isin(solved.rows, list(failed_rows)) if self.settings.replaceable and failed_rows else slice(None)
        self._kept_rows.append(solved.rows[keep])
        self._kept_columns.append(solved.columns[keep])

    def _record_failures(
        self, table: list[tuple[int, int, int, float]], keys: list[Key], unsolved: IntArray
    ) -> set[int]:
        for index in unsolved.tolist():
            row, neuron, key, target = table[index]
            self.failures.append(
                Failure(
                    layer=self.settings.layer,
                    row=row,
                    neuron=neuron,
                    input=keys[key][0],
                    target=target,
                    tolerance=self.settings.sizes.tolerance,
                    fatal=not self.settings.replaceable,
                )
            )
        return {table[index][0] for index in unsolved.tolist()}
