"""The experiments of the default report."""

from __future__ import annotations

import os
from pathlib import Path

from empirical.experiments import activations, base_sets, tickets
from empirical.experiments.activations import ActivationsConfiguration
from empirical.experiments.experiment import Experiment
from empirical.experiments.ticket_cases import TicketsConfiguration


def default_experiments(
    seed: int, seeds: int, target: str | None, folder: Path, workers: int
) -> tuple[Experiment, ...]:
    """Activations, base sets and tickets (kept under ``folder``); ``seeds`` source networks from ``seed`` on."""
    ticket_configuration = TicketsConfiguration(seeds=tuple(range(seed, seed + seeds)), target=target)
    return (
        activations.experiment(ActivationsConfiguration()),
        base_sets.experiment(seed=seed),
        tickets.experiment(ticket_configuration, folder, workers),
    )


def default_workers() -> int:
    """Processes for tickets: the cores this process may use, at most four."""
    return max(1, min(4, len(os.sched_getaffinity(0))))
