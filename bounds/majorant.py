"""Certified power majorants |e(t)| <= K t^p on (0, radius] of a one-sided error.

p is the leading exponent of e. Where the supremum of |e|/t^p is its limit at 0, K is that limit, an exact sympy
number; otherwise K is a rational slightly above the supremum. Nothing is read off a limit or a sample: next to 0 a
Taylor model proves the bound, bisection proves it on the rest, and a linear growth bound carries it to infinity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import sympy
from flint import arb

from bounds import interval as iv
from bounds.arithmetic import ball, exact_fraction, lower, upper, working_precision
from bounds.ball_evaluation import enclose
from bounds.branch_and_bound import Bound, Verdict, prove
from bounds.interval import Interval
from bounds.one_sided import T
from bounds.residual import Residual, next_term
from bounds.taylor_model import NoTaylorModel, TaylorModel

_BUDGET = 600
_SLACK = Fraction(10001, 10000)
_ACCEPTED_RATIO = Fraction(5, 4)
_FINITE_RADII = tuple(sympy.Rational(2) ** -k for k in range(-3, 13))


@dataclass(frozen=True, slots=True)
class ExactMajorant:
    """|e(t)| <= coefficient * t^exponent for 0 < t <= radius, as sympy numbers (radius may be oo)."""

    coefficient: sympy.Expr
    exponent: Fraction
    radius: sympy.Expr

    def rounded(self) -> Majorant:
        """The same statement in float64: coefficient rounded up, radius rounded down."""
        radius = math.inf if self.radius == sympy.oo else lower(ball(self.radius))
        return Majorant(upper(ball(self.coefficient)), self.exponent, radius)


@dataclass(frozen=True, slots=True)
class Majorant:
    """|phi(x) - phihat(x)| <= coefficient * |x|**exponent for |x| <= radius on one side of 0."""

    coefficient: float
    exponent: Fraction
    radius: float


@working_precision
def power_majorant(residual: Residual) -> ExactMajorant | None:
    """The certified majorant of one side; None when e is not O(t^p) for any p > 1 that can be shown.

    The radius is oo wherever that can be proved, else the largest tried for which K is at most 5/4 of its limit at 0.
    """
    if residual.vanishes:
        return ExactMajorant(sympy.S.Zero, Fraction(2), residual.reach)
    leading = residual.leading_term
    if leading is None or residual.model is None:
        return None
    exponent, factor = leading
    limit = sympy.Abs(factor)
    return _with_limit(residual, exponent, limit) or _with_supremum(residual, exponent, ball(limit))


def _with_limit(residual: Residual, exponent: Fraction, limit: sympy.Expr) -> ExactMajorant | None:
    """K = lim |e|/t^p, when that is the supremum."""
    if not limit_is_supremum(residual):
        return None
    coefficient = ball(limit)
    for end, radius in _candidates(residual, coefficient, exponent):
        if _proved(residual, coefficient, exponent, end):
            return ExactMajorant(limit, exponent, radius)
    return None


def limit_is_supremum(residual: Residual) -> bool:
    """Whether |e|/t^p is at most its limit at 0 on all of (0, model.radius]."""
    model = _model(residual)
    following = next_term(model)
    if following is None:
        return True
    exponent, tail = following
    leading = iv.from_ball(model.terms[0][1])
    reach = iv.magnitude(
        iv.multiply(tail, iv.rational_power(Interval(iv.ZERO, model.radius), exponent - model.terms[0][0]))
    )
    return bool(iv.multiply(leading, tail).hi <= 0 and reach <= 2 * iv.absolute(leading).lo)


def _with_supremum(residual: Residual, exponent: Fraction, limit: arb) -> ExactMajorant | None:
    """K = a rational just above sup |e|/t^p; the largest radius at which it stays near the limit."""
    best: ExactMajorant | None = None
    for radius in (sympy.oo, *_FINITE_RADII):
        coefficient = _estimate(residual, exponent, radius)
        if coefficient is None:
            continue
        tight = bool(ball(coefficient) <= ball(_ACCEPTED_RATIO) * limit)
        if not tight and (best is not None or radius == sympy.oo):
            continue
        for end, proved_radius in _candidates(residual, ball(coefficient), exponent):
            if proved_radius == radius and _proved(residual, ball(coefficient), exponent, end):
                best = ExactMajorant(coefficient, exponent, radius)
                break
        if best is not None and tight:
            return best
    return best


def _estimate(residual: Residual, exponent: Fraction, radius: sympy.Expr) -> sympy.Rational | None:
    """A rational about 1e-4 above sup |e|/t^p on (0, radius], from the Taylor model and samples; not yet a proof."""
    near = _model(residual).radius if radius == sympy.oo else iv.least([_model(residual).radius, ball(radius)])
    found = upper(_ratio_beside_zero(residual, exponent, near))
    far = 64.0 if radius == sympy.oo else float(radius)
    start = float(near)
    for step in range(1, 129):
        t = arb(start * (far / start) ** (step / 128))
        ratio = upper(iv.magnitude(residual.at(t)) / iv.power_ball(t, exponent))
        found = max(found, ratio)
    return _rounded_up(found) if math.isfinite(found) and found > 0 else None


def _model(residual: Residual) -> TaylorModel:
    """The Taylor model of an error that has one."""
    if residual.model is None:
        raise NoTaylorModel(f"{residual.expression} has no Taylor model next to 0; no power majorant can be proved")
    return residual.model


def _ratio_beside_zero(residual: Residual, exponent: Fraction, end: arb) -> arb:
    """Upper bound of |e|/t^p on (0, end], end within the Taylor model, from 32 boxes."""
    model = _model(residual)
    ends = [(end * k / 32).lower() for k in range(32)] + [end]
    boxes = [Interval(a, b) for a, b in pairwise(ends)]
    return iv.greatest([iv.magnitude(model.scaled_range(exponent, box)) for box in boxes])


def _rounded_up(value: float) -> sympy.Rational:
    """The least 5-digit decimal above value * (1 + 1e-4)."""
    target = exact_fraction(value) * _SLACK
    scale = Fraction(10) ** (4 - math.floor(math.log10(value)))
    numerator = math.ceil(target * scale)
    fraction = Fraction(numerator) / scale
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _candidates(residual: Residual, coefficient: arb, exponent: Fraction) -> list[tuple[arb, sympy.Expr]]:
    """(how far the bound must be proved directly, radius it then holds on), best first."""
    found: list[tuple[arb, sympy.Expr]] = []
    beyond = _linear_growth(residual, coefficient, exponent)
    if _is_single_term(residual) and residual.reach == sympy.oo:
        found.append((_model(residual).radius, sympy.oo))
    elif beyond is not None:
        found.append((beyond, sympy.oo))
    finite = {*_FINITE_RADII, residual.reach} - {sympy.oo}
    found.extend((ball(radius).lower(), radius) for radius in sorted(finite, reverse=True))
    return found


def _is_single_term(residual: Residual) -> bool:
    """Whether e(t) = c t^p exactly on (0, reach)."""
    model = _model(residual)
    return len(model.terms) == 1 and next_term(model) is None


def _linear_growth(residual: Residual, coefficient: arb, exponent: Fraction) -> arb | None:
    """X such that |e(t)| <= L t <= K t^p for all t >= X; None when no such L is found."""
    cell = residual.cells[-1]
    if not coefficient > 0:
        return None
    for k in range(1, 21):
        start = arb(2) ** k
        if start < cell.lower:
            continue
        slope = _growth(residual, start)
        if slope.is_finite() and slope <= (coefficient * iv.power_ball(start, exponent - 1)).lower():
            return start
    return None


def _growth(residual: Residual, start: arb) -> arb:
    """L with |e(t)| <= L t for t >= start, from e' or from e(t)/t on [start, oo]."""
    tail = Interval(start, iv.INFINITY)
    cell = residual.cells[-1]
    at_start = iv.magnitude(residual.at(start)) / start
    by_slope = iv.greatest([iv.magnitude(cell.slope(tail)), at_start.upper()])
    by_ratio = iv.magnitude(enclose(_over_t(residual), T)(tail))
    return iv.least([by_slope, by_ratio])


