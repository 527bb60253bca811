"""Published values beside ours, where both exist; every published value carries its locator."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from empirical.experiments.ticket_cases import PUBLISHED
from empirical.records import Record, Row

COLUMNS = (
    "activation",
    "construction",
    "quantity",
    "published",
    "published_half_width",
    "ours",
    "source",
    "locator",
    "published_setting",
    "our_setting",
    "note",
)
OUR_DIGITS = "64-16-10 on digits; base set {size}; tolerance {tolerance}; {seeds} seeds"
OUR_RANDOM = "64-32-10; 300 parameters U(-1;1); base set {size}; tolerance {tolerance}"


@cache
def published_values() -> tuple[dict[str, str], ...]:
    """The packaged table: source, locator, setting, activation, construction, quantity, value, half width."""
    text = files("empirical.experiments").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def comparison(tickets: Record, tickets_summary: Record) -> Record:
    """Record ``published``: accuracy, parameters per target parameter, and error against published code."""
    rows = [*_table_rows(tickets_summary), *_code_rows(tickets)]
    return replace(
        tickets, name="published", title="Published values beside ours", columns=COLUMNS, rows=tuple(rows), seconds=()
    )


def _table_rows(summary: Record) -> list[dict[str, Any]]:
    """Table 1 of the paper: accuracies of target and ticket, parameters of the ticket per parameter of the target."""
    setting = OUR_DIGITS.format(
        size=summary.configuration["base_set_size"],
        tolerance=summary.configuration["published_tolerance"],
        seeds=len(summary.configuration["seeds"]),
    )
    ours = {_key(row): row for row in summary.rows if row["mode"] == PUBLISHED and row["target"].startswith("digits:")}
    values = {(v["activation"], v["construction"], v["quantity"]): v for v in published_values()}
    rows = []
    for (activation, construction, quantity), value in values.items():
        if quantity not in ("accuracy", "parameters"):
            continue
        if quantity == "accuracy":
            rows.append(_row(value, float(value["value"]), _own_accuracy(ours, activation, construction), setting))
        elif construction != "target":
            target = float(values[activation, "target", "parameters"]["value"])
            own = ours.get((activation, construction), {}).get("parameter_ratio")
            rows.append(
                _row(value, float(value["value"]) / target, own, setting, "parameters per target parameter", target)
            )
    return rows


def _own_accuracy(ours: dict[tuple[str, str], Row], activation: str, construction: str) -> float | None:
    """In percent; the target's own accuracy stands in either of its rows."""
    row = ours.get((activation, "L+1" if construction == "target" else construction))
    if row is None:
        return None
    value = row["target_accuracy" if construction == "target" else "ticket_accuracy"]
    return None if value is None else 100 * value


def _code_rows(tickets: Record) -> list[dict[str, Any]]:
    """Errors of the published code's tickets on random sparse targets beside ours: what a search finds."""
    setting = OUR_RANDOM.format(
        size=tickets.configuration["random_base_set_size"], tolerance=tickets.configuration["published_tolerance"]
    )
    ours = {_key(row): row["error_lower"] for row in tickets.rows if row["target"].startswith("random:")}
    rows = []
    for value in published_values():
        if value["quantity"] == "error":
            own = ours.get((value["activation"], value["construction"]))
            rows.append(_row(value, float(value["value"]), own, setting, "largest error found by search"))
    return rows


def _key(row: Row) -> tuple[str, str]:
    """Activation and construction in the paper's words: its 2L on sigmoid is what we call looks-linear."""
    activation = row["target"].partition(":")[2]
    return activation, row["construction"].replace("looks-linear", "2L")


def _row(
    value: dict[str, str],
    published: float,
    ours: float | None,
    setting: str,
    quantity: str | None = None,
    unit: float = 1.0,
) -> dict[str, Any]:
    half_width = value["half_width_95"]
    return {
        "activation": value["activation"],
        "construction": value["construction"],
        "quantity": quantity or "accuracy in percent",
        "published": published,
        "published_half_width": float(half_width) / unit if half_width else None,
        "ours": ours,
        "source": value["source"],
        "locator": value["locator"],
        "published_setting": value["setting"],
        "our_setting": setting,
        "note": None if ours is not None else "not built in this report",
    }
