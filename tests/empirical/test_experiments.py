"""Experiments: cells, what is concluded from rows, and that a bad row is never averaged away."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bounds
from constructions import verify_ticket
from empirical.experiments import activations, tickets
from empirical.experiments.activations import ActivationsConfiguration
from empirical.experiments.conclusions import concluded
from empirical.experiments.formulas import formula
from empirical.experiments.published import published_values
from empirical.experiments.targets import open_target
from empirical.experiments.ticket_cases import (
    COLUMNS,
    NO_TARGET,
    PLANNED,
    PUBLISHED,
    TicketCase,
    TicketsConfiguration,
    constructions_of,
)
from empirical.experiments.ticket_summary import summary
from empirical.experiments.verdicts import HOLDS, INCOMPLETE, VIOLATED, verdicts, worst
from empirical.records import Record, to_csv
from reports.cli import parser
from tests.reports.synthetic import CONFIGURATION, all_records, record, ticket_row, ticket_rows


def ticket_record(*rows: dict[str, Any]) -> Record:
    return record("tickets", COLUMNS, list(rows), **CONFIGURATION)


def status(statement: str, *rows: dict[str, Any]) -> str:
    made = verdicts([ticket_record(*rows)])
    return next(row["status"] for row in made.rows if row["statement"].startswith(statement))


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        ({"verified": False}, "every ticket"),
        ({"error_lower": 0.051}, "error found by search ≤ certified"),
        ({"error_lower": 0.061, "error_upper": 0.07}, "error found by search ≤ the verifier"),
        ({"error_upper": 0.11}, "planned: certified"),
        ({"used_over_planned": 1.01}, "planned: nothing"),
    ],
)
def test_one_bad_ticket_among_many_is_a_violation(change: dict[str, Any], statement: str) -> None:
    good = [ticket_row(seed=seed) for seed in range(20)]
    assert status(statement, *good) == HOLDS
    made = verdicts([ticket_record(*good, ticket_row(seed=99, **change))])
    bad = [row for row in made.rows if row["status"] == VIOLATED]
    assert [row["statement"].startswith(statement) for row in bad] == [True]
    assert "seed 99" in bad[0]["where"] and worst(made) == VIOLATED


def test_equality_holds() -> None:
    row = ticket_row(error_lower=0.1, error_upper=0.1, verifier_upper=0.1, promised=0.1, used_over_planned=1.0)
    assert worst(verdicts([ticket_record(row)])) == HOLDS


def test_a_cell_without_an_answer_is_incomplete_and_named() -> None:
    made = verdicts([ticket_record(ticket_row(), ticket_row(seed=7, verified=None))])
    assert worst(made) == INCOMPLETE
    assert "seed 7" in made.rows[0]["where"]


def test_a_target_nobody_gave_counts_nowhere() -> None:
    nothing = dict.fromkeys(COLUMNS) | {"target": "own target", "note": NO_TARGET, "promised": 0.05}
    made = verdicts([ticket_record(ticket_row(), nothing)])
    assert worst(made) == HOLDS and {row["cells"] for row in made.rows} == {1}


@pytest.mark.parametrize(("verdict", "expected"), [("proved", HOLDS), ("refuted", VIOLATED), ("open", INCOMPLETE)])
def test_certificates_count(verdict: str, expected: str) -> None:
    rows = [{"activation": "tanh", "tolerance": 0.1, "verdict": verdict}]
    assert worst(verdicts([record("radii", ("verdict",), rows)])) == expected


def test_summary_takes_the_worst_of_errors_and_the_mean_of_accuracies() -> None:
    rows = {
        (row["target"], row["construction"], row["mode"]): row for row in summary(ticket_record(*ticket_rows())).rows
    }
    planned = rows["digits:relu", "2L", PLANNED]
    assert planned["tickets"] == 2 and planned["error_upper"] == 0.08 and planned["failed_problems"] == 2
    assert rows["digits:relu", "2L", PUBLISHED]["ticket_accuracy"] == pytest.approx(0.94)
    assert planned["verified"] is True
    spoiled = summary(ticket_record(ticket_row(), ticket_row(seed=1, verified=False))).rows
    assert spoiled[0]["verified"] is False


def test_published_values_stand_beside_ours() -> None:
    made = {item.name: item for item in all_records()}
    rows = {(row["activation"], row["construction"]): row for row in made["published"].rows}
    assert len(rows) == 8
    relu = rows["relu", "2L"]
    assert relu["published_parameter_ratio"] == pytest.approx(119.2 / 18.6) and relu["our_parameter_ratio"] == 6.25
    assert (relu["published_target_accuracy"], relu["published_ticket_accuracy"]) == pytest.approx((0.9799, 0.9796))
    assert (relu["our_target_accuracy"], relu["our_ticket_accuracy"]) == (0.96, pytest.approx(0.94))
    assert relu["published_half_width"] == pytest.approx(0.0002) and relu["note"] is None
    assert rows["tanh", "L+1"]["note"] == "not built in this report"
    assert all("Table 1" in row["locator"] for row in rows.values())


def test_errors_of_published_code_stand_beside_ours() -> None:
    rows = next(item for item in all_records() if item.name == "published_code").rows
    assert [row["published_error"] for row in rows] == [1.36, 1.39, 1.23, None]
    assert (rows[0]["our_error_found"], rows[0]["our_error_certified"]) == (0.01, 0.05)
    assert rows[1]["our_error_found"] is None and rows[1]["note"]
    assert "zero biases" in rows[3]["note"]


def test_looks_linear_stands_for_the_papers_two_layers() -> None:
    row = ticket_row(target="digits:sigmoid", construction="looks-linear", mode=PUBLISHED, parameter_ratio=9.0)
    made = {item.name: item for item in concluded((ticket_record(row),))}
    found = next(r for r in made["published"].rows if r["activation"] == "sigmoid" and r["construction"] == "2L")
    assert found["our_parameter_ratio"] == 9.0


@pytest.mark.data
def test_the_packaged_values_are_the_papers(shared_dir: Path) -> None:
    """Every packaged number of Table 1 equals the transcription beside the checkout."""
    paper = shared_dir / "paper" / "tables.csv"
    with paper.open(newline="") as stream:
        printed = {
            (row["activation"], row["construction"], row["quantity"]): row
            for row in csv.DictReader(stream)
            if row["table"] == "1"
        }
    ours = [row for row in published_values() if row["locator"] == "Table 1"]
    assert len(ours) == len(printed) == 24
    for row in ours:
        original = printed[row["activation"], row["construction"], row["quantity"]]
        unit = 1000 if original["unit"] == "1e3" else 1
        assert float(row["value"]) == pytest.approx(unit * float(original["value"]), rel=1e-12)


def test_cells_of_the_default_report() -> None:
    cases = TicketsConfiguration().cases()
    digits = [case for case in cases if case.target and case.target.startswith("digits:")]
    assert len(digits) == 4 * 2 * 2 * 3 and len(set(cases)) == len(cases)
    assert {case.construction for case in digits if case.target == "digits:sigmoid"} == {"looks-linear", "L+1"}
    assert [case.target for case in cases][-1] is None
    given = [case for case in TicketsConfiguration(target="a/net.onnx").cases() if case.target == "a/net.onnx"]
    assert len(given) == 3 and {(case.construction, case.tolerance) for case in given} == {("2L", 0.05)}
    assert all((case.failure_probability is None) == (case.mode == PUBLISHED) for case in cases)
    assert TicketsConfiguration(target="a/net.onnx").as_record()["target"] == "net.onnx", "no paths in records"


def test_the_command_of_a_cell_builds_that_cell() -> None:
    """Parsed by the command line, the reproduction command gives back the settings of its cell."""
    for case in TicketsConfiguration().cases():
        options = parser().parse_args(shlex.split(case.command)[1:])
        for name in ("construction", "tolerance", "seed", "failure_probability", "base_set_size"):
            assert getattr(options, name) == getattr(case, name), name
        assert options.target == (case.target or "FILE")
        assert case.mode == PLANNED or options.objective == case.objective


def test_the_intercept_decides_the_construction() -> None:
    assert constructions_of("tanh")[0] == "2L" and constructions_of("sigmoid")[0] == "looks-linear"


def write_target(path: Path, **facts: Any) -> str:
    np.savez(
        path, W0=np.array([[0.5, -0.25]]), b0=np.array([0.1]), W1=np.array([[0.75]]), b1=np.zeros(1), activation="relu"
    )
    if facts:
        path.with_suffix(".json").write_text(json.dumps(facts))
    return str(path)


FACTS = {
    "input_box": {"lo": [-1, 0], "hi": [1, 1]},
    "reference": [{"input": [1, 0], "output": [0.45]}, {"input": [-1, 0], "output": [0.0]}],
}


def test_the_box_and_reference_outputs_beside_a_file_are_used(tmp_path: Path) -> None:
    target = open_target(write_target(tmp_path / "net.npz", **FACTS))
    assert target.name == "net.npz" and target.network.domain[0].tolist() == [-1, 0]
    assert target.reference_deviation() == pytest.approx(0, abs=1e-15)
    moved = FACTS | {"reference": [{"input": [1, 0], "output": [0.5]}]}
    assert open_target(write_target(tmp_path / "off.npz", **moved)).reference_deviation() == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"input_box": {"lo": [0, 0]}}, "hi"),
        ({"input_box": {"lo": ["a", 0], "hi": [1, 1]}}, "input_box"),
        ({"input_box": FACTS["input_box"], "reference": [{"input": [1], "output": [1]}]}, "reference of shapes"),
        ({"input_box": FACTS["input_box"], "reference": [{"input": [1, 0]}]}, "'output'"),
    ],
)
def test_bad_facts_are_named(facts: dict[str, Any], message: str, tmp_path: Path) -> None:
    name = write_target(tmp_path / "net.npz", **facts)
    with pytest.raises(ValueError, match=message):
        open_target(name)


@pytest.mark.parametrize("name", ["nowhere.onnx", "digits", "random:relu:no-biases"])
def test_unknown_targets_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=name.split(":")[0]):
        open_target(name)


def test_a_ticket_row_is_complete_and_reproducible(tmp_path: Path) -> None:
    """Built, verified from its file, measured; two processes write the same bytes as one."""
    name = write_target(tmp_path / "net.npz", **FACTS)
    configuration = TicketsConfiguration(
        activations=(), random_cases=(), seeds=(5, 6), target=name, target_tolerance=0.1
    )
    messages: list[str] = []
    one = tickets.run(configuration, messages.append, tmp_path)
    assert len(messages) == 2 and len(one.seconds) == 2
    for row in one.rows:
        assert row["verified"] is True and row["holds"] is True and row["note"] is None
        assert row["error_lower"] <= row["error_upper"] <= row["promised"] == 0.1
        assert row["target"] == "net.npz" and row["used_over_planned"] <= 1
        assert verify_ticket(tmp_path / row["file"], open_target(name).network, 0.1).ok, "the file is kept"
    assert one.rows[0]["error_lower"] != one.rows[1]["error_lower"], "another seed is another network"
    assert to_csv(tickets.run(configuration, messages.append, workers=2)) == to_csv(one)


def test_a_refused_plan_is_a_row_with_its_reason(tmp_path: Path) -> None:
    name = write_target(tmp_path / "net.npz", **FACTS)
    row = tickets.measure(TicketCase(name, "2L", PLANNED, 0, 1e-15, failure_probability=0.01), tmp_path)
    assert row["note"].startswith("not built: ") and row["verified"] is None and row["holds"] is None
    assert worst(verdicts([ticket_record(row)])) == INCOMPLETE


def test_activation_records() -> None:
    made = activations.run(ActivationsConfiguration(("relu", "tanh"), (-1, -6)), lambda message: None)
    formulas, radii, curves = made
    assert [row["activation"] for row in formulas.rows] == ["relu", "tanh"]
    assert all(row["proved"] == row["tolerances"] == 2 for row in formulas.rows)
    tanh = [row for row in radii.rows if row["activation"] == "tanh"]
    assert all(1 <= row["slack"] < 1.2 and row["a"] <= row["a_exact"] for row in tanh)
    assert tanh[0]["a"] == pytest.approx(0.3 ** (1 / 3), rel=1e-9), "B22: a = (3 eps)^(1/3)"
    for row in curves.rows:
        exact = np.tanh(row["x"]) if row["activation"] == "tanh" else max(0.0, row["x"])
        assert row["phi"] == pytest.approx(exact, abs=1e-15)
        assert not row["certified"] or abs(row["phi"] - row["phihat"]) <= 0.1
    assert worst(verdicts(made)) == HOLDS


def test_formulas_are_written_three_ways() -> None:
    import sympy

    written = formula(sympy.Piecewise((sympy.sqrt(bounds.eps), bounds.eps < 2), (sympy.oo, True)))
    assert r"\varepsilon" in written.latex and "eps" in written.text
    assert "&epsilon;" in written.mathml and "&lt;" in written.mathml and "otherwise" in written.mathml
    assert "<mtable" in written.mathml and "piecewise" not in written.mathml.lower()


def test_conclusions_end_with_the_verdicts() -> None:
    made = all_records()
    assert [item.name for item in made][-4:] == ["ticket_summary", "published", "published_code", "verdicts"]
    assert concluded(made[:3])[-1].name == "verdicts"
