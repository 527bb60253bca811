"""Where a number comes from: versions, machine, code and commit."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE_PACKAGES = ("bounds", "constructions", "empirical")
DISTRIBUTIONS = ("mpmath", "numba", "numpy", "python-flint", "scikit-learn", "scipy", "sympy", "ticketproof", "torch")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from; ``code`` is a hash of the sources, ``commit`` is None outside a git checkout."""

    python: str
    platform: str
    device: str
    packages: Mapping[str, str]
    code: str
    commit: str | None


def provenance(device: str = "cpu") -> Provenance:
    """Versions, machine, code hash and commit of the running program."""
    return Provenance(
        python=platform.python_version(),
        platform=platform.platform(),
        device=device,
        packages={name: _version(name) for name in DISTRIBUTIONS},
        code=code_version(),
        commit=_commit(),
    )


@cache
def code_version() -> str:
    """SHA-256 over the sources of the packages that compute, so that a changed formula changes every key."""
    digest = hashlib.sha256()
    for path in sorted(path for package in CODE_PACKAGES for path in (ROOT / package).rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


@cache
def _commit() -> str | None:
    """HEAD of the checkout the code runs from, with ``+changes`` when the tree differs from it."""
    if not (ROOT / ".git").exists():
        return None
    head, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return head + ("+changes" if status else "") if head else None


def _git(*arguments: str) -> str | None:
    """Output of a git command, None where git is missing or refuses."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=20)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
