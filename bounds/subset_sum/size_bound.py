"""What a bound on a base-set size says, on whose authority."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What counts as proof (theory, section 7)."""

    PROVED = "proved"
    CONSISTENT = "consistent"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBound:
    """A bound on the number of variables of one subset-sum problem.

    ``size``       number of variables.
    ``law``        key of ``bounds.laws.LAWS``.
    ``quantifier`` "fixed": for every |z| <= window given in advance; "all": one base set serves all of them at once.
    ``method``     which argument gave the number.
    ``window``     the largest |z| covered.
    ``status``     what the number rests on.
    ``source``     where the argument is written down.
    ``statement``  the sentence that is claimed, with its numbers.
    """

    size: int
    law: str
    quantifier: str
    method: str
    window: float
    status: Status
    source: str
    statement: str
