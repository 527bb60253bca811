"""Tickets: activation x construction x mode x seed, built, verified from their file, and measured."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from constructions import BuildResult, build, verify_ticket
from empirical.experiments.digits import single_thread
from empirical.experiments.experiment import Advance, Experiment
from empirical.experiments.targets import NamedTarget, accuracy_on, open_target
from empirical.experiments.ticket_cases import COLUMNS, NO_TARGET, PLANNED, TicketCase, TicketsConfiguration
from empirical.provenance import provenance
from empirical.records import Record
from empirical.sup_error import sup_error


def experiment(configuration: TicketsConfiguration, folder: Path | None = None, workers: int = 1) -> Experiment:
    """The experiment with one cell per ticket; see :func:`run`."""
    cells = len(configuration.cases())
    return Experiment("tickets", cells, lambda advance: (run(configuration, advance, folder, workers),))


def run(configuration: TicketsConfiguration, advance: Advance, folder: Path | None = None, workers: int = 1) -> Record:
    """Record ``tickets``: one row per case, in order.

    ``folder``   where ``tickets/*.ticket`` are kept, the files that were verified; None keeps none.
    ``workers``  processes; the rows do not depend on their number.
    """
    cases = configuration.cases()
    rows, seconds = [], []
    for case, (row, duration) in zip(cases, _measured(cases, folder, workers), strict=True):
        rows.append(row)
        seconds.append(duration)
        advance(case.label)
    return Record(
        name="tickets",
        title="Tickets",
        configuration=configuration.as_record(),
        seed=configuration.seeds[0],
        columns=COLUMNS,
        rows=tuple(rows),
        provenance=provenance(),
        seconds=tuple(seconds),
    )


def _measured(
    cases: tuple[TicketCase, ...], folder: Path | None, workers: int
) -> Iterator[tuple[dict[str, Any], float]]:
    """Rows in the order of the cases; every row is a function of its case alone."""
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        one = partial(timed_row, folder=place)
        if workers == 1:
            yield from map(one, cases)
        else:
            yield from stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn"))).map(one, cases)


def timed_row(case: TicketCase, folder: Path) -> tuple[dict[str, Any], float]:
    """The row of a case and how many seconds it took."""
    start = time.perf_counter()
    with single_thread():
        row = measure(case, folder)
    return row, time.perf_counter() - start


def measure(case: TicketCase, folder: Path) -> dict[str, Any]:
    """Build one ticket, save it under ``folder``, verify the file, measure its error: one row."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {name: value for name, value in asdict(case).items() if name in COLUMNS}
    planned = case.mode == PLANNED
    row |= {
        "promised": case.tolerance if planned else None,
        "objective": None if planned else case.objective,
        "command": case.command,
    }
    if case.target is None:
        return row | {"target": "own target", "note": NO_TARGET}
    target = open_target(case.target)
    row["target"] = target.name
    try:
        result = _built(case, target)
    except ValueError as refusal:
        return row | {"note": f"not built: {refusal}"}
    row |= _sizes(target, result) | _errors(case, target, result, folder)
    return row | {"holds": row_holds(row), "note": _note(result)}


def _built(case: TicketCase, target: NamedTarget) -> BuildResult:
    return build(
        target.network,
        construction=case.construction,
        tolerance=case.tolerance,
        failure_probability=case.failure_probability,
        base_set_size=case.base_set_size,
        seed=case.seed,
        objective=case.objective,
    )


def row_holds(row: dict[str, Any]) -> bool:
    """Verified, witness at most certificate, certificate at most promise: what the report stands on."""
    promised = row["promised"]
    return bool(
        row["verified"]
        and row["error_lower"] <= min(row["error_upper"], row["verifier_upper"])
        and (promised is None or row["error_upper"] <= promised)
    )


def _sizes(target: NamedTarget, result: BuildResult) -> dict[str, Any]:
    """Accuracies, parameters, widths and what the build used."""
    stats, network = result.stats, target.network
    names = (
        "problems",
        "failed_problems",
        "spare_rows",
        "spare_neurons",
        "widths",
        "live_widths",
        "base_set_sizes",
        "used_over_planned",
    )
    return {
        "target_accuracy": accuracy_on(target, network),
        "ticket_accuracy": accuracy_on(target, result.ticket),
        "target_parameters": network.parameter_count,
        "ticket_parameters": result.ticket.parameter_count,
        "parameter_ratio": result.ticket.parameter_count / network.parameter_count,
        "target_widths": network.widths,
        "reference_deviation": target.reference_deviation(),
        **{name: stats[name] for name in names},
    }


def _errors(case: TicketCase, target: NamedTarget, result: BuildResult, folder: Path) -> dict[str, Any]:
    """Witness below, certificate above, and the verdict of the separate verifier on the saved file."""
    error = sup_error(target.network, result.ticket, data=target.inputs, seed=case.seed)
    file = folder / "tickets" / ticket_file_name(case, target.name)
    file.parent.mkdir(exist_ok=True)
    result.ticket.save(file)
    promise = case.tolerance if case.mode == PLANNED else None
    verification = verify_ticket(file, target=target.network, tolerance=promise)
    return {
        "error_lower": error.lower,
        "error_upper": error.upper,
        "verifier_upper": verification.error,
        "verified": bool(verification.ok),
        "file": file.relative_to(folder).as_posix(),
    }


def ticket_file_name(case: TicketCase, target: str) -> str:
    """A name of letters, digits, dots, hyphens and underscores that no other case has."""
    parts = target, case.construction.replace("+", "plus"), case.mode, f"seed{case.seed}"
    return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", part) for part in parts) + ".ticket"


def _note(result: BuildResult) -> str | None:
    unsolved = sum(failure.fatal for failure in result.failures)
    return f"{unsolved} problems stayed unsolved; their parameters are left out of the ticket" if unsolved else None
