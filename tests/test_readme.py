"""What the README says runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from reports.cli import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^    (ticketproof .*)$", README, flags=re.MULTILINE)


def test_the_python_example_is_short_and_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    done = subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, sizes, verdict = done.stdout.splitlines()
    necessary, sufficient = (int(word) for word in sizes.split(" <= "))
    lower, upper = (float(word) for word in verdict.split(" <= ")[:2])
    assert first.endswith("proved") and necessary <= sufficient
    assert lower <= upper <= 0.1 and verdict.endswith("True")


@pytest.mark.parametrize("line", SHELL)
def test_the_shell_examples_are_valid(line: str) -> None:
    assert callable(parser().parse_args(shlex.split(line)[1:]).run)


def test_there_are_shell_examples_for_every_command() -> None:
    assert {line.split()[1] for line in SHELL} == {"report", "bounds", "build", "verify"}
