"""Base-set sizes over tolerance x failure probability: necessary <= measured <= sufficient at the worst target.

``python -m empirical.experiments.size_grid [--output DIR] [--trials N] [--laws ...]`` prints the tables and writes
``size_grid.csv``, ``size_grid.json`` and ``size_grid.md``. One set of trials per law and tolerance answers every size
and every failure probability; what it cannot decide is an empty cell that says how many trials it would need.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bounds.subset_sum.sizes import necessary_size, sufficient_size
from empirical.experiments.experiment import Advance, Experiment
from empirical.first_sizes import MOST_VARIABLES, first_sizes
from empirical.provenance import provenance
from empirical.records import Record
from empirical.size_interval import SizeInterval, size_interval, trials_needed

LEVELS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
COLUMNS = (
    "law",
    "tolerance",
    "failure_probability",
    "target",
    "necessary",
    "measured_lower",
    "measured",
    "sufficient",
    "measured_over_necessary",
    "sufficient_over_measured",
    "sufficient_over_necessary",
    "trials",
    "confidence",
    "failures",
    "necessary_method",
    "sufficient_method",
    "note",
)
TOO_FEW = "not measured: needs at least {needed} trials"
NOT_SERVED = "not measured: with {most} variables, the most that are searched, {failures} of {trials} trials fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeGridConfiguration:
    """Which cells, and how much is measured.

    ``target``     the target measured; |z| = 1 is the worst in [-1, 1].
    ``trials``     trials per law at tolerances >= ``full_trials_from``, fewer by the root of the ratio below it, where
                   a trial takes longer.
    ``max_size``   sizes tried by exhaustive search.
    """

    laws: tuple[str, ...] = ("uniform", "product")
    tolerances: tuple[float, ...] = LEVELS
    failure_probabilities: tuple[float, ...] = LEVELS
    target: float = 1.0
    trials: int = 2_000_000
    full_trials_from: float = 1e-3
    max_size: int = MOST_VARIABLES
    confidence: float = 0.95
    seed: int = 0

    def trials_at(self, tolerance: float) -> int:
        """Return how many trials are made at a tolerance."""
        return max(1, round(self.trials * min(1.0, tolerance / self.full_trials_from) ** 0.5))

    def as_record(self) -> dict[str, Any]:
        """The configuration as a record stores it; the seed has its own field there."""
        return {key: value for key, value in asdict(self).items() if key != "seed"}


def experiment(configuration: SizeGridConfiguration | None = None) -> Experiment:
    """The experiment; its cells for progress are the pairs of law and tolerance."""
    chosen = configuration or SizeGridConfiguration()
    cells = len(chosen.laws) * len(chosen.tolerances)
    return Experiment("size grid", cells, lambda advance: run(chosen, advance))


def run(configuration: SizeGridConfiguration, advance: Advance) -> tuple[Record, ...]:
    """Record ``size_grid``, one row per law, tolerance and failure probability."""
    rows: list[dict[str, Any]] = []
    seconds: list[float] = []
    for law in configuration.laws:
        for tolerance in configuration.tolerances:
            start = time.perf_counter()
            new = _rows(law, tolerance, configuration)
            rows.extend(new)
            seconds.extend([(time.perf_counter() - start) / len(new)] * len(new))
            advance(f"{law}, tolerance {tolerance:g}, {configuration.trials_at(tolerance)} trials")
    record = Record(
        name="size_grid",
        title="Base-set sizes over tolerance and failure probability",
        configuration=configuration.as_record(),
        seed=configuration.seed,
        columns=COLUMNS,
        rows=tuple(rows),
        provenance=provenance(),
        seconds=tuple(seconds),
    )
    return (record,)


def _rows(law: str, tolerance: float, configuration: SizeGridConfiguration) -> list[dict[str, Any]]:
    """The rows of one law and tolerance, from one set of trials."""
    trials, most = configuration.trials_at(tolerance), configuration.max_size
    sizes = first_sizes(law, tolerance, trials, configuration.seed, configuration.target, most)
    successes = np.cumsum(np.bincount(sizes, minlength=most + 2))[: most + 1].tolist()
    return [
        {"law": law, "tolerance": tolerance, "failure_probability": delta, "target": configuration.target}
        | _cell(law, tolerance, delta, successes, configuration)
        for delta in configuration.failure_probabilities
    ]


def _cell(
    law: str, tolerance: float, delta: float, successes: Sequence[int], configuration: SizeGridConfiguration
) -> dict[str, Any]:
    """The three sizes of one cell, their ratios, and the reason where nothing was measured.

    ``measured_lower`` is the larger of the lower confidence end and what is proved to be necessary.
    """
    necessary, sufficient = necessary_size(tolerance, delta, law), sufficient_size(tolerance, delta, law)
    trials, confidence = configuration.trials_at(tolerance), configuration.confidence
    measured = size_interval(successes, trials, delta, confidence)
    size = measured.upper
    return {
        "necessary": necessary.size,
        "measured_lower": max(necessary.size, measured.lower),
        "measured": size,
        "sufficient": sufficient.size,
        "measured_over_necessary": None if size is None else size / necessary.size,
        "sufficient_over_measured": None if size is None else sufficient.size / size,
        "sufficient_over_necessary": sufficient.size / necessary.size,
        "trials": trials,
        "confidence": confidence,
        "failures": None if size is None else trials - successes[size],
        "necessary_method": necessary.method,
        "sufficient_method": sufficient.method,
        "note": _reason(measured, successes, trials, delta, confidence),
    }


def _reason(
    measured: SizeInterval, successes: Sequence[int], trials: int, delta: float, confidence: float
) -> str | None:
    """Why a cell has no measured size; None where it has one."""
    if measured.upper is not None:
        return None
    needed = trials_needed(delta, confidence)
    if trials < needed:
        return TOO_FEW.format(needed=needed)
    return NOT_SERVED.format(most=len(successes) - 1, failures=trials - successes[-1], trials=trials)


if __name__ == "__main__":
    from empirical.experiments.size_grid_command import main

    raise SystemExit(main())
