"""The names of ``bounds``: all there, sorted, and imported no earlier than needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bounds

ROOT = Path(__file__).resolve().parents[2]


def test_every_public_name_is_there() -> None:
    assert bounds.__all__ == sorted(bounds.__all__)
    assert all(getattr(bounds, name) is not None for name in bounds.__all__)
    assert bounds.earlier_rows.__module__ == "bounds.earlier.rows"


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'bounds' has no attribute 'later_rows'"):
        bounds.later_rows  # noqa: B018


def test_what_an_import_leaves_out() -> None:
    """Earlier constructions, derivations in print, artefacts, numba: each comes with the first question about it."""
    heavy = (
        "bounds.earlier.rows",
        "bounds.derivation.derive",
        "bounds.artefacts",
        "numba",
        "torch",
        "scipy",
        "matplotlib",
    )
    show = f"import sys, bounds; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
