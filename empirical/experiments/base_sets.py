"""Base-set sizes: necessary, measured at the worst target and sufficient, over a grid of tolerances."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from bounds.subset_sum.sizes import necessary_size, sufficient_size
from empirical.experiments.experiment import Advance, Experiment
from empirical.frequency import MeasuredSize, measured_size
from empirical.provenance import provenance
from empirical.records import Record

COLUMNS = (
    "law",
    "quantifier",
    "tolerance",
    "failure_probability",
    "target",
    "necessary",
    "measured",
    "sufficient",
    "closed_form",
    "measured_over_necessary",
    "sufficient_over_measured",
    "trials",
    "confidence",
    "frequency",
    "lower",
    "upper",
    "first_likely",
    "necessary_method",
    "sufficient_method",
    "note",
)
NOT_REACHED = "no size up to {most} was served often enough for the lower confidence limit to reach 1 - {delta:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSetsConfiguration:
    """Which laws and levels, and how much is measured.

    ``levels``              tolerance = failure probability.
    ``target``              the target measured; |z| = 1 is the worst in [-1, 1].
    ``trials_per_failure``  trials are this over the failure probability: about as many failures are seen.
    ``most_trials``         but never more than this.
    ``max_size``            sizes tried by exhaustive search.
    """

    laws: tuple[str, ...] = ("uniform", "product")
    levels: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003, 0.001)
    target: float = 1.0
    trials_per_failure: int = 1000
    most_trials: int = 400_000
    max_size: int = 36
    confidence: float = 0.95
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The configuration as a record stores it; the seed has its own field there."""
        return {key: value for key, value in asdict(self).items() if key != "seed"}


def experiment(configuration: BaseSetsConfiguration | None = None, *, seed: int = 0) -> Experiment:
    """The experiment with one cell per law and level; ``seed`` serves the default configuration only."""
    chosen = configuration or BaseSetsConfiguration(seed=seed)
    return Experiment("base sets", len(chosen.laws) * len(chosen.levels), lambda advance: run(chosen, advance))


def run(configuration: BaseSetsConfiguration, advance: Advance) -> tuple[Record, ...]:
    """Record ``base_sets``, one row per law and level."""
    rows, seconds = [], []
    for law in configuration.laws:
        for level in configuration.levels:
            start = time.perf_counter()
            rows.append(size_row(law, level, configuration))
            seconds.append(time.perf_counter() - start)
            advance(f"{law}, {level:g}")
    record = Record(
        name="base_sets",
        title="Base-set sizes",
        configuration=configuration.as_record(),
        seed=configuration.seed,
        columns=COLUMNS,
        rows=tuple(rows),
        provenance=provenance(),
        seconds=tuple(seconds),
    )
    return (record,)


def size_row(law: str, level: float, configuration: BaseSetsConfiguration) -> dict[str, Any]:
    """The three sizes at tolerance = failure probability = ``level`` for targets given in advance, and their ratios."""
    necessary = necessary_size(level, level, law=law)
    sufficient = sufficient_size(level, level, law=law)
    trials = min(configuration.most_trials, round(configuration.trials_per_failure / level))
    measured = measured_size(
        level,
        level,
        law,
        target=configuration.target,
        trials=trials,
        seed=configuration.seed,
        max_size=configuration.max_size,
        confidence=configuration.confidence,
    )
    return {
        "law": law,
        "quantifier": "fixed",
        "tolerance": level,
        "failure_probability": level,
        "target": configuration.target,
        "necessary": necessary.size,
        "sufficient": sufficient.size,
        "closed_form": sufficient_size(level, level, law=law, method="closed_form").size,
        "trials": trials,
        "confidence": configuration.confidence,
        "necessary_method": necessary.method,
        "sufficient_method": sufficient.method,
        **_measured_columns(measured, level, necessary.size, sufficient.size),
    }


def _measured_columns(measured: MeasuredSize, level: float, necessary: int, sufficient: int) -> dict[str, Any]:
    """The measured size, its frequency and limits, its ratios, and the first size whose plain frequency is enough."""
    size = measured.size
    likely = (m for m, count in enumerate(measured.successes) if count >= (1 - level) * measured.trials)
    found = None if size is None else measured.frequency(size)
    return {
        "measured": size,
        "measured_over_necessary": None if size is None else size / necessary,
        "sufficient_over_measured": None if size is None else sufficient / size,
        "frequency": None if found is None else found.successes / found.trials,
        "lower": None if found is None else found.lower,
        "upper": None if found is None else found.upper,
        "first_likely": next(likely, None),
        "note": NOT_REACHED.format(most=len(measured.successes) - 1, delta=level) if size is None else None,
    }
