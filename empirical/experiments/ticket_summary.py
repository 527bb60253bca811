"""Tickets summed up over seeds: one row per target, construction and mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from empirical.records import Record, Row

GROUP = ("target", "construction", "mode")
COLUMNS = (
    *GROUP,
    "tickets",
    "target_accuracy",
    "ticket_accuracy",
    "target_parameters",
    "ticket_parameters",
    "parameter_ratio",
    "widths",
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
    "note",
)


def _mean(values: list[Any]) -> float:
    return sum(values) / len(values)


def _first(values: list[Any]) -> Any:
    return values[0]


def _largest_tuple(values: list[Any]) -> list[int]:
    return [max(column) for column in zip(*values, strict=True)]


RULES: dict[str, Callable[[list[Any]], Any]] = {
    "target_accuracy": _first,
    "ticket_accuracy": _mean,
    "target_parameters": _first,
    "ticket_parameters": _mean,
    "parameter_ratio": _mean,
    "widths": _largest_tuple,
    "base_set_sizes": _largest_tuple,
    "problems": max,
    "failed_problems": sum,
    "spare_rows": sum,
    "spare_neurons": sum,
    "used_over_planned": max,
    "error_lower": max,
    "error_upper": max,
    "verifier_upper": max,
    "promised": _first,
    "verified": all,
    "holds": all,
    "note": _first,
}


def summary(tickets: Record) -> Record:
    """Record ``ticket_summary``.

    Accuracies and parameters are means over the seeds; errors, sizes and used / planned are the worst of them; failed
    problems and spares are totals; ``verified`` and ``holds`` must be true of every ticket.
    """
    groups = groupby(tickets.rows, key=lambda row: tuple(row[name] for name in GROUP))
    return replace(
        tickets,
        name="ticket_summary",
        title="Tickets over seeds",
        columns=COLUMNS,
        rows=tuple(_merged(key, list(rows)) for key, rows in groups),
        seconds=(),
    )


def _merged(key: tuple[Any, ...], rows: list[Row]) -> dict[str, Any]:
    merged = dict(zip(GROUP, key, strict=True)) | {"tickets": len(rows)}
    for name, rule in RULES.items():
        merged[name] = _apply(rule, (row[name] for row in rows))
    return merged


def _apply(rule: Callable[[list[Any]], Any], values: Iterable[Any]) -> Any:
    """The rule on the values that exist; None where there is none."""
    present = [value for value in values if value is not None]
    return rule(present) if present else None
