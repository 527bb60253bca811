"""``ticketproof bounds``: everything has a status and a source, fits a terminal, and bad input is named."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sympy

import bounds
from reports.cli import main
from reports.commands.theory import network
from reports.commands.theory.all_activations import TOLERANCES
from reports.commands.theory.network_options import NORMS, SWITCHES, norms
from reports.exit_codes import ExitCode

SMALL = ["--tolerance", "0.05", "--width", "3,4,2"]
STATUSES = ("given", "proved", "open", "as printed: refuted", "no answer", "unverified", "consistent")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = ExitCode.OK) -> str:
    assert main(["bounds", *arguments]) == status
    return capsys.readouterr().out


def ask_json(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = ExitCode.OK) -> Any:
    return json.loads(ask(capsys, *arguments, "--json", status=status))


def tables(text: str) -> list[list[str]]:
    """The lines below every rule of a printed table, up to the next empty line."""
    blocks = re.split(r"^-+(?:  -+)+$", text, flags=re.MULTILINE)[1:]
    return [[line for line in block.split("\n\n")[0].splitlines() if line.strip()] for block in blocks]


def test_every_line_has_its_status_and_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask(capsys, "tanh", *SMALL)
    legend = dict(re.findall(r"^\[(\d+)\] (.*)$", shown, flags=re.MULTILINE))
    blocks = tables(shown)
    assert len(blocks) == 7, "formulas, numbers, tolerances, steps of three constructions, earlier rows"
    for line in (line for block in blocks for line in block if not line.startswith(" ")):
        if marks := re.findall(r"\[(\d+)\]", line):
            assert re.sub(r"\s+(\[\d+\]\s*)+$", "", line).endswith(STATUSES), line
            assert set(marks) <= set(legend)
    assert sum(bool(re.search(r"\[\d+\]$", line)) for block in blocks for line in block) >= 60
    assert any("Lemma 2.8" in source for source in legend.values())


@pytest.mark.parametrize(
    "arguments",
    [
        ["selu", "--derivation"],
        ["gelu_tanh", "--tolerance", "1e-3", "1e-6"],
        ["--expression", "x + x/log(1/Abs(x)/4)"],
        ["tanh", *SMALL],
        ["tanh", "--tolerance", "1e-1", "--width", "30,20,20,10,10,9,8,7,5", "--construction", "2L"],
        ["--all"],
    ],
)
def test_the_text_fits_a_terminal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["bounds", *arguments])
    shown = capsys.readouterr().out
    assert shown and max(map(len, shown.splitlines())) <= 120
    assert not any(line != line.rstrip() for line in shown.splitlines())


def test_numbers_are_those_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask_json(capsys, "sigmoid", "--tolerance", "1e-3", "--failure-probability", "0.05", "--law", "product")
    assert shown["schema"] == "ticketproof.bounds/1" and shown["network"] is None
    sigmoid = bounds.activation("sigmoid")
    assert sympy.sympify(shown["activation"]["g_inverse"], locals={"y": bounds.y}) == sigmoid.g_inverse
    (row,) = shown["tolerances"]
    assert row["radius"] == sigmoid.radius(1e-3) and row["exact_radius"] == sigmoid.radius(1e-3, "exact")
    assert row["minimax_radius"] == sigmoid.radius(1e-3, "minimax") and row["verdict"] == "proved"
    assert row["necessary_fixed"] == bounds.necessary_size(1e-3, 0.05, "product").size
    assert row["sufficient_all"] == bounds.sufficient_size(1e-3, 0.05, "product", "all").size
    exact = {"T": sigmoid.lipschitz, "d": sigmoid.d, "m_plus": sigmoid.m_plus, "a(eps)": sigmoid.a, "g(eps)": sigmoid.g}
    values = {fact["quantity"]: fact["value"] for fact in shown["formulas"]}
    assert {name: values[name] for name in exact} == {name: str(value) for name, value in exact.items()}
    assert values["m = m_plus + m_minus"] == "1/2" and values["phi(x)"] == str(sigmoid.expression)
    majorant = {"coefficient": "1/48", "exponent": "3", "radius": "oo"}
    assert values["|phi - phihat|, x >= 0"] == values["|phi - phihat|, x <= 0"] == majorant
    facts = [*shown["formulas"], *row["facts"]]
    assert all(set(fact) == {"quantity", "value", "shown", "status", "source"} for fact in facts)
    assert all(fact["status"] in STATUSES and fact["source"] for fact in facts)


def test_an_activation_without_closed_form_leaves_it_open(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask_json(capsys, "--expression", "x + x/log(1/Abs(x)/4)")
    assert shown["activation"]["a"] is None and shown["tolerances"][0]["radius"] is None
    statuses = {fact["quantity"]: fact["status"] for fact in shown["formulas"]}
    assert statuses["a(eps)"] == statuses["T (upper bound)"] == "open" and statuses["m_plus"] == "proved"
    assert shown["tolerances"][0]["exact_radius"] > 0 and shown["tolerances"][0]["verdict"] == "proved"


def test_minimax_slopes_that_cancel_are_one_missing_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def cancelling(*_: object) -> None:
        raise ValueError("slopes cancel (m = 0); use kind='exact'")

    patch = pytest.MonkeyPatch()
    patch.setattr(bounds.Activation, "best_slopes", cancelling)
    with patch.context():
        shown = ask_json(capsys, "tanh")
    patch.undo()
    facts = {fact["quantity"]: fact for fact in shown["tolerances"][0]["facts"]}
    assert facts["minimax_radius"]["status"] == "no answer" and "cancel" in facts["minimax_radius"]["shown"]
    assert facts["exact_radius"]["status"] == "proved"


def test_proved_numbers_are_shown_rounded_down(capsys: pytest.CaptureFixture[str]) -> None:
    for tolerance in ("1e-2", "3e-5"):
        shown = ask(capsys, "tanh", "--tolerance", tolerance)
        radius = float(re.search(r"^radius a\(eps\)\s+(\S+)", shown, flags=re.MULTILINE)[1])  # type: ignore[index]
        exact = bounds.activation("tanh").radius(float(tolerance))
        assert exact * (1 - 1e-5) <= radius <= exact


def test_latex_and_the_derivation(capsys: pytest.CaptureFixture[str]) -> None:
    gelu = bounds.activation("gelu").derivation()
    assert ask(capsys, "gelu", "--latex").rstrip("\n") == gelu.latex()
    assert str(gelu) in ask(capsys, "gelu", "--derivation")
    assert ask_json(capsys, "gelu", "--derivation")["derivation"] == gelu.as_dict()


def test_a_target_network(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask_json(capsys, "tanh", *SMALL, "--row-sum", "2", "--no-biases", "--nonnegative-input")["network"]
    spec = bounds.dense_spec((3, 4, 2), "tanh", row_sum=2.0, max_bias=0.0, nonnegative_input=True)
    assert shown["assumed"]["row_sum"] == 2.0 and shown["assumed"]["max_bias"] == 0.0
    assert shown["assumed"]["nonnegative_input"] is True and shown["layers"][0]["two_signed_inputs"] == 0
    assert [layer["input_sup"] for layer in shown["layers"]] == [layer.input_sup for layer in spec.layers]
    (answer,) = shown["answers"]
    forms = {row["label"]: row for row in answer["parameter_tolerances"]}
    assert len(forms) == len(network.TOLERANCES) == 7
    needed = list(bounds.parameter_tolerances(spec, 0.05, norm="l1", form="per_layer"))
    assert forms["sum of outputs, by need"]["values"] == needed
    assert forms["largest output (linf)"]["values"] == list(bounds.parameter_tolerances(spec, 0.05))
    assert forms["largest output (linf)"]["status"] == "proved"
    printed = forms["printed, ||W|| as column-sum"]
    assert printed["status"] == "as printed: refuted"
    assert printed["values"] == list(bounds.parameter_tolerances(spec, 0.05, form="printed", reading="column-sum"))
    assert [row["construction"] for row in answer["constructions"]] == ["2L", "L+1", "looks-linear"]
    for row in answer["constructions"]:
        requirement = bounds.width_requirement(spec, row["construction"], 0.05, 0.01, "tanh")
        assert row["status"] == "proved" and row["widths"] == list(requirement.widths)
        assert row["base_set_sizes"] == list(requirement.base_set_sizes)
        assert len(row["steps"]) == len(requirement.steps)
        assert [item["total"] for item in row["slack"]] == [item.total for item in requirement.slack]


def test_earlier_constructions_at_the_same_target(capsys: pytest.CaptureFixture[str]) -> None:
    spec = bounds.dense_spec((3, 4, 2), "relu", max_bias=0.0)
    expected = {row.key: row for row in bounds.earlier_rows(spec, 0.05, 0.01, first_activation="relu")}
    (answer,) = ask_json(capsys, "relu", *SMALL, "--no-biases", "--construction", "earlier")["network"]["answers"]
    assert answer["constructions"] == [] and [row["key"] for row in answer["earlier"]] == list(expected)
    for row in answer["earlier"]:
        assert (row["value"], row["proved"]) == (expected[row["key"]].value, expected[row["key"]].proved)
        assert row["status"].endswith(str(expected[row["key"]].status)) and row["source"]
    assert {row["key"]: row["status"] for row in answer["earlier"]}["b22-lemma2.8"] == "as printed: refuted"
    shown = ask(capsys, "relu", *SMALL, "--no-biases", "--construction", "earlier")
    assert "source widths" not in shown
    pensia = expected["pensia"]
    line = next(line for line in shown.splitlines() if line.startswith("pensia "))
    numbers = [float(word) for word in re.findall(r"(?<=\s)[\d.e+]+(?=\s|$)", line)]
    assert numbers == pytest.approx([pensia.value, pensia.proved, pensia.constant_proved], rel=1e-3)
    assert "earlier" not in ask(capsys, "relu", *SMALL, "--construction", "2L")


def test_missing_earlier_rows_do_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise ValueError("earlier_rows: nothing fits")

    monkeypatch.setattr(bounds, "earlier_rows", failing)
    shown = ask(capsys, "tanh", *SMALL, status=ExitCode.INCOMPLETE)
    assert "earlier_rows: nothing fits" in shown and shown.count("source widths: ") == 3


def test_where_the_neurons_go(capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(ask(capsys, "tanh", *SMALL, "--construction", "2L").split())
    widths = [int(w) for w in re.search(r"source widths: ([\d-]+)", shown)[1].split("-")]  # type: ignore[index]
    sum_text = re.search(r"where the hidden neurons go: (.*?) = (\d+)", shown)
    assert sum_text is not None and int(sum_text[2]) == sum(widths[1:-1])
    assert sum(int(number) for number in re.findall(r"(?<![\w.])[+-]?\d+", sum_text[1])) == sum(widths[1:-1])


def test_artefacts_are_written_and_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "proofs"
    arguments = ["tanh", "--tolerance", "0.1", "--failure-probability", "0.1", "--width", "3,2", "--construction", "2L"]
    written = ask_json(capsys, *arguments, "--artefacts", str(folder))["artefacts"]
    files = sorted(folder.glob("*.json"))
    assert sorted(entry["file"] for entry in written) == [str(path) for path in files] and len(files) == 5
    checker = [sys.executable, "-I", "-S", str(folder / "check_artefact.py"), *map(str, files)]
    done = subprocess.run(checker, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.count(": accepted: ") == 5, done.stdout + done.stderr
    assert "proofs written; check them with: python -I -S" in ask(capsys, *arguments, "--artefacts", str(folder))


def test_a_proof_that_the_format_cannot_hold_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask(capsys, "relu", "--law", "normal", "--artefacts", str(tmp_path / "proofs"), status=ExitCode.INCOMPLETE)
    assert shown.count("no file for base-set: ") == 2 and "radius-0.01.json" in shown


def test_a_bad_folder_is_refused_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("keep")
    for folder, message in (("file", "is a file"), ("missing/folder", "does not exist")):
        assert main(["bounds", "relu", "--artefacts", str(tmp_path / folder)]) == ExitCode.USAGE
        said = capsys.readouterr()
        assert message in said.err and said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_was_assumed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(ask(capsys, "relu", *SMALL, "--construction", "2L").split())
    assert "|w| <= 1, row sums of |W| <= 1, |b| <= 1, all weights may be nonzero; inputs in [-1, 1]" in shown
    more = ["--max-weight", "0.5", "--row-nonzeros", "2", "--no-biases", "--nonnegative-input", "--input-sup", "3"]
    shown = " ".join(ask(capsys, "relu", *SMALL, "--construction", "2L", *more).split())
    assert "|w| <= 0.5, row sums of |W| <= 1, no biases, at most 2 nonzero weights per row; inputs in [0, 3]" in shown


def test_a_missing_width_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bounds.width_requirement

    def failing(spec: Any, construction: str, *rest: Any) -> Any:
        if construction == "L+1":
            raise ValueError("width_requirement: below the floor; ask for a larger tolerance")
        return asked(spec, construction, *rest)

    monkeypatch.setattr(bounds, "width_requirement", failing)
    monkeypatch.setattr(bounds, "earlier_rows", lambda *_, **__: ())
    shown = ask(capsys, "tanh", *SMALL, status=ExitCode.INCOMPLETE)
    assert "L+1: error at most 0.05 with probability at least 1 - 0.01: no answer" in shown
    assert "below the floor; ask for a larger tolerance" in shown
    assert shown.count("source widths: ") == 2
    rows = ask_json(capsys, "tanh", *SMALL, status=ExitCode.INCOMPLETE)["network"]["answers"][0]["constructions"]
    assert [row["status"] for row in rows] == ["proved", "no answer", "proved"] and "floor" in rows[1]["message"]


def test_a_missing_tolerance_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bounds.parameter_tolerances

    def failing(*arguments: Any, **form: Any) -> Any:
        if form.get("reading") == "row-sum":
            raise ValueError("parameter_tolerances: divides by zero")
        return asked(*arguments, **form)

    monkeypatch.setattr(bounds, "parameter_tolerances", failing)
    shown = ask(capsys, "tanh", *SMALL, "--construction", "2L")
    assert "divides by" in shown and "printed, ||W|| as max-entry" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tanh", "--row-sum", "2"], "--row-sum describes a target network; add --width"),
        (["tanh", "--construction", "2L"], "--construction describes a target network; add --width"),
        (["tanh", "--first-activation", "relu"], "--first-activation describes"),
        (["tanh", "--no-biases"], "--no-biases describes"),
        (["tanh", *SMALL, "--no-biases", "--max-bias", "1"], "--max-bias 1 contradicts --no-biases"),
        (["tanh", "--width", "3"], "at least an input and an output"),
        (["tanh", "--width", "3,0,2"], "at least 1"),
        (["tanh", "--width", "3,x"], "not an integer"),
        (["tanh", *SMALL, "--row-sum", "0"], "above 0"),
        (["tanh", *SMALL, "--row-sum", "wide"], "not a number"),
        (["tanh", *SMALL, "--max-weight", "nan"], "above 0"),
        (["tanh", *SMALL, "--row-nonzeros", "0"], "at least 1"),
        (["tanh", *SMALL, "--input-sup", "inf"], "above 0"),
        (["tanh", *SMALL, "--construction", "3L"], "3L"),
        (["tanh", *SMALL, "--output-activation", "swoosh"], "swoosh"),
        (["tanh", *SMALL, "--first-activation", "swoosh"], "swoosh"),
        (["tanh", "--width", "9,9,9,9", "--tolerance", "2"], "tolerance"),
        (["exp", "--width", "9,9,9,9,9", "--row-sum", "9"], "lower row_sum"),
        (["--expression", "x/(1+Abs(x))", "--width", "3,2"], "--width needs an activation by name"),
        (["tanh", "--csv"], "add --all"),
        (["tanh", "--markdown"], "add --all"),
        (["tanh", "--json", "--latex"], "not allowed"),
        (["tanh", "--all"], "leave an activation out"),
        (["--all", "--width", "3,2"], "leave --width out"),
        (["--all", "--latex"], "leave --latex out"),
        (["--all", "--derivation"], "leave --derivation out"),
        (["--all", "--expression", "x"], "leave --expression out"),
        (["--all", "--artefacts", "proofs"], "leave --artefacts out"),
        (["tanh", "--law", "cauchy"], "cauchy"),
        (["x"], "'x' is unknown"),
        ([], "or --all"),
    ],
)
def test_bad_input_is_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["bounds", *arguments])
    except SystemExit as leave:
        status = int(leave.code or 0)
    said = capsys.readouterr()
    assert status == ExitCode.USAGE and message in said.err and "Traceback" not in said.err
    assert said.out == "", "nothing is printed before the input is checked"


def test_an_unknown_first_activation_is_not_an_answer_but_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """A tolerance floor is an answer about the target; a name nobody knows is a typing error."""
    assert main(["bounds", "tanh", *SMALL, "--first-activation", "abs"]) == ExitCode.USAGE
    assert "Assumption 2.3" in capsys.readouterr().err


def test_options_and_defaults_are_those_of_the_library() -> None:
    assert {option.name for option in NORMS} | {"nonnegative_input", "widths", "activation"} == set(
        bounds.dense_spec.__kwdefaults__ or {}
    ) | {"widths", "activation", "output_activation"}
    empty = argparse.Namespace(**{o.name: None for o in NORMS}, no_biases=False, nonnegative_input=False)
    defaults = dict(bounds.dense_spec.__kwdefaults__ or {}, output_activation="identity")
    assert norms(empty) == defaults
    assert {flag for flag, _ in SWITCHES} == {"--no-biases", "--nonnegative-input"}


def test_every_printed_reading_is_a_row() -> None:
    readings = {row.arguments.get("reading") for row in network.TOLERANCES}
    assert readings == {None, "row-sum", "column-sum", "max-entry"}


# ---------------------------------------------------------------------------------------------------------- all


def test_the_table_of_all_activations(capsys: pytest.CaptureFixture[str]) -> None:
    """Under a minute of processor time, of which it takes about two seconds on an idle machine."""
    start = time.process_time()
    shown = ask_json(capsys, "--all")
    assert time.process_time() - start < 60
    rows = {row["name"]: row for row in shown["activations"]}
    assert tuple(rows) == bounds.activations() and shown["schema"] == "ticketproof.bounds.all/1"
    for name, row in rows.items():
        act = bounds.activation(name)
        expected = {"m_plus": act.m_plus, "m_minus": act.m_minus, "d": act.d, "T": act.lipschitz}
        assert {key: row[key] for key in expected} == {key: str(value) for key, value in expected.items()}
        assert (row["a"], row["g"], row["g_inverse"]) == (str(act.a), str(act.g), str(act.g_inverse))
        assert list(row["verdicts"]) == [str(t) for t in TOLERANCES] and set(row["verdicts"].values()) == {"proved"}
        assert 0 <= row["derivation_seconds"] < 2 and 0 <= row["certificate_seconds"] < 0.05
    assert shown["seconds"] >= sum(row["derivation_seconds"] for row in rows.values())


def test_the_table_as_text_csv_and_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    text = ask(capsys, "--all", "--tolerance", "1e-2")
    assert "23 activations, 23 of 23 certificates proved; processor time: " in " ".join(text.split())
    lines = list(csv.DictReader(io.StringIO(ask(capsys, "--all", "--csv"))))
    assert [line["activation"] for line in lines] == list(bounds.activations())
    assert sympy.sympify(lines[2]["a"], locals={"eps": bounds.eps}) == bounds.activation("tanh").a
    assert {line["eps = 1e-12"] for line in lines} == {"proved"}
    markdown = ask(capsys, "--all", "--markdown", "--tolerance", "1e-2").splitlines()
    assert len({line.count("|") - line.count(r"\|") for line in markdown[: len(lines) + 2]}) == 1
    assert markdown[2].startswith("| relu | 1 | 0 | 0 | 1 | oo | 0 | oo | proved |")


@pytest.mark.parametrize(("verdict", "status"), [("refuted", ExitCode.VIOLATED), ("open", ExitCode.INCOMPLETE)])
def test_the_worst_verdict_is_the_exit_status(
    verdict: str, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bounds.Activation.certify

    def doubtful(act: Any, tolerance: float, radius: Any = None) -> Any:
        certificate = asked(act, tolerance, radius)
        doubt = act.name == "tanh" and tolerance == 1e-6
        return type(certificate)(verdict, tolerance, certificate.radius, 1.0, 2) if doubt else certificate

    monkeypatch.setattr(bounds.Activation, "certify", doubtful)
    assert "114 of 115" in " ".join(ask(capsys, "--all", status=status).split())
    ask(capsys, "tanh", "--tolerance", "1e-6", status=status)


def test_readme_and_page_name_the_command() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "bounds-command.md").read_text(encoding="utf-8")
    for option in ("--width", "--all", "--latex", *(o.flag for o in NORMS), *(flag for flag, _ in SWITCHES)):
        assert f"`{option}" in page, option
    assert "ticketproof.bounds/1" in page and "ticketproof.bounds.all/1" in page
