"""Rows: source neurons that stand for one target neuron each, found by solving the problems of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bounds.widths.stages import Sizes
from constructions.architecture import LayerRecord
from constructions.base_sets import CONSTANT, BaseSet, BaseSets, Key
from constructions.evaluation import FloatArray
from constructions.mask import IntArray
from constructions.nonlinearity import numeric
from constructions.plan import StageSettings
from constructions.solvers.interface import solve_subset_sums
from constructions.source import source_weights

CONSTANT_NEURON = -1


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

    @property
    def spare_rows(self) -> int:
        """Rows tried beyond those that had to succeed."""
        return self.counters.spare_rows

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
        solved = _Solver(self, list(keys), table).run()
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


@dataclass(frozen=True, slots=True)
class _Solved:
    """Surviving positions (rows, columns), the problems left unsolved, and the sums of the constants' rows."""

    rows: IntArray
    columns: IntArray
    unsolved: IntArray
    sums: dict[int, float]


class _Solver:
    """Solves a table of problems (row, neuron, key index, target) window by window."""

    def __init__(self, stage: RowStage, keys: list[Key], table: list[tuple[int, int, int, float]]) -> None:
        self._stage, self._keys = stage, keys
        self._rows = np.array([entry[0] for entry in table], dtype=np.int64)
        self._neurons = np.array([entry[1] for entry in table], dtype=np.int64)
        self._key_of = np.array([entry[2] for entry in table], dtype=np.int64)
        self._targets = np.array([entry[3] for entry in table], dtype=np.float64)
        self._found: list[tuple[IntArray, IntArray]] = []
        self._sums: dict[int, float] = {}

    def run(self) -> _Solved:
        """Try every attempt in turn on what is still unsolved."""
        pending = np.arange(len(self._rows))
        self._stage.counters.problems += len(pending)
        stage = self._stage
        attempts = {
            key: list(stage.settings.attempts(stage.base_sets.size(key), key == CONSTANT)) for key in self._keys
        }
        for attempt in range(max((len(found) for found in attempts.values()), default=0)):
            if not len(pending):
                break
            windows = {key: found[attempt] for key, found in attempts.items() if attempt < len(found)}
            pending = self._attempt(pending, windows)
            if attempt == 0:
                self._stage.counters.first_failures += len(pending)
        empty = np.zeros(0, dtype=np.int64)
        rows = np.concatenate([empty, *(pair[0] for pair in self._found)])
        columns = np.concatenate([empty, *(pair[1] for pair in self._found)])
        return _Solved(rows, columns, pending, self._sums)

    def _attempt(self, pending: IntArray, windows: dict[Key, tuple[int, int]]) -> IntArray:
        """Solve the pending problems on one window per key; return those still unsolved."""
        order = pending[np.argsort(self._key_of[pending], kind="stable")]
        present, starts = np.unique(self._key_of[order], return_index=True)
        members = dict(zip(present.tolist(), np.split(order, starts[1:]), strict=True))
        live = {index: self._keys[index] for index in members if self._keys[index] in windows}
        self._stage.base_sets.reserve({key: windows[key][1] for key in live.values()})
        by_size: dict[int, list[tuple[IntArray, BaseSet, Key]]] = {}
        for index, key in live.items():
            start, stop = windows[key]
            base_set = self._stage.base_sets.base_set(key, stop).window(start, stop)
            if len(base_set.columns) or stop == 0:
                by_size.setdefault(len(base_set.columns), []).append((members[index], base_set, key))
                largest = max(self._stage.counters.largest_base_set, start + len(base_set.columns))
                self._stage.counters.largest_base_set = largest
        solved = [self._solve(batch) for batch in by_size.values()]
        done = np.concatenate([np.zeros(0, dtype=np.int64), *solved])
        return np.setdiff1d(pending, done, assume_unique=True)

    def _solve(self, batch: list[tuple[IntArray, BaseSet, Key]]) -> IntArray:
        """Solve all problems whose base sets have one length; return the indices of the solved ones."""
        stage = self._stage
        variables = np.concatenate([self._variables(members, base_set) for members, base_set, _ in batch])
        members = np.concatenate([entry[0] for entry in batch])
        solutions = solve_subset_sums(
            variables,
            self._targets[members],
            stage.settings.solver_tolerance,
            objective=stage.settings.objective,
            device=stage.device,
        )
        bits = (solutions.masks[:, None] >> np.arange(variables.shape[1], dtype=np.uint64)) & np.uint64(1)
        chosen = (bits != 0) & solutions.solved[:, None]
        offset = 0
        for own, base_set, key in batch:
            selected = chosen[offset : offset + len(own)]
            self._keep(own, base_set, key, selected)
            self._keep_sums(own, selected, variables[offset : offset + len(own)])
            offset += len(own)
        return members[solutions.solved]

    def _variables(self, members: IntArray, base_set: BaseSet) -> FloatArray:
        stage = self._stage
        rows = self._rows[members]
        weights = source_weights(stage.seed, stage.layer_index, stage.record, rows[:, None], base_set.columns[None, :])
        return weights * base_set.factors

    def _keep(self, members: IntArray, base_set: BaseSet, key: Key, selected: np.ndarray) -> None:
        problem, variable = np.nonzero(selected)
        rows, columns = self._rows[members[problem]], base_set.columns[variable]
        index, kept = self._stage.base_sets.expand(key, columns)
        self._found.append((rows[index], kept))

    def _keep_sums(self, members: IntArray, selected: np.ndarray, variables: FloatArray) -> None:
        constants = np.flatnonzero(self._neurons[members] == CONSTANT_NEURON)
        for index in constants.tolist():
            self._sums[int(self._rows[members[index]])] = float(variables[index][selected[index]].sum())


class CopySets:
    """Base sets of a one-for-one stage: the copies of each input neuron, built on demand by the stage below."""

    def __init__(self, below: RowStage, sizes: Sizes) -> None:
        self._below, self._sizes = below, sizes

    def size(self, key: Key) -> int:
        """Return the planned number of variables of one problem."""
        return self._sizes.constant if key == CONSTANT else self._sizes.two_signed

    def reserve(self, sizes: dict[Key, int]) -> None:
        """Let the stage below build the copies asked for."""
        self._below.ensure({key[0]: size for key, size in sizes.items()})

    def base_set(self, key: Key, size: int) -> BaseSet:
        """Return the first ``size`` copies of an input neuron, or of the constants with their values."""
        if key == CONSTANT:
            return self._below.constants().window(0, size)
        rows = self._below.rows_of(key[0])[:size]
        return BaseSet(rows, np.ones(len(rows)))

    def expand(self, key: Key, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Return the columns as they are: one weight per variable."""
        return np.arange(len(columns)), columns
