"""What an earlier or printed statement is, and what a row of the table says about it at one target network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sympy

from bounds.earlier.symbols import LATEX_NAMES

if TYPE_CHECKING:
    from bounds.earlier.setting import Setting


_LATEX_RELATIONS = {">=": r"\ge {}", "=": "= {}", "O": r"= O\left({}\right)"}


class EarlierStatus(StrEnum):
    """What this repository knows about a statement as printed; "unverified": taken from memory or second hand."""

    UNVERIFIED = "unverified"
    PROVED = "proved"
    CONSISTENT = "consistent"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Assumption:
    """A restriction of a statement and whether the target (and phi_0) satisfy it."""

    text: str
    holds: Callable[[Setting], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One subset-sum problem of a proof: variables of a law in [-1, 1], tolerance and |target| in their units."""

    law: str
    tolerance: float
    failure_probability: float
    target: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A statement at one place of a target network (a layer, or the whole).

    ``values``    a number for every symbol of the formula but C; empty where the statement says nothing.
    ``proved``    the same quantity as proved by this repository, None where there is nothing (``note`` says why).
    ``problems``  (problem, how many base sets of its size the quantity counts).
    ``constant``  the constant proved here where it is not proved / printed, because C stands inside the expression.
    """

    label: str
    values: Mapping[sympy.Basic, sympy.Expr | float | int]
    proved: float | None = None
    problems: tuple[tuple[Problem, int], ...] = ()
    constant: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement as printed.

    ``key``            registry key; ``authors``, ``locator`` say where it is printed (``seen`` where we read it).
    ``quantity``       what the formula bounds: "width", "copies", "parameter tolerance", "base-set size", "depth", ...
    ``symbol``         left-hand side; ``relation`` ">=", "=" or "O".
    ``formula``        right-hand side, every hidden constant as the symbol C.
    ``depth``          depth of the source as a function of the target's depth L, as a sympy expression.
    ``activations``    what the source may use.
    ``assumptions``    restrictions, checked against the target.
    ``cases``          the places of a target network where the statement says something.
    ``worst``          how one constant is made of the cases' constants: ``max`` where it must be large, ``min`` where
                       it must be small.
    ``status``, ``status_note``  what is known about the statement *as printed*.
    ``universal``      a constant proved here for all parameters in ``universal_range``; None where there is none.
    """

    key: str
    authors: str
    locator: str
    seen: str
    quantity: str
    symbol: str
    relation: str
    formula: sympy.Expr
    depth: sympy.Expr | None
    activations: str
    status: EarlierStatus
    status_note: str
    cases: Callable[[Setting], tuple[Case, ...]]
    assumptions: tuple[Assumption, ...] = ()
    worst: Callable[[Iterable[float]], float] = max
    universal: float | None = None
    universal_range: str = ""

    def as_latex(self) -> str:
        """Return the statement as LaTeX."""
        body = sympy.latex(self.formula, symbol_names=LATEX_NAMES)
        return f"{self.symbol} {_LATEX_RELATIONS[self.relation].format(body)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRow:
    """A statement evaluated at a target network.

    ``depth``              of the source network it asks for.
    ``expression``         the printed expression with C, at the case that decides the constant (the largest printed
                           value where nothing is proved); None where nothing is said.
    ``value``              the same with C = 1.
    ``proved``             what this repository proves for the same quantity at that case, None if nothing.
    ``constant_proved``    the smallest C (largest, for tolerances) for which the printed expression follows from what
                           is proved, in every case: proved / printed. None unless something is proved in every case.
    ``constant_measured``  the same with measured base sets in place of proved ones; None without measurements.
    ``violated``           assumptions of the statement that the target does not satisfy.
    """

    statement: Statement
    depth: int | None
    cases: tuple[Case, ...]
    expression: sympy.Expr | None
    value: float | None
    proved: float | None
    constant_proved: float | None
    constant_measured: float | None
    violated: tuple[str, ...]
    note: str

    @property
    def key(self) -> str:
        """Registry key of the statement."""
        return self.statement.key

    @property
    def status(self) -> EarlierStatus:
        """What is known about the statement as printed."""
        return self.statement.status
