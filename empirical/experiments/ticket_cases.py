"""The cells of the ticket experiment: activation x construction x mode x seed, and the columns of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import bounds

PLANNED, PUBLISHED = "planned", "as published"
RANDOM_CASES = (("relu", "L+1"), ("tanh", "L+1"), ("tanh", "2L"), ("relu:zero-biases", "L+1"))
NO_TARGET = "no file was given: make report TARGET=path, or ticketproof report --target path"
COLUMNS = (
    "target",
    "construction",
    "mode",
    "seed",
    "tolerance",
    "failure_probability",
    "objective",
    "target_accuracy",
    "ticket_accuracy",
    "target_parameters",
    "ticket_parameters",
    "parameter_ratio",
    "target_widths",
    "widths",
    "live_widths",
    "base_set_sizes",
    "problems",
    "failed_problems",
    "spare_rows",
    "spare_neurons",
    "used_over_planned",
    "error_lower",
    "error_upper",
    "verifier_upper",
    "promised",
    "verified",
    "holds",
    "reference_deviation",
    "file",
    "command",
    "note",
)


@dataclass(frozen=True, slots=True)
class TicketCase:
    """One cell: which target, how it is built, from which seed.

    Planned mode has ``failure_probability`` and promises ``tolerance`` as sup error. As published has
    ``base_set_size``, ``tolerance`` per parameter and ``objective``, the rule that picks among the subsets within it.
    ``target`` None stands for a file nobody gave.
    """

    target: str | None
    construction: str
    mode: str
    seed: int
    tolerance: float
    failure_probability: float | None = None
    base_set_size: int | None = None
    objective: str = "best"

    @property
    def label(self) -> str:
        """What the progress line says."""
        target = Path(self.target).name if self.target else "own target"
        return f"{target}, {self.construction}, {self.mode}, seed {self.seed}"

    @property
    def command(self) -> str:
        """What to type to build this ticket again."""
        target = Path(self.target).name if self.target else "FILE"
        mode = (
            f"--failure-probability {self.failure_probability}"
            if self.mode == PLANNED
            else f"--base-set-size {self.base_set_size} --objective {self.objective}"
        )
        shared = f"--construction {self.construction} --tolerance {self.tolerance} --seed {self.seed}"
        return f"ticketproof build {target} {shared} {mode}"


@dataclass(frozen=True, slots=True)
class TicketsConfiguration:
    """The cells of the experiment.

    ``objective``     as published on digits: the smallest subset within the tolerance, as in the paper's experiments.
    ``random_cases``  the random sparse targets on which published code was measured, and their constructions.
    ``target``        path of one more network, built by 2L with ``target_tolerance``; None leaves a row that says so.
    """

    activations: tuple[str, ...] = ("relu", "leaky_relu", "tanh", "sigmoid")
    seeds: tuple[int, ...] = (0, 1, 2)
    planned_tolerance: float = 0.1
    failure_probability: float = 0.01
    published_tolerance: float = 0.01
    base_set_size: int = 20
    objective: str = "smallest"
    random_cases: tuple[tuple[str, str], ...] = RANDOM_CASES
    random_base_set_size: int = 15
    random_objective: str = "best"
    target: str | None = None
    target_tolerance: float = 0.05

    def cases(self) -> tuple[TicketCase, ...]:
        """Every cell, in the order of the table."""
        return tuple(self._cases())

    def as_record(self) -> dict[str, Any]:
        """The configuration as a record stores it; of a path only the file's name."""
        return asdict(self) | {"target": Path(self.target).name if self.target else None}

    def _cases(self) -> Iterator[TicketCase]:
        for activation in self.activations:
            for construction in constructions_of(activation):
                for seed in self.seeds:
                    yield self._published(
                        f"digits:{activation}", construction, seed, self.base_set_size, self.objective
                    )
                for seed in self.seeds:
                    yield self._planned(f"digits:{activation}", construction, seed, self.planned_tolerance)
        for target, construction in self.random_cases:
            yield self._published(
                f"random:{target}", construction, self.seeds[0], self.random_base_set_size, self.random_objective
            )
        for seed in self.seeds if self.target else self.seeds[:1]:
            yield self._planned(self.target, "2L", seed, self.target_tolerance)

    def _published(self, target: str, construction: str, seed: int, size: int, objective: str) -> TicketCase:
        return TicketCase(
            target,
            construction,
            PUBLISHED,
            seed,
            self.published_tolerance,
            base_set_size=size,
            objective=objective,
        )

    def _planned(self, target: str | None, construction: str, seed: int, tolerance: float) -> TicketCase:
        return TicketCase(target, construction, PLANNED, seed, tolerance, failure_probability=self.failure_probability)


def constructions_of(activation: str) -> tuple[str, ...]:
    """Two layers for one by sign-split or unsplit blocks, or by looks-linear pairs where phi(0) != 0; and L+1."""
    intercept = bounds.activation(activation).d
    return ("2L" if intercept == 0 else "looks-linear", "L+1")
