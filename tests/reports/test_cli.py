"""The command line: exit statuses, messages that name what is wrong, and a small report from end to end."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import constructions
from empirical.experiments import default
from empirical.experiments.experiment import Experiment
from empirical.records import Record
from reports.cli import main
from reports.exit_codes import ExitCode
from reports.page import read_records
from tests.reports.synthetic import measured_records, ticket_row

PLANNED = ["--tolerance", "0.1", "--failure-probability", "0.01"]


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.npz"
    arrays = {"W0": np.array([[0.5, -0.25]]), "b0": np.array([0.1]), "W1": np.array([[0.75]]), "b1": np.zeros(1)}
    np.savez(path, **arrays, activation="relu", box_lo=np.zeros(2), box_hi=np.ones(2))
    return path


def status(*arguments: object) -> int:
    """The exit status, whether it is returned or raised by argparse."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as leave:
        return int(leave.code or 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["guess"], "guess"),
        (["bounds"], "one of the two"),
        (["bounds", "relu", "--expression", "x"], "one of the two"),
        (["bounds", "swoosh"], "swoosh"),
        (["bounds", "relu", "--tolerance", "-1"], "above 0"),
        (["bounds", "relu", "--tolerance", "nan"], "above 0"),
        (["bounds", "relu", "--tolerance", "small"], "not a number"),
        (["bounds", "relu", "--failure-probability", "1"], "between 0 and 1"),
        (["bounds", "--expression", "x +"], "not an expression"),
        (["bounds", "--expression", "x*q"], "q"),
        (["bounds", "--expression", "Abs(x)"], "m"),
        (["bounds", "--expression", "x < 1"], "number-valued"),
        (["build", "nowhere.onnx", *PLANNED], "nowhere.onnx"),
        (["build", "digits:swoosh", *PLANNED], "swoosh"),
        (["build", "net.npz"], "--tolerance"),
        (["build", "net.npz", "--tolerance", "0.1"], "required"),
        (["build", "net.npz", *PLANNED, "--base-set-size", "9"], "not allowed"),
        (["build", "net.npz", *PLANNED, "--seed", "-1"], "2^64"),
        (["build", "net.npz", *PLANNED, "--seed", "1.5"], "not an integer"),
        (["verify", "nowhere.ticket"], "nowhere.ticket"),
        (["verify", "some.ticket", "--tolerance", "0.1"], "--target"),
        (["report", "--seeds", "0"], "at least 1"),
        (["report", "--target", "nowhere.onnx"], "nowhere.onnx"),
        (["report", "--output", "missing/folder/report"], "missing"),
    ],
)
def test_bad_input_is_named_and_exits_with_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(*arguments) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_an_unknown_construction_is_named(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("build", net, *PLANNED, "--construction", "3L") == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "3L" in said and "L+1" in said


def test_traceback_on_request(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.onnx"):
        main(["build", "nowhere.onnx", *PLANNED, "--traceback"])


def test_build_then_verify(net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = tmp_path / "net.ticket"
    assert status("build", net, *PLANNED, "--output", ticket, "--json") == ExitCode.OK
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["unsolved_problems"] == 0 and ticket.is_file()
    assert status("verify", ticket) == ExitCode.OK
    assert status("verify", ticket, "--target", net, "--tolerance", "0.1") == ExitCode.OK
    assert "verified" in capsys.readouterr().out
    assert status("verify", ticket, "--target", net, "--tolerance", "1e-9") == ExitCode.VIOLATED
    assert "NOT verified" in capsys.readouterr().out


def test_a_damaged_ticket_is_a_violation(net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = tmp_path / "net.ticket"
    assert status("build", net, "--tolerance", "0.01", "--base-set-size", "16", "--output", ticket) == ExitCode.OK
    data = bytearray(ticket.read_bytes())
    data[-3] ^= 1
    ticket.write_bytes(bytes(data))
    capsys.readouterr()
    assert status("verify", ticket, "--json") == ExitCode.VIOLATED
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_unsolved_problems_exit_with_3(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = constructions.build(constructions.load_target(net), "2L", tolerance=0.01, base_set_size=16)
    failure = constructions.Failure(layer=1, row=0, neuron=0, input=0, target=0.5, tolerance=0.01, fatal=True)
    monkeypatch.setattr(constructions, "build", lambda *a, **k: dataclasses.replace(built, failures=(failure,)))
    assert status("build", net, *PLANNED, "--json") == ExitCode.INCOMPLETE
    assert json.loads(capsys.readouterr().out)["unsolved_problems"] == 1


def test_bounds_prints_what_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("bounds", "tanh", "--tolerance", "1e-3", "1e-6", "--json") == ExitCode.OK
    shown = json.loads(capsys.readouterr().out)
    assert shown["activation"]["m_plus"] == "1" and shown["activation"]["d"] == "0"
    for row in shown["tolerances"]:
        assert row["verdict"] == "proved"
        assert row["radius"] == pytest.approx((3 * row["tolerance"]) ** (1 / 3), rel=1e-9)
        assert row["necessary_fixed"] <= row["sufficient_fixed"] <= row["sufficient_all"]
    assert status("bounds", "--expression", "x/(1 + Abs(x))") == ExitCode.OK
    assert "proved" in capsys.readouterr().out


def experiments(records: tuple[Record, ...]) -> Any:
    """A stand-in for the hours of work: the report is made from given records."""

    def chosen(*arguments: Any) -> tuple[Experiment, ...]:
        return (Experiment("invented", len(records), lambda advance: [advance(r.name) for r in records] and records),)

    return chosen


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ExitCode.OK),
        ({"verified": False}, ExitCode.VIOLATED),
        ({"error_lower": 0.06, "error_upper": 0.05}, ExitCode.VIOLATED),
        ({"error_upper": 0.2}, ExitCode.VIOLATED),
        ({"verified": None}, ExitCode.INCOMPLETE),
    ],
)
def test_the_report_fails_when_a_ticket_does(
    change: dict[str, Any], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    records = tuple(r for r in measured_records([ticket_row(), ticket_row(seed=1, **change)]) if r.name != "base_sets")
    monkeypatch.setattr(default, "default_experiments", experiments(records))
    output = tmp_path / "report"
    assert status("report", "--output", output) == expected
    assert (output / "index.html").is_file(), "the report is written and shows it"
    assert {record.name for record in read_records(output)} >= {"tickets", "verdicts"}
    said = capsys.readouterr()
    assert "invented 1/" in said.err, "plain progress lines where there is no terminal"
    assert ("seed 1" in said.err) == (expected != ExitCode.OK)


def test_an_interrupted_report_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "report"
    records = tuple(r for r in measured_records() if r.name != "base_sets")
    monkeypatch.setattr(default, "default_experiments", experiments(records))
    assert status("report", "--output", output) == ExitCode.OK
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}

    def interrupted(advance: Any) -> tuple[Record, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr(default, "default_experiments", lambda *a: (Experiment("invented", 1, interrupted),))
    assert status("report", "--output", output) == ExitCode.INCOMPLETE
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_reader_that_stops_early_gets_no_complaint() -> None:
    """``ticketproof bounds tanh --json | head -1``: the rest is dropped silently, exit status 3."""
    command = [
        sys.executable,
        "-c",
        "from reports.cli import main; raise SystemExit(main(['bounds', '--all', '--json']))",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert (complaint, process.returncode) == ("", 3)
