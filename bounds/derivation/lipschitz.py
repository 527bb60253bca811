"""The step about the Lipschitz constant: where |phi'| could be largest, and what it is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy

from bounds.arithmetic import ball, upper, working_precision
from bounds.derivation.notation import latex_decimal, latex_of, rounded_up, text_of
from bounds.derivation.records import Formula, Name, Step, equation
from bounds.enclosures.lipschitz import Candidate, slope_candidates
from bounds.enclosures.pieces import smooth_pieces
from bounds.functions import x
from bounds.subset_sum.size_bound import Status

if TYPE_CHECKING:
    from bounds.first_activation import Activation

_MOST_SHOWN = 3
_SOURCE = "docs/activations.md, Lipschitz constants"


@working_precision
def lipschitz_step(activation: Activation) -> Iterator[Step]:
    """T = sup |phi'| over R."""
    constant, function = activation.lipschitz, activation.function
    pieces = smooth_pieces(activation.expression, x)
    candidates = _largest_first(slope_candidates(pieces, x)) if pieces is not None else []
    unknown = constant == sympy.oo and not function.lipschitz_is_exact
    yield Step(
        title="Lipschitz constant",
        formulas=(_constant(constant, function.lipschitz_is_exact), *map(_candidate, candidates[:_MOST_SHOWN])),
        method=_method(len(candidates)) if candidates else "an enclosure of phi' on the whole line",
        source=_SOURCE,
        status=Status.OPEN if unknown else Status.PROVED,
    )


def _largest_first(candidates: list[Candidate]) -> list[Candidate]:
    """One candidate per place, those with the steepest slope first."""
    distinct = {candidate.place: candidate for candidate in candidates}
    return sorted(distinct.values(), key=lambda candidate: -upper(candidate.size))


def _constant(constant: sympy.Expr, exact: bool) -> Formula:
    if constant == sympy.oo and not exact:
        return Formula("no finite bound of |phi'(x)| was proved", r"T = \sup_x |\varphi'(x)|", r"\;?")
    if exact:
        return equation(Name("T = sup |phi'(x)|", r"T = \sup_x |\varphi'(x)|"), constant)
    shown = rounded_up(ball(constant))
    tail = rf"\leq T = {latex_of(constant)} \leq {latex_decimal(shown)}"
    return Formula(f"sup |phi'(x)| <= T = {text_of(constant)} <= {shown}", r"\sup_x |\varphi'(x)|", tail)


def _candidate(candidate: Candidate) -> Formula:
    size, place = rounded_up(candidate.size), _place(candidate.place)
    if candidate.exact is None:
        tail = rf"\leq {latex_decimal(size)} \quad ({place})"
        return Formula(f"|phi'| <= {size} for {candidate.place}", r"|\varphi'(x)|", tail)
    tail = rf"= {latex_of(candidate.exact)} \quad ({place})"
    return Formula(f"|phi'| = {text_of(candidate.exact)} for {candidate.place}", r"|\varphi'(x)|", tail)


def _place(words: str) -> str:
    """The place of a candidate for math mode."""
    for plain, tex in _TEX.items():
        words = words.replace(plain, tex)
    return _ROOT.sub(r"\\sqrt{\1}", words)


_ROOT = re.compile(r"sqrt\((\w+)\)")
_TEX = {
    ", where ": r" \text{ where } ",
    ", by bisection": r" \text{ by bisection}",
    "about ": r"\approx ",
    "= \\approx": r"\approx",
    "phi''": r"\varphi''",
    "oo": r"\infty",
    ">=": r"\geq",
    "<=": r"\leq",
    "->": r"\to",
    " in ": r" \in ",
}


def _method(count: int) -> str:
    return (
        f"the largest of {count} slopes: at ends of smooth pieces, at the enclosed sign changes of phi'' in [-32, 32], "
        "and bounds or limits beyond"
    )
