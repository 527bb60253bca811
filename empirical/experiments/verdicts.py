"""Verdicts: the statements a report stands on, counted over its rows. Nothing is averaged away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from empirical.experiments.ticket_cases import NO_TARGET
from empirical.provenance import provenance
from empirical.records import Record, Row

HOLDS, VIOLATED, INCOMPLETE = "holds", "violated", "incomplete"
COLUMNS = ("statement", "holds", "cells", "missing", "status", "where")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about the rows of one record.

    ``applies`` picks the rows it is about; ``holds`` is True, False or None (the row has no answer).
    """

    text: str
    record: str
    label: Callable[[Row], str]
    applies: Callable[[Row], bool]
    holds: Callable[[Row], bool | None]


def _at_most(low: str, high: str) -> Callable[[Row], bool | None]:
    """Row by row low <= high; None where one of them is missing."""

    def compare(row: Row) -> bool | None:
        if row[low] is None or row[high] is None:
            return None
        return bool(row[low] <= row[high])

    return compare


def _ticket_label(row: Row) -> str:
    return f"{row['target']} {row['construction']} {row['mode']} seed {row['seed']}"


def _size_label(row: Row) -> str:
    return f"{row['law']} {row['quantifier']} {row['tolerance']}"


def _was_asked_for(row: Row) -> bool:
    """Rows of a target nobody gave are empty for a stated reason and count nowhere."""
    return bool(row["note"] != NO_TARGET)


def _is_promised(row: Row) -> bool:
    return _was_asked_for(row) and row["promised"] is not None


def _everywhere(row: Row) -> bool:
    return True


def _proved(row: Row) -> bool | None:
    return {"proved": True, "refuted": False}.get(row["verdict"])


def _used_within_plan(row: Row) -> bool | None:
    return None if row["used_over_planned"] is None else row["used_over_planned"] <= 1


STATEMENTS = (
    Statement(
        "every ticket passes the separate verifier", "tickets", _ticket_label, _was_asked_for, lambda r: r["verified"]
    ),
    Statement(
        "error found by search ≤ certified error",
        "tickets",
        _ticket_label,
        _was_asked_for,
        _at_most("error_lower", "error_upper"),
    ),
    Statement(
        "error found by search ≤ the verifier's own certificate",
        "tickets",
        _ticket_label,
        _was_asked_for,
        _at_most("error_lower", "verifier_upper"),
    ),
    Statement(
        "planned: certified error ≤ promised error",
        "tickets",
        _ticket_label,
        _is_promised,
        _at_most("error_upper", "promised"),
    ),
    Statement("planned: nothing used beyond the plan", "tickets", _ticket_label, _is_promised, _used_within_plan),
    Statement(
        "certified radii: proved on the whole interval",
        "radii",
        lambda r: f"{r['activation']} {r['tolerance']}",
        _everywhere,
        _proved,
    ),
    Statement(
        "base sets: necessary ≤ measured", "base_sets", _size_label, _everywhere, _at_most("necessary", "measured")
    ),
    Statement(
        "base sets: measured ≤ sufficient", "base_sets", _size_label, _everywhere, _at_most("measured", "sufficient")
    ),
)


def verdicts(records: Iterable[Record]) -> Record:
    """Record ``verdicts``: how often each statement holds; "violated" beats "incomplete" beats "holds"."""
    by_name = {record.name: record for record in records}
    rows = [_verdict(statement, by_name[statement.record]) for statement in STATEMENTS if statement.record in by_name]
    return Record(
        name="verdicts",
        title="Verdicts",
        configuration={"records": sorted(record.key for record in by_name.values())},
        seed=None,
        columns=COLUMNS,
        rows=tuple(rows),
        provenance=provenance(),
    )


def worst(record: Record) -> str:
    """The worst status of a verdicts record."""
    found = {row["status"] for row in record.rows}
    return next((status for status in (VIOLATED, INCOMPLETE) if status in found), HOLDS)


def _verdict(statement: Statement, record: Record) -> dict[str, Any]:
    rows = [row for row in record.rows if statement.applies(row)]
    answers = [(statement.label(row), statement.holds(row)) for row in rows]
    violated = [label for label, answer in answers if answer is False]
    missing = [label for label, answer in answers if answer is None]
    return {
        "statement": statement.text,
        "holds": sum(answer is True for _, answer in answers),
        "cells": len(answers),
        "missing": len(missing),
        "status": VIOLATED if violated else INCOMPLETE if missing else HOLDS,
        "where": "; ".join(violated + missing) or None,
    }
