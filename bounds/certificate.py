"""Certificates: sup over |x| <= radius of |phi(x) - phihat(x)| <= tolerance, proved in ball arithmetic or refuted.

The Taylor model of the remainder covers a neighbourhood of 0, bisection with mean value and monotonicity tests the
rest, so the statement is about every real x of the interval; sampling plays no part. A refutation carries a float64
witness that separate code evaluates again at twice the precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx

from bounds.arithmetic import PRECISION, ball, checked_positive, upper, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import enclose
from bounds.enclosures.branch_and_bound import Outcome, Verdict, constant_bound, prove, violated
from bounds.enclosures.interval import Interval
from bounds.enclosures.residual import Residual

_HALVINGS = 1100
_PROBES = 8


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known about sup over |x| <= radius of |phi(x) - phihat(x)| <= tolerance.

    ``witness`` is a float64 x with |x| <= radius and a larger error when refuted, None otherwise.
    ``evaluations`` counts the boxes that were examined. ``verdict`` is "open" when the budget ran out.

    >>> from bounds.named import activation
    >>> found = activation("tanh").certify(1e-3, 0.15)
    >>> str(found.verdict), abs(found.witness) <= found.radius
    ('refuted', True)
    """

    verdict: Verdict
    tolerance: Any
    radius: float
    witness: float | None
    evaluations: int


def checked_radius(radius: Any) -> float:
    """The radius as a float when it is a positive number or infinity; ValueError otherwise.

    >>> checked_radius(1), checked_radius(float("inf"))
    (1.0, inf)
    """
    value = float(radius)
    if math.isnan(value) or value <= 0:
        raise ValueError(f"radius={radius!r} must be above 0 (inf allowed); take activation.radius(tolerance)")
    return value


@working_precision
def certify(sides: tuple[Residual, Residual], tolerance: Any, radius: float, budget: int = 4000) -> Certificate:
    """Prove or refute |e| <= tolerance on both sides of 0 up to the radius.

    >>> from bounds.named import activation
    >>> act = activation("tanh")
    >>> str(certify((act.expansion.left, act.expansion.right), 1e-3, 0.144).verdict)
    'proved'
    """
    checked_positive("tolerance", tolerance)
    end = ball(checked_radius(radius))
    evaluations, verdict = 0, Verdict.PROVED
    for side in sides:
        outcome = certify_side(side, ball(tolerance), end, budget)
        evaluations += outcome.evaluations
        if outcome.verdict is Verdict.REFUTED and outcome.point is not None:
            witness = side.direction * float(outcome.point)
            if is_violation(side, witness, tolerance):
                return Certificate(Verdict.REFUTED, tolerance, radius, witness, evaluations)
        if outcome.verdict is not Verdict.PROVED:
            verdict = Verdict.OPEN
    return Certificate(verdict, tolerance, radius, None, evaluations)


def certify_side(side: Residual, tolerance: arb, end: arb, budget: int = 4000) -> Outcome:
    """Prove or refute |e(t)| <= tolerance for 0 < t <= end (end may be infinite).

    >>> from bounds.named import activation
    >>> side = activation("sin").expansion.right
    >>> str(certify_side(side, ball("0.01"), ball("0.39")).verdict)
    'proved'
    """
    if side.vanishes and ball(side.reach) >= end:
        return Outcome(Verdict.PROVED, None, 1)
    if violated(side, constant_bound(tolerance), end):
        return Outcome(Verdict.REFUTED, end, 1)
    start = safe_start(side, tolerance, end)
    if start is None:
        return Outcome(Verdict.OPEN, None, _HALVINGS)
    if start == end:
        return Outcome(Verdict.PROVED, None, 1)
    return prove(side, constant_bound(tolerance), start, end, budget)


def safe_start(side: Residual, tolerance: arb, end: arb) -> arb | None:
    """A t <= end with |e| <= tolerance on all of (0, t], by monotonicity or by halving; None when none is found."""
    rising = iv.least([end, side.monotone_radius])
    if rising > 0 and iv.magnitude(side.at(rising)) <= tolerance:
        return rising
    start = iv.least([end, side.model.radius if side.model is not None else arb(1)])
    for _ in range(_HALVINGS):
        if side.beside_zero(start) <= tolerance:
            return start
        start = start / 2
    return None


def is_violation(side: Residual, witness: float, tolerance: Any) -> bool:
    """Whether |phi(x) - phihat(x)| > tolerance certainly holds at one float64 x, evaluated directly.

    >>> from bounds.named import activation
    >>> side = activation("tanh").expansion.right
    >>> is_violation(side, 0.15, 1e-3), is_violation(side, 0.14, 1e-3)
    (True, False)
    """
    with ctx.workprec(2 * PRECISION):
        x = ball(witness)
        phi = iv.to_ball(enclose(side.expression, side.symbol)(Interval(x, x)))
        error = phi - ball(side.intercept) - ball(side.slope) * x
        return bool(abs(error) > ball(tolerance))


@working_precision
def supremum_bound(side: Residual, end: arb, budget: int = 400) -> float:
    """A proved upper bound of |e| on (0, end], within about 1e-6 of the supremum relatively where that is easy.

    >>> from bounds.named import activation
    >>> 0.2 < supremum_bound(activation("tanh").expansion.right, ball(1)) < 0.2385
    True
    """
    if side.vanishes and ball(side.reach) >= end:
        return 0.0
    if not end.is_finite():
        return math.inf
    if end <= side.monotone_radius:
        return upper(iv.magnitude(side.at(end)))
    probes = [iv.magnitude(side.at((end * k / _PROBES).lower())) for k in range(1, _PROBES + 1)]
    guess = iv.greatest([*probes, end * arb(2) ** -60])
    for step in range(60):
        guess = (guess * (1 + arb(2) ** (step - 20))).upper()
        start = safe_start(side, guess, end)
        if start is None:
            continue
        outcome = prove(side, constant_bound(guess), start, end, budget)
        if outcome.verdict is Verdict.PROVED:
            return upper(guess)
        if outcome.point is not None:
            guess = iv.greatest([guess, iv.magnitude(side.at(outcome.point))])
    return math.inf
