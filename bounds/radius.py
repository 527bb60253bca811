"""The radius a(eps) on which phihat approximates phi within eps: closed form, exact, and the functions g and g^-1.

closed form: from |e| <= K_i t^(p_i) on (0, r_i], i = left, right: a(eps) = min over i of min{(eps/K_i)^(1/p_i), r_i}.
g(x) = x/a(x), asked of this a and not of the exact one, which can jump; g is increasing with g(0+) = 0 because p_i >
1. exact: a*(eps) = sup{a : sup over |x| <= a of |e| <= eps}, found by root enclosure and rounded down so that it
certifies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from bounds import interval as iv
from bounds.arithmetic import ball, certainly_at_most, checked_positive, lower, working_precision
from bounds.branch_and_bound import Verdict, constant_bound, holds, prove, split
from bounds.certificate import certify, safe_start
from bounds.majorant import ExactMajorant
from bounds.residual import Residual

EPS = sympy.Symbol("eps", positive=True)
Y = sympy.Symbol("y", positive=True)

_FARTHEST = arb(2) ** 40
_NARROWEST = arb(2) ** -70


def _exponent(fraction: Fraction) -> sympy.Rational:
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _dominating(majorants: Sequence[ExactMajorant]) -> list[ExactMajorant]:
    """Majorants with K > 0, one per exponent where the coefficients can be compared."""
    kept: list[ExactMajorant] = []
    for majorant in majorants:
        if majorant.coefficient == 0:
            continue
        rivals = [k for k in kept if k.exponent == majorant.exponent]
        if any(k.coefficient == majorant.coefficient for k in rivals):
            continue
        if any(certainly_at_most(majorant.coefficient, k.coefficient) for k in rivals):
            continue
        kept = [k for k in kept if k not in rivals or not certainly_at_most(k.coefficient, majorant.coefficient)]
        kept.append(majorant)
    return kept


def _cut(majorants: Sequence[ExactMajorant]) -> sympy.Expr:
    return sympy.Min(*(majorant.radius for majorant in majorants))


@working_precision
def closed_form(majorants: Sequence[ExactMajorant]) -> sympy.Expr:
    """a(eps) = min over the sides of min{(eps/K)^(1/p), r}; oo when the approximation is exact."""
    powers = [(EPS / m.coefficient) ** (1 / _exponent(m.exponent)) for m in _dominating(majorants)]
    return _combine(sympy.Min, [*powers, _cut(majorants)], sympy.oo)


@working_precision
def gap_function(majorants: Sequence[ExactMajorant]) -> sympy.Expr:
    """g(eps) = eps/a(eps) = max of K^(1/p) eps^(1 - 1/p) and eps/r; 0 when the approximation is exact."""
    terms = []
    for m in _dominating(majorants):
        p = _exponent(m.exponent)
        terms.append(m.coefficient ** (1 / p) * EPS ** (1 - 1 / p))
    return _combine(sympy.Max, [*terms, EPS / _cut(majorants)], sympy.S.Zero)


@working_precision
def gap_inverse(majorants: Sequence[ExactMajorant]) -> sympy.Expr:
    """g^-1(y) = min of y^(p/(p-1)) K^(-1/(p-1)) and r y: the largest eps with g(eps) <= y (oo when g = 0)."""
    terms = []
    for m in _dominating(majorants):
        p = _exponent(m.exponent)
        terms.append(Y ** (p / (p - 1)) * m.coefficient ** (-1 / (p - 1)))
    cut = _cut(majorants)
    return _combine(sympy.Min, [*terms, cut if cut == sympy.oo else cut * Y], sympy.oo)


def _combine(extremum: Any, terms: list[sympy.Expr], neutral: sympy.Expr) -> sympy.Expr:
    """Min or Max of the terms that matter, without asking sympy to compare them."""
    kept = list(dict.fromkeys(term for term in terms if term != neutral))
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return extremum(*kept, evaluate=False)


@working_precision
def closed_form_radius(majorants: Sequence[ExactMajorant], tolerance: Any) -> float:
    """a(tolerance) in float64, rounded down."""
    eps = ball(checked_positive("tolerance", tolerance))
    ends = [ball(m.radius) for m in majorants]
    for m in majorants:
        if m.coefficient != 0:
            p = m.exponent
            ends.append(iv.power_ball((eps / ball(m.coefficient)).lower(), 1 / p))
    return min(lower(end) for end in ends)


@working_precision
def exact_radius(sides: tuple[Residual, Residual], tolerance: Any) -> float:
    """The largest float64 radius, up to the last bits, for which the certificate is proved."""
    eps = ball(checked_positive("tolerance", tolerance))
    radius = min(lower(certified_reach(side, eps)) for side in sides)
    for _ in range(64):
        if radius <= 0 or certify(sides, tolerance, radius).verdict is Verdict.PROVED:
            return radius
        radius = math.nextafter(radius * (1 - 2.0**-50), 0.0) if math.isfinite(radius) else float(lower(_FARTHEST))
    raise ArithmeticError(
        f"exact radius for tolerance={tolerance}: no radius near {radius} certifies; use kind='closed_form'"
    )


def certified_reach(side: Residual, tolerance: arb, budget: int = 6000) -> arb:
    """How far |e| <= tolerance is proved from 0 on one side: the enclosed first crossing from below, or infinity."""
    if side.vanishes and side.reach == sympy.oo:
        return iv.INFINITY
    rising = side.monotone_radius
    if rising > 0 and not iv.magnitude(side.at(rising)) <= tolerance:
        return _crossing(side, tolerance, rising)
    reached = safe_start(side, tolerance, _FARTHEST)
    if reached is None:
        return iv.ZERO
    while reached < _FARTHEST:
        target = 2 * reached
        end, used = _advance(side, tolerance, reached, target, budget)
        budget -= used
        if end < target or budget <= 0:
            return end
        reached = target
    beyond = prove(side, constant_bound(tolerance), reached, iv.INFINITY, 200)
    return iv.INFINITY if beyond.verdict is Verdict.PROVED else reached


def _crossing(side: Residual, tolerance: arb, rising: arb) -> arb:
    """The largest t found by bisection with |e(t)| <= tolerance, where |e| increases on (0, rising]."""
    low, high = iv.ZERO, rising
    while high - low > _NARROWEST * high:
        centre = ((low + high) / 2).mid()
        if iv.magnitude(side.at(centre)) <= tolerance:
            low = centre
        else:
            high = centre
    return low


def _advance(side: Residual, tolerance: arb, start: arb, target: arb, budget: int) -> tuple[arb, int]:
    """How far the proof gets from start towards target, and the number of boxes examined."""
    bound = constant_bound(tolerance)
    stack = side.boxes(start, target)[::-1]
    reached, used = start, 0
    while stack:
        cell, box = stack.pop()
        used += 1
        if holds(cell, bound, box):
            reached = box.hi
            continue
        halves = split(box)
        if used > budget or halves is None or box.hi - box.lo < _NARROWEST * box.hi:
            return box.lo, used
        stack.extend((cell, half) for half in reversed(halves))
    return reached, used
