"""What an experiment is: a title, a number of cells to report progress on, and a function that returns records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from empirical.records import Record

Advance = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Experiment:
    """``run(advance)`` calls ``advance(message)`` once after each of its ``cells`` cells and returns its records."""

    title: str
    cells: int
    run: Callable[[Advance], tuple[Record, ...]]
