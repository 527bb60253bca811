"""Certified power majorants |e(t)| <= K t^p on (0, radius] of a one-sided error: the statement and its proof.

p is the leading exponent of e. Nothing is read off a limit or a sample: next to 0 a Taylor model proves the bound,
bisection proves it on the rest, and a linear growth bound carries it to infinity. ``majorant_search`` proposes K.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import sympy
from flint import arb

from bounds.arithmetic import ball, lower, upper
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import enclose
from bounds.enclosures.branch_and_bound import Bound, Verdict, prove
from bounds.enclosures.interval import Interval
from bounds.enclosures.one_sided import T
from bounds.enclosures.residual import Residual, next_term
from bounds.enclosures.taylor_model import NoTaylorModel, TaylorModel

_BUDGET = 600


@dataclass(frozen=True, slots=True)
class ExactMajorant:
    """|e(t)| <= coefficient * t^exponent for 0 < t <= radius, as sympy numbers (radius may be oo)."""

    coefficient: sympy.Expr
    exponent: Fraction
    radius: sympy.Expr

    def rounded(self) -> Majorant:
        """The same statement in float64: coefficient rounded up, radius rounded down.

        >>> ExactMajorant(sympy.Rational(1, 3), Fraction(3), sympy.oo).rounded().coefficient > 1 / 3 - 1e-17
        True
        """
        radius = math.inf if self.radius == sympy.oo else lower(ball(self.radius))
        return Majorant(upper(ball(self.coefficient)), self.exponent, radius)


@dataclass(frozen=True, slots=True)
class Majorant:
    """|phi(x) - phihat(x)| <= coefficient * |x|**exponent for |x| <= radius on one side of 0."""

    coefficient: float
    exponent: Fraction
    radius: float


@dataclass(frozen=True, slots=True)
class MajorantProof:
    """Why |e| <= K t^p on (0, radius], part by part.

    ``near``       covered next to 0 by the Taylor model (by the expansion itself, where that is a single exact term).
    ``model``      the Taylor model where K is the limit of |e|/t^p and what follows has the opposite sign, else None.
    ``ratio``      otherwise an upper bound of |e|/t^p on (0, near].
    ``far``        bisection proves the bound on [near, far], in ``boxes`` boxes.
    ``growth``     L with |e(t)| <= L t <= K t^p beyond ``far``; None where the statement ends there.
    """

    near: arb
    model: TaylorModel | None
    ratio: arb | None
    far: arb
    boxes: int
    growth: arb | None


def proved(residual: Residual, coefficient: sympy.Expr, exponent: Fraction, radius: sympy.Expr) -> bool:
    """Whether |e| <= K t^p on (0, radius] is proved, p being the leading exponent (radius may be oo).

    >>> from bounds.named import activation
    >>> side = activation("tanh").expansion.right
    >>> [proved(side, sympy.Rational(k, 99), Fraction(3), sympy.oo) for k in (33, 32)]
    [True, False]
    """
    return majorant_proof(residual, coefficient, exponent, radius) is not None


def majorant_proof(
    residual: Residual, coefficient: sympy.Expr, exponent: Fraction, radius: sympy.Expr
) -> MajorantProof | None:
    """The proof of |e| <= K t^p on (0, radius], p being the leading exponent (radius may be oo); None if none is found.

    Raises: NoTaylorModel when the error has no Taylor model next to 0.

    >>> from bounds.named import activation
    >>> found = majorant_proof(activation("tanh").expansion.right, sympy.Rational(1, 3), Fraction(3), sympy.oo)
    >>> float(found.near), float(found.far), found.boxes > 0
    (0.5, 2.0, True)
    """
    bound = ball(coefficient)
    end = ball(radius).lower()
    model, ratio, growth = model_of(residual), None, None
    near = iv.least([model.radius, end])
    at_limit = is_limit(residual, coefficient) and limit_is_supremum(residual)
    if at_limit and is_single_term(residual):
        near = iv.least([ball(residual.reach).lower(), end])
    elif not at_limit:
        ratio = ratio_beside_zero(residual, exponent, near)
        if not ratio <= bound.lower():
            return None
    if radius == sympy.oo and near < end:
        beyond = _linear_growth(residual, bound, exponent)
        if beyond is None:
            return None
        end, growth = iv.greatest([beyond[0], near]), beyond[1]
    boxes = 0
    if near < end:
        outcome = prove(residual, power_bound(bound, exponent), near, end, _BUDGET)
        if outcome.verdict is not Verdict.PROVED:
            return None
        boxes = outcome.evaluations
    return MajorantProof(near, model if at_limit else None, ratio, end, boxes, growth)


def is_limit(residual: Residual, coefficient: sympy.Expr) -> bool:
    """Whether the coefficient is the limit of |e|/t^p at 0, as a symbolic number."""
    leading = residual.leading_term
    return leading is not None and bool(sympy.Abs(leading[1]) == coefficient)


def limit_is_supremum(residual: Residual) -> bool:
    """Whether |e|/t^p is at most its limit at 0 on all of (0, model.radius]."""
    model = model_of(residual)
    following = next_term(model)
    if following is None:
        return True
    exponent, tail = following
    leading = iv.from_ball(model.terms[0][1])
    reach = iv.magnitude(
        iv.multiply(tail, iv.rational_power(Interval(iv.ZERO, model.radius), exponent - model.terms[0][0]))
    )
    return bool(iv.multiply(leading, tail).hi <= 0 and reach <= 2 * iv.absolute(leading).lo)


def is_single_term(residual: Residual) -> bool:
    """Whether e(t) = c t^p exactly on (0, reach)."""
    model = model_of(residual)
    return len(model.terms) == 1 and next_term(model) is None


def model_of(residual: Residual) -> TaylorModel:
    """The Taylor model of an error that has one."""
    if residual.model is None:
        raise NoTaylorModel(f"{residual.expression} has no Taylor model next to 0; no power majorant can be proved")
    return residual.model


def ratio_beside_zero(residual: Residual, exponent: Fraction, end: arb) -> arb:
    """Upper bound of |e|/t^p on (0, end], end within the Taylor model, from 32 boxes."""
    model = model_of(residual)
    ends = [(end * k / 32).lower() for k in range(32)] + [end]
    boxes = [Interval(a, b) for a, b in pairwise(ends)]
    return iv.greatest([iv.magnitude(model.scaled_range(exponent, box)) for box in boxes])


def _linear_growth(residual: Residual, coefficient: arb, exponent: Fraction) -> tuple[arb, arb] | None:
    """(X, L) such that |e(t)| <= L t <= K t^p for all t >= X; None when no such L is found."""
    cell = residual.cells[-1]
    if not coefficient > 0:
        return None
    for k in range(1, 21):
        start = arb(2) ** k
        if start < cell.lower:
            continue
        slope = _growth(residual, start)
        if slope.is_finite() and slope <= (coefficient * iv.power_ball(start, exponent - 1)).lower():
            return start, slope
    return None


def _growth(residual: Residual, start: arb) -> arb:
    """L with |e(t)| <= L t for t >= start, from e' or from e(t)/t on [start, oo]."""
    tail = Interval(start, iv.INFINITY)
    cell = residual.cells[-1]
    by_ratio = iv.magnitude(enclose(_over_t(residual), T)(tail))
    if not cell.value.decided(tail)[1]:
        return by_ratio
    at_start = iv.magnitude(residual.at(start)) / start
    by_slope = iv.greatest([iv.magnitude(cell.slope(tail)), at_start.upper()])
    return iv.least([by_slope, by_ratio])


def _over_t(residual: Residual) -> sympy.Expr:
    """e(t)/t with the division done term by term."""
    error = residual.last_expression
    return sympy.Add(*(term / T for term in sympy.Add.make_args(error)))


def power_bound(coefficient: arb, exponent: Fraction) -> Bound:
    """bound(t) = K t^p."""
    factor, slope_factor = iv.from_ball(coefficient), iv.from_ball(coefficient * ball(exponent))
    return Bound(
        lambda x: iv.multiply(factor, iv.rational_power(x, exponent)),
        lambda x: iv.multiply(slope_factor, iv.rational_power(x, exponent - 1)),
    )
