"""The checker is one short file that needs nothing but Python, and says why it rejects."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import bounds
from bounds.artefacts import WRITERS, check_artefact, check_width, copy_checker, save, write
from bounds.artefacts.files import text
from tests.bounds.artefacts.claims import changed, enclosure, propagated, sizes

CHECKERS = [Path(check_artefact.__file__), Path(check_width.__file__)]
each = pytest.mark.parametrize("checker", CHECKERS, ids=lambda path: path.stem)


@each
def test_fewer_than_three_hundred_lines(checker: Path) -> None:
    lines = checker.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 300 and max(map(len, lines)) <= 120


@each
def test_nothing_but_fractions_json_and_sys_is_imported(checker: Path) -> None:
    tree = ast.parse(checker.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert names == {"fractions", "json", "sys"}


@each
def test_nothing_of_a_file_is_run(checker: Path) -> None:
    tree = ast.parse(checker.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"eval", "exec", "compile", "getattr", "globals", "__import__"}


def run(folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """The copied checker in isolated mode without site packages, in a folder of its own."""
    checker = copy_checker(folder)
    command = [sys.executable, "-I", "-S", str(checker), *map(str, paths)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_copy_checks_files_without_the_package(tmp_path: Path) -> None:
    paths = []
    for number, claim in enumerate([enclosure("gelu", 1e-3), sizes(0.1, 0.1), propagated("l1")]):
        paths.append(tmp_path / "claims" / f"{number}.json")
        save(claim, paths[-1])
    done = run(tmp_path / "elsewhere", *paths)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and all(": accepted: " in line for line in lines)
    assert "|phi(x) - d - m x| <= 1/1000" in lines[0] and '["erf"' in lines[0]
    assert "12 uniform variables have a subset sum within 1/10 of every |z| <= 1" in lines[1]
    assert "moves by at most" in lines[2] and "(l1)" in lines[2]


def test_rejections_are_named_and_set_the_exit_status(tmp_path: Path) -> None:
    good, bad, broken = (tmp_path / name for name in ("good.json", "bad.json", "broken.json"))
    save(enclosure("tanh", 1e-3, "exact"), good)
    save(changed(enclosure("tanh", 1e-3, "exact"), tolerance="1/2000"), bad)
    broken.write_text("{", encoding="utf-8")
    done = run(tmp_path, good, bad, broken, tmp_path / "missing.json")
    assert done.returncode == 1 and done.stderr == ""
    verdicts = [line.split(": ", 2)[1:] for line in done.stdout.splitlines()]
    assert [verdict[0] for verdict in verdicts] == ["accepted", "REJECTED", "REJECTED", "REJECTED"]
    assert "not shown between" in verdicts[1][1]


def test_no_file_is_no_proof(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 1


def test_names_in_a_file_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    claim = changed(enclosure("tanh", 1e-3), name="\x1b[2Jtanh", law="\n", phi="\x1b[2Jaccepted")
    save(claim, tmp_path / "claim.json")
    done = run(tmp_path, tmp_path / "claim.json")
    assert done.returncode == 1 and "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 1


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "a" / "claim.json"
    save({"kind": "first"}, target)
    with pytest.raises(ValueError):
        save({"kind": float("nan")}, target)
    assert json.loads(target.read_text()) == {"kind": "first"}
    assert [path.name for path in target.parent.iterdir()] == ["claim.json"]
    assert text({"a": [1, "1/2"]}) == '{\n "a": [1, "1/2"]\n}\n'


def test_the_registry_writes_each_kind(tmp_path: Path) -> None:
    claim = write(tmp_path / "claim.json", "activation-enclosure", bounds.activation("relu"), 1e-3)
    assert json.loads((tmp_path / "claim.json").read_text()) == claim
    with pytest.raises(ValueError, match="base-set"):
        write(tmp_path / "claim.json", "everything")
    assert "tolerances" in WRITERS
