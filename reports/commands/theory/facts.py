"""One line of the answer: a quantity, its value, how sure it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

GIVEN, PROVED, OPEN, NO_ANSWER = "given", "proved", "open", "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the answer.

    ``quantity``  what it is, in words.
    ``value``     for programs: a number, the exact expression as sympy reads it, or None where there is no answer.
    ``shown``     for readers: the value shortened, or why there is none.
    ``status``    "given", "proved", "refuted", "open", "as printed: refuted", "unverified", "no answer".
    ``source``    theorem of the paper, page and section of the proof.
    """

    quantity: str
    value: Any
    shown: str
    status: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """The fact for JSON."""
        return asdict(self)


def attempt(quantity: str, source: str, ask: Callable[[], Fact]) -> Fact:
    """The fact, or the message of the ValueError in its place: one missing answer leaves the others standing."""
    try:
        return ask()
    except ValueError as error:
        return Fact(quantity=quantity, value=None, shown=str(error), status=NO_ANSWER, source=source)


def number(value: float) -> float | str:
    """A number as JSON can hold it."""
    return value if abs(value) < float("inf") else str(value)
