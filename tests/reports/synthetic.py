"""Records of the shapes the experiments write, small and invented: pages are tested on them, not on hours of work."""

from __future__ import annotations

from typing import Any

from empirical.experiments import ticket_cases as tickets
from empirical.experiments.activations import FORMULAS, SUMMED_UP
from empirical.experiments.conclusions import concluded
from empirical.experiments.ticket_cases import NO_TARGET, PLANNED, PUBLISHED, TicketsConfiguration
from empirical.provenance import Provenance
from empirical.records import Record

PROVENANCE = Provenance("3.11.0", "some machine", "cpu", {"numpy": "2.0"}, "c0de", None)
CONFIGURATION = TicketsConfiguration(activations=("relu",), seeds=(0, 1)).as_record()


def record(name: str, columns: tuple[str, ...], rows: list[dict[str, Any]], **configuration: Any) -> Record:
    return Record(
        name=name,
        title=name,
        configuration=configuration,
        seed=0,
        columns=columns,
        rows=tuple(rows),
        provenance=PROVENANCE,
    )


def ticket_row(**changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(tickets.COLUMNS) | {
        "target": "digits:relu",
        "construction": "2L",
        "mode": PLANNED,
        "seed": 0,
        "tolerance": 0.1,
        "failure_probability": 0.01,
        "target_accuracy": 0.96,
        "ticket_accuracy": 0.95,
        "target_parameters": 320,
        "ticket_parameters": 2000,
        "parameter_ratio": 6.25,
        "target_widths": [64, 16, 10],
        "widths": [64, 900, 16, 300, 10],
        "live_widths": [64, 800, 16, 280, 10],
        "base_set_sizes": [60, 61],
        "problems": 40_000,
        "failed_problems": 1,
        "spare_rows": 0,
        "spare_neurons": 2,
        "used_over_planned": 0.5,
        "error_lower": 0.01,
        "error_upper": 0.05,
        "verifier_upper": 0.06,
        "promised": 0.1,
        "verified": True,
        "holds": True,
        "command": "ticketproof build digits:relu",
    }
    return row | changes


def ticket_rows() -> list[dict[str, Any]]:
    published = {
        "mode": PUBLISHED,
        "promised": None,
        "used_over_planned": None,
        "failure_probability": None,
        "tolerance": 0.01,
    }
    nothing = dict.fromkeys(tickets.COLUMNS)
    missing = nothing | {"target": "own target", "construction": "2L", "mode": PLANNED, "seed": 0}
    return [
        ticket_row(**published),
        ticket_row(**published, seed=1, ticket_accuracy=0.93),
        ticket_row(),
        ticket_row(seed=1, error_upper=0.08),
        ticket_row(construction="L+1", ticket_parameters=20_000, parameter_ratio=62.5, **published),
        ticket_row(target="random:relu", construction="L+1", target_accuracy=None, ticket_accuracy=None, **published),
        missing | {"tolerance": 0.05, "promised": 0.05, "note": NO_TARGET, "command": "ticketproof build FILE"},
    ]


def base_set_rows() -> list[dict[str, Any]]:
    return [
        {
            "law": law,
            "quantifier": "fixed",
            "tolerance": 10.0**-exponent,
            "failure_probability": 0.01,
            "necessary": 3 + 2 * exponent,
            "measured": 5 + 5 * exponent if exponent < 4 else None,
            "sufficient": 15 + 15 * exponent,
            "closed_form": 20 + 20 * exponent,
            "trials": 1000,
            "measured_over_necessary": 1.9,
            "sufficient_over_measured": 2.8,
            "note": None if exponent < 4 else "too large for an exhaustive search",
        }
        for law in ("uniform", "product")
        for exponent in (1, 2, 3, 4)
    ]


def activation_rows() -> list[dict[str, Any]]:
    row: dict[str, Any] = {"activation": "relu", "proved": 2, "tolerances": 2, "largest_slack": 1.0}
    for name in FORMULAS:
        row |= {name: "Max(0, x)", f"{name}_latex": r"\max(0, |x|)", f"{name}_mathml": "<math><mi>x</mi></math>"}
    return [row]


def radius_rows() -> list[dict[str, Any]]:
    columns = ("activation", "tolerance", "a", "a_exact", "slack", "verdict", "note")
    values = [
        ("relu", 0.1, float("inf"), float("inf"), 1.0, "proved", "the error is zero everywhere"),
        ("tanh", 0.1, 0.66, 0.7, 1.06, "proved", None),
        ("tanh", 1e-6, 0.014, 0.0145, 1.001, "proved", None),
    ]
    return [dict(zip(columns, value, strict=True)) for value in values]


def curve_rows() -> list[dict[str, Any]]:
    return [
        {"activation": "relu", "x": x / 4, "phi": max(0, x / 4), "phihat": max(0, x / 4), "certified": abs(x) < 5}
        for x in range(-8, 9)
    ]


def measured_records(ticket_rows_: list[dict[str, Any]] | None = None) -> tuple[Record, ...]:
    sizes = base_set_rows()
    return (
        record("activations", ("activation", *FORMULAS, *SUMMED_UP), activation_rows()),
        record("radii", ("activation", "tolerance", "a", "a_exact", "slack", "verdict", "note"), radius_rows()),
        record("curves", ("activation", "x", "phi", "phihat", "certified"), curve_rows()),
        record("base_sets", tuple(sizes[0]), sizes),
        record("tickets", tickets.COLUMNS, ticket_rows_ or ticket_rows(), **CONFIGURATION),
    )


def all_records(ticket_rows_: list[dict[str, Any]] | None = None) -> tuple[Record, ...]:
    return concluded(measured_records(ticket_rows_))
