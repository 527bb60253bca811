"""What a check says: inequalities between what is claimed and what is found, counted whether they hold or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import mpmath
import numpy as np

from empirical.checks.point_values import DIGITS

S = TypeVar("S")
Run = Callable[[S, np.random.Generator], Iterator["Inequality"]]


@dataclass(frozen=True, slots=True)
class Inequality:
    """``left <= right``: one side is claimed by the theory, the other found by an oracle that shares no code with it.

    ``what``         the statement in words, with its arguments.
    ``left, right``  numbers of any ordered type (float, Fraction, mpf); nan on either side is a violation.
    """

    what: str
    left: Any
    right: Any

    @property
    def holds(self) -> bool:
        """Whether left <= right."""
        return bool(self.left <= self.right)

    def __str__(self) -> str:
        relation = "<=" if self.holds else "> (claimed <=)"
        return f"{self.what}: {float(self.left):.12g} {relation} {float(self.right):.12g}"


def equal(what: str, claimed: Any, found: Any, within: Any) -> Inequality:
    """|claimed - found| <= within."""
    return Inequality(f"{what} = {float(claimed):.9g}, found {float(found):.9g}", abs(claimed - found), within)


def true(what: str, statement: bool) -> Inequality:
    """A statement without numbers, as 0 <= 0 or 1 <= 0."""
    return Inequality(what, 0 if statement else 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[S]):
    """One statement of the theory and the inequalities that would show it wrong.

    ``name``       key of the registry.
    ``statement``  what is claimed.
    ``oracle``     what it is held against.
    ``run``        yields the inequalities for a subject; every draw comes from the generator.
    ``applies``    None, or why the check says nothing about this subject.
    """

    name: str
    statement: str
    oracle: str
    run: Run[S]
    applies: Callable[[S], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check came out: ``performed`` comparisons, the ``violations`` among them, or why it does not apply."""

    check: str
    performed: int
    violations: tuple[Inequality, ...]
    not_applicable: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was violated; a check that compared nothing and does not say why is not ok."""
        return not self.violations and (self.performed > 0 or self.not_applicable is not None)


def perform(check: Check[S], subject: S, seed: int = 0, until_violated: bool = False) -> Outcome:
    """Run one check to its end, or to its first violation.

    The package's own guards raise ArithmeticError where a proof they rely on fails: that is a violation too.
    """
    reason = check.applies(subject)
    if reason is not None:
        return Outcome(check.name, 0, (), reason)
    performed, violations = 0, []
    try:
        with mpmath.workdps(DIGITS):
            for found in check.run(subject, np.random.default_rng(seed)):
                performed += 1
                if not found.holds:
                    violations.append(found)
                    if until_violated:
                        break
    except ArithmeticError as guard:
        if type(guard) is not ArithmeticError:  # a division by 0 is an error of the check, not a finding
            raise
        violations.append(true(f"{check.name}: {guard}", False))
    return Outcome(check.name, performed, tuple(violations))
