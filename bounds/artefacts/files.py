"""Artefacts as files: exact numbers as text, and one JSON object written in one piece."""

from __future__ import annotations

import json
import math
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from bounds.arithmetic import exact_fraction
from bounds.files import write_text_atomically

Artefact = dict[str, Any]
"""A claim with everything needed to check it: text, whole numbers, lists and dictionaries, no floats."""


def rational(value: Any) -> int | str:
    """The exact value of a number as an integer or "p/q"; infinities as "inf" and "-inf".

    A float stands for the binary fraction it stores. Raises: ValueError for nan.

    >>> rational(0.25), rational(3.0), rational("1/3"), rational(float("inf"))
    ('1/4', 3, '1/3', 'inf')
    """
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            raise ValueError("rational(nan): nan is not a number; pass a real number")
        return "inf" if value > 0 else "-inf"
    exact = exact_fraction(value)
    return exact.numerator if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def least_reading(value: Any) -> Fraction:
    """The decimal a float prints as where that is not above the float, else its exact value; other numbers exactly.

    For tolerances and probabilities, where smaller is stronger: 0.001 becomes 1/1000, although the float is larger.

    >>> least_reading(0.001), least_reading("1e-3"), least_reading(0.3) == Fraction(0.3)
    (Fraction(1, 1000), Fraction(1, 1000), True)
    """
    exact = exact_fraction(value)
    return min(Fraction(repr(value)), exact) if isinstance(value, float) else exact


def text(artefact: Artefact) -> str:
    """The JSON of an artefact, one key per line.

    >>> text({"kind": "none", "nodes": [1, 2]})
    '{\\n "kind": "none",\\n "nodes": [1, 2]\\n}\\n'
    """
    lines = (f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in artefact.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def save(artefact: Artefact, path: str | os.PathLike[str]) -> None:
    """Write an artefact as JSON: ``path`` is either what it was or the whole new file; folders are made.

    Raises: OSError when the place cannot be written.
    """
    write_text_atomically(Path(path), text(artefact))
