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

from bounds.arithmetic import ball, certainly_at_most, checked_positive, lower, working_precision
from bounds.certificate import certify, safe_start
from bounds.enclosures import interval as iv
from bounds.enclosures.branch_and_bound import Verdict, constant_bound, holds, prove, split
from bounds.enclosures.residual import Residual
from bounds.majorant import ExactMajorant

EPS = sympy.Symbol("eps", positive=True)
Y = sympy.Symbol("y", positive=True)

_FARTHEST = arb(2) ** 40
_NARROWEST = arb(2) ** -70


Side = tuple[ExactMajorant, ...]


def _exponent(fraction: Fraction) -> sympy.Rational:
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _radius_of(m: ExactMajorant) -> sympy.Expr:
    """min{(eps/K)^(1/p), r}."""
    power = sympy.oo if m.coefficient == 0 else (EPS / m.coefficient) ** (1 / _exponent(m.exponent))
    return _combine(sympy.Min, [power, m.radius], sympy.oo)


def _gap_of(m: ExactMajorant) -> sympy.Expr:
    """eps over that: max{K^(1/p) eps^(1 - 1/p), eps/r}."""
    p = _exponent(m.exponent)
    power = sympy.S.Zero if m.coefficient == 0 else m.coefficient ** (1 / p) * EPS ** (1 - 1 / p)
    return _combine(sympy.Max, [power, EPS / m.radius], sympy.S.Zero)


def _inverse_of(m: ExactMajorant) -> sympy.Expr:
    """The inverse of that: min{y^(p/(p-1)) K^(-1/(p-1)), r y}."""
    p = _exponent(m.exponent)
    power = sympy.oo if m.coefficient == 0 else Y ** (p / (p - 1)) * m.coefficient ** (-1 / (p - 1))
    return _combine(sympy.Min, [power, sympy.oo if m.radius == sympy.oo else m.radius * Y], sympy.oo)


@working_precision
def closed_form(sides: Sequence[Side]) -> sympy.Expr:
    """a(eps): the least over the sides of the largest radius that one of their majorants gives; oo when e = 0.

    >>> closed_form([(ExactMajorant(sympy.S.One, Fraction(2), sympy.oo),)])
    sqrt(eps)
    """
    merged = [_combine(sympy.Max, [_radius_of(m) for m in side], sympy.S.Zero) for side in _merged(sides)]
    return _combine(sympy.Min, merged, sympy.oo)


@working_precision
def gap_function(sides: Sequence[Side]) -> sympy.Expr:
    """g(eps) = eps/a(eps), increasing from g(0+) = 0; 0 when the approximation is exact.

    >>> gap_function([(ExactMajorant(sympy.S.One, Fraction(2), sympy.oo),)])
    sqrt(eps)
    """
    merged = [_combine(sympy.Min, [_gap_of(m) for m in side], sympy.oo) for side in _merged(sides)]
    return _combine(sympy.Max, merged, sympy.S.Zero)


@working_precision
def gap_inverse(sides: Sequence[Side]) -> sympy.Expr:
    """g^-1(y), the largest eps with g(eps) <= y; oo when g = 0.

    >>> gap_inverse([(ExactMajorant(sympy.S.One, Fraction(2), sympy.oo),)])
    y**2
    """
    merged = [_combine(sympy.Max, [_inverse_of(m) for m in side], sympy.S.Zero) for side in _merged(sides)]
    return _combine(sympy.Min, merged, sympy.oo)


def _merged(sides: Sequence[Side]) -> list[Side]:
    """The sides, without one that gives the larger radius at every eps anyway."""
    first, *others = dict.fromkeys(sides)
    if not others:
        return [first]
    for weak, strong in ((first, others[0]), (others[0], first)):
        if len(weak) == 1 and all(_dominated(weak[0], majorant) for majorant in strong):
            return [strong]
    return [first, others[0]]


def _dominated(weak: ExactMajorant, strong: ExactMajorant) -> bool:
    """Whether the strong majorant alone gives the smaller radius at every eps."""
    if not weak.radius >= strong.radius:
        return False
    same = weak.exponent == strong.exponent and certainly_at_most(weak.coefficient, strong.coefficient) is True
    return weak.coefficient == 0 or same


def _combine(extremum: Any, terms: list[sympy.Expr], neutral: sympy.Expr) -> sympy.Expr:
    """Min or Max of the terms that matter, flattened, without asking sympy to compare them."""
    flat = [part for term in terms for part in (term.args if isinstance(term, extremum) else (term,))]
    kept = list(dict.fromkeys(term for term in flat if term != neutral))
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return extremum(*kept, evaluate=False)


@working_precision
def closed_form_radius(sides: Sequence[Side], tolerance: Any) -> float:
    """a(tolerance) in float64, rounded down.

    >>> closed_form_radius([(ExactMajorant(sympy.S.One, Fraction(2), sympy.oo),)], 0.25)
    0.5
    """
    eps = ball(checked_positive("tolerance", tolerance))
    return min(max(_radius_at(m, eps) for m in side) for side in sides)


def _radius_at(m: ExactMajorant, eps: arb) -> float:
    cut = lower(ball(m.radius))
    if m.coefficient == 0:
        return cut
    return min(cut, lower(iv.power_ball((eps / ball(m.coefficient)).lower(), 1 / m.exponent)))


@working_precision
def exact_radius(sides: tuple[Residual, Residual], tolerance: Any) -> float:
    """The largest float64 radius, up to the last bits, for which the certificate is proved.

    >>> from bounds.named import activation
    >>> act = activation("softsign")
    >>> act.radius(1e-4) <= exact_radius((act.expansion.left, act.expansion.right), 1e-4)
    True
    """
    eps = ball(checked_positive("tolerance", tolerance))
    radius = min(lower(certified_reach(side, eps)) for side in sides)
    for _ in range(64):
        if radius > 0 and certify(sides, tolerance, radius).verdict is Verdict.PROVED:
            return radius
        radius = math.nextafter(radius * (1 - 2.0**-50), 0.0) if math.isfinite(radius) else float(lower(_FARTHEST))
    raise ArithmeticError(
        f"exact radius for tolerance={tolerance}: no radius near {radius} could be certified; "
        "use kind='closed_form' or a larger tolerance"
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
