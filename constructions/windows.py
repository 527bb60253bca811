"""Subset-sum problems of one stage, solved window by window of their base sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from constructions.base_sets import CONSTANT, CONSTANT_NEURON, BaseSet, Key
from constructions.evaluation import FloatArray
from constructions.mask import IntArray
from constructions.solvers.interface import solve_subset_sums
from constructions.source import source_weights

if TYPE_CHECKING:
    from constructions.rows import RowStage


@dataclass(frozen=True, slots=True)
class Solved:
    """Surviving positions (rows, columns), the problems left unsolved, and the sums of the constants' rows."""

    rows: IntArray
    columns: IntArray
    unsolved: IntArray
    sums: dict[int, float]


class WindowSolver:
    """Solves a table of problems (row, neuron, key index, target) window by window."""

    def __init__(self, stage: RowStage, keys: list[Key], table: list[tuple[int, int, int, float]]) -> None:
        self._stage, self._keys = stage, keys
        self._rows = np.array([entry[0] for entry in table], dtype=np.int64)
        self._neurons = np.array([entry[1] for entry in table], dtype=np.int64)
        self._key_of = np.array([entry[2] for entry in table], dtype=np.int64)
        self._targets = np.array([entry[3] for entry in table], dtype=np.float64)
        self._found: list[tuple[IntArray, IntArray]] = []
        self._sums: dict[int, float] = {}

    def run(self) -> Solved:
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
        return Solved(rows, columns, pending, self._sums)

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
        solved = solutions.solved & self._within_cap(members, np.where(bits != 0, np.abs(variables), 0.0).sum(axis=1))
        chosen = (bits != 0) & solved[:, None]
        offset = 0
        for own, base_set, key in batch:
            selected = chosen[offset : offset + len(own)]
            self._keep(own, base_set, key, selected)
            self._keep_sums(own, selected, variables[offset : offset + len(own)])
            offset += len(own)
        return members[solved]

    def _within_cap(self, members: IntArray, amplification: FloatArray) -> np.ndarray:
        """Return whether the sums of |w_k| keep to the plan's cap on the amplification (bias problems have none)."""
        cap = self._stage.settings.sizes.cap
        if cap is None:
            return np.ones(len(members), dtype=bool)
        bias = np.array([key == CONSTANT for key in self._keys])[self._key_of[members]]
        return bias | (amplification <= np.abs(self._targets[members]) + cap)

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