def _over_t(residual: Residual) -> sympy.Expr:
    """e(t)/t with the division done term by term."""
    error = residual.last_expression
    return sympy.Add(*(term / T for term in sympy.Add.make_args(error)))


def _proved(residual: Residual, coefficient: arb, exponent: Fraction, end: arb) -> bool:
    """Whether |e| <= K t^p on (0, end]: by the Taylor model next to 0, by bisection beyond it."""
    near = iv.least([_model(residual).radius, end])
    if limit_is_supremum(residual) and _is_limit(residual, coefficient):
        if _is_single_term(residual):
            near = iv.least([ball(residual.reach).lower(), end])
    elif not _ratio_beside_zero(residual, exponent, near) <= coefficient.lower():
        return False
    if near == end:
        return True
    return prove(residual, power_bound(coefficient, exponent), near, end, _BUDGET).verdict is Verdict.PROVED


def _is_limit(residual: Residual, coefficient: arb) -> bool:
    """Whether the coefficient is the ball of the leading factor itself."""
    leading = residual.leading_term
    return leading is not None and bool((ball(sympy.Abs(leading[1])) - coefficient).contains(0))


def power_bound(coefficient: arb, exponent: Fraction) -> Bound:
    """bound(t) = K t^p."""
    factor, slope_factor = iv.from_ball(coefficient), iv.from_ball(coefficient * ball(exponent))
    return Bound(
        lambda x: iv.multiply(factor, iv.rational_power(x, exponent)),
        lambda x: iv.multiply(slope_factor, iv.rational_power(x, exponent - 1)),
    )
