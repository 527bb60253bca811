"""Published values beside ours, where both exist; every published value carries its locator."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from empirical.experiments.ticket_cases import PUBLISHED
from empirical.records import Record, Row

NOT_BUILT = "not built in this report"
TABLE_COLUMNS = (
    "activation",
    "construction",
    "published_target_accuracy",
    "published_ticket_accuracy",
    "published_half_width",
    "published_parameter_ratio",
    "our_target_accuracy",
    "our_ticket_accuracy",
    "our_parameter_ratio",
    "locator",
    "published_setting",
    "our_setting",
    "note",
)
CODE_COLUMNS = (
    "activation",
    "construction",
    "published_error",
    "our_error_found",
    "our_error_certified",
    "locator",
    "published_setting",
    "our_setting",
    "note",
)
OUR_TABLE_SETTING = "64-16-10 on digits; base set {base_set_size}; {objective} subset; tolerance {published_tolerance}"
OUR_CODE_SETTING = (
    "64-32-10; 300 parameters U(-1;1); base set {random_base_set_size}; {random_objective} subset; "
    "tolerance {published_tolerance}"
)


@cache
def published_values() -> tuple[Mapping[str, str], ...]:
    """The packaged table: source, locator, setting, activation, construction, quantity, value, half width, note."""
    text = files("empirical.experiments").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def comparison(tickets: Record, summary: Record) -> tuple[Record, Record]:
    """Records ``published`` (accuracies and sizes of the paper) and ``published_code`` (errors of its code)."""
    table = replace(
        tickets,
        name="published",
        title="Table 1 of the paper beside ours",
        columns=TABLE_COLUMNS,
        rows=tuple(_table_rows(summary)),
        seconds=(),
    )
    code = replace(
        tickets,
        name="published_code",
        title="Errors of published code beside ours",
        columns=CODE_COLUMNS,
        rows=tuple(_code_rows(tickets)),
        seconds=(),
    )
    return table, code


def _table_rows(summary: Record) -> Iterator[dict[str, Any]]:
    """Accuracies of target and ticket, and parameters of the ticket per parameter of the target."""
    values = {(v["activation"], v["construction"], v["quantity"]): v for v in published_values()}
    ours = {_key(row): row for row in summary.rows if row["mode"] == PUBLISHED and row["target"].startswith("digits:")}
    for activation, construction, quantity in values:
        if quantity == "accuracy" and construction != "target":
            ticket = values[activation, construction, "accuracy"]
            sizes = [float(values[activation, name, "parameters"]["value"]) for name in (construction, "target")]
            own = ours.get((activation, construction), {})
            yield {
                "activation": activation,
                "construction": construction,
                "published_target_accuracy": float(values[activation, "target", "accuracy"]["value"]) / 100,
                "published_ticket_accuracy": float(ticket["value"]) / 100,
                "published_half_width": float(ticket["half_width_95"]) / 100,
                "published_parameter_ratio": sizes[0] / sizes[1],
                "our_target_accuracy": own.get("target_accuracy"),
                "our_ticket_accuracy": own.get("ticket_accuracy"),
                "our_parameter_ratio": own.get("parameter_ratio"),
                **_origin(ticket, OUR_TABLE_SETTING.format(**summary.configuration)),
                "note": None if own else NOT_BUILT,
            }


def _code_rows(tickets: Record) -> Iterator[dict[str, Any]]:
    """The published code's tickets on random sparse targets beside ours."""
    ours = {_key(row): row for row in tickets.rows if row["target"].startswith("random:")}
    for value in published_values():
        if value["quantity"] == "error":
            own = ours.get((value["activation"], value["construction"]), {})
            yield {
                "activation": value["activation"],
                "construction": value["construction"],
                "published_error": float(value["value"]) if value["value"] else None,
                "our_error_found": own.get("error_lower"),
                "our_error_certified": own.get("error_upper"),
                **_origin(value, OUR_CODE_SETTING.format(**tickets.configuration)),
                "note": value["note"] or (None if own else NOT_BUILT),
            }


def _key(row: Row) -> tuple[str, str]:
    """Activation and construction in the paper's words: its 2L on sigmoid is what we call looks-linear."""
    activation = row["target"].partition(":")[2]
    return activation, row["construction"].replace("looks-linear", "2L")


def _origin(value: Mapping[str, str], our_setting: str) -> dict[str, str]:
    return {
        "locator": f"{value['source']}, {value['locator']}",
        "published_setting": value["setting"],
        "our_setting": our_setting,
    }
