"""The constants that printed bounds hide: the smallest proved and the one measured, over a grid of targets.

    python -m empirical.experiments.printed_constants [folder]

writes the record ``printed_constants`` (JSON and CSV), or prints its CSV. Every base set of a proof is replaced by the
least size whose success frequency's lower confidence limit reaches what the proof asks, measured at its worst target;
the surplus of neurons for signs and the constants for biases are left out of measured widths, so targets have no
biases.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

from bounds.earlier.rows import STATEMENTS, GridConstant, grid_constants
from bounds.earlier.statement import Problem
from bounds.network import NetworkSpec
from constructions.target import TargetNetwork
from empirical.experiments.experiment import Advance, Experiment
from empirical.frequency import measured_size
from empirical.provenance import provenance
from empirical.records import Record, to_csv, write_record

COLUMNS = (
    "key",
    "authors",
    "locator",
    "quantity",
    "formula",
    "status",
    "constant_proved",
    "constant_measured",
    "constant_universal",
    "universal_range",
    "settings",
    "settings_measured",
    "settings_unproved",
    "note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedConstantsConfiguration:
    """The grid: targets without biases, weights +-1/sqrt(n_in) alternating, domain [-1, 1]^n_0, and the two levels.

    ``trials_per_failure``  trials are this over the failure probability of one problem, at most ``most_trials``;
                            where these are fewer than ``least_per_failure`` over it, nothing is measured.
    """

    activations: tuple[str, ...] = ("relu", "tanh")
    widths: tuple[tuple[int, ...], ...] = ((2, 2, 1), (3, 4, 2), (2, 3, 3, 1))
    tolerances: tuple[float, ...] = (0.3, 0.1)
    failure_probabilities: tuple[float, ...] = (0.3, 0.1)
    trials_per_failure: int = 1000
    least_per_failure: int = 10
    most_trials: int = 40_000
    max_size: int = 40
    confidence: float = 0.95
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The configuration as a record stores it; the seed has its own field there."""
        return {key: value for key, value in asdict(self).items() if key != "seed"}


def experiment(configuration: PrintedConstantsConfiguration | None = None) -> Experiment:
    """The experiment; one cell."""
    chosen = configuration or PrintedConstantsConfiguration()
    return Experiment("printed constants", 1, lambda advance: run(chosen, advance))


def run(configuration: PrintedConstantsConfiguration, advance: Advance) -> tuple[Record, ...]:
    """Record ``printed_constants``, one row per statement."""
    constants = grid_constants(settings(configuration), measured_size=measurement(configuration))
    advance("printed constants")
    record = Record(
        name="printed_constants",
        title="Constants of earlier and printed bounds",
        configuration=configuration.as_record(),
        seed=configuration.seed,
        columns=COLUMNS,
        rows=tuple(_row(constant) for constant in constants),
        provenance=provenance(),
    )
    return (record,)


def settings(configuration: PrintedConstantsConfiguration) -> list[tuple[NetworkSpec, float, float]]:
    """Return the grid of (target, tolerance, failure probability)."""
    specs = [
        alternating_target(widths, activation).spec()
        for widths, activation in product(configuration.widths, configuration.activations)
    ]
    return list(product(specs, configuration.tolerances, configuration.failure_probabilities))


def alternating_target(widths: tuple[int, ...], activation: str) -> TargetNetwork:
    """Return a dense target without biases whose weights are +1/sqrt(n_in) and -1/sqrt(n_in) in turn."""
    weights = [
        (np.where(np.indices((n_out, n_in)).sum(axis=0) % 2 == 0, 1.0, -1.0) / np.sqrt(n_in))
        for n_in, n_out in pairwise(widths)
    ]
    return TargetNetwork(
        weights=weights,
        biases=[np.zeros(n_out) for n_out in widths[1:]],
        activations=(activation,) * (len(widths) - 2) + ("identity",),
        domain=(-np.ones(widths[0]), np.ones(widths[0])),
    )


def measurement(configuration: PrintedConstantsConfiguration) -> Callable[[Problem], int | None]:
    """Return the measurement of base-set sizes; each problem is measured once."""

    @cache
    def measure(problem: Problem) -> int | None:
        trials = min(configuration.most_trials, round(configuration.trials_per_failure / problem.failure_probability))
        if trials * problem.failure_probability < configuration.least_per_failure:
            return None
        return measured_size(
            problem.tolerance,
            problem.failure_probability,
            problem.law,
            target=problem.target,
            trials=trials,
            seed=configuration.seed,
            max_size=configuration.max_size,
            confidence=configuration.confidence,
        ).size

    return measure


def _row(constant: GridConstant) -> dict[str, Any]:
    statement = STATEMENTS[constant.key]
    return {
        "key": constant.key,
        "authors": statement.authors,
        "locator": statement.locator,
        "quantity": statement.quantity,
        "formula": str(statement.formula),
        "status": str(statement.status),
        "constant_proved": constant.proved,
        "constant_measured": constant.measured,
        "constant_universal": statement.universal,
        "universal_range": statement.universal_range or None,
        "settings": constant.points,
        "settings_measured": constant.measured_points,
        "settings_unproved": constant.unproved,
        "note": statement.status_note,
    }


def main(arguments: list[str]) -> None:
    """Write the record into the folder given, or its CSV to the standard output."""
    (record,) = run(PrintedConstantsConfiguration(), lambda message: None)
    if arguments:
        write_record(Path(arguments[0]), record)
    else:
        print(to_csv(record), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
