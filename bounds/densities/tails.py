r"""How much a term of a density holds beyond a point, from its logarithmic derivative.

If a = -x t'(x)/t(x) lies in [a_lo, a_hi] for all x >= B with a_lo > 1, then |t(x)| lies between |t(B)| (B/x)^a_hi and
|t(B)| (B/x)^a_lo, so

    int_B^oo t dx  lies in  B t(B) [1/(a_hi - 1), 1/(a_lo - 1)].

The same next to 0: if a lies in [a_lo, a_hi] on (0, B] with a_hi < 1, then int_0^B t dx lies in
B t(B) [1/(1 - a_lo), 1/(1 - a_hi)]. A bounded logarithmic derivative also shows that t has neither zero nor pole there.
Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sympy
from flint import arb

from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import enclose
from bounds.enclosures.interval import Interval

_U = sympy.Symbol("u", positive=True)


def tail(expression: sympy.Expr, symbol: sympy.Symbol, start: arb) -> Interval | None:
    """Return an interval with the integral of a switch-free expression over [start, oo); None when none is proved."""
    beyond = Interval(iv.ZERO, (1 / start).upper())
    return _sum(expression, symbol, start, lambda term: _far_exponent(term, symbol, beyond))


def peak(expression: sympy.Expr, symbol: sympy.Symbol, end: arb) -> Interval | None:
    """Return an interval with the integral of a switch-free expression over (0, end]; None when none is proved."""
    beside = Interval(iv.ZERO, end)
    return _sum(expression, symbol, end, lambda term: _near_exponent(term, symbol, beside))


def height(expression: sympy.Expr, symbol: sympy.Symbol, start: arb) -> arb:
    """Return a bound of |expression| beyond a point from which ``tail`` is proved: its terms only fall."""
    spot = Interval(start, start)
    sizes = [iv.magnitude(enclose(term, symbol)(spot)) for term in _terms(expression)]
    return sum(sizes, arb(0)).upper()


def _sum(
    expression: sympy.Expr, symbol: sympy.Symbol, place: arb, factor: Callable[[sympy.Expr], Interval | None]
) -> Interval | None:
    """Sum over the terms of place * t(place) * factor(t)."""
    total, spot = iv.NOTHING, Interval(place, place)
    for term in _terms(expression):
        scale = factor(term)
        if scale is None:
            return None
        total = iv.add(total, iv.multiply(iv.multiply(spot, enclose(term, symbol)(spot)), scale))
    return total


def _terms(expression: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The terms of the expression as a sum, without zeros."""
    return tuple(term for term in sympy.Add.make_args(sympy.expand_mul(expression)) if term != 0)


def _far_exponent(term: sympy.Expr, symbol: sympy.Symbol, beyond: Interval) -> Interval | None:
    """[1/(a_hi - 1), 1/(a_lo - 1)] where a_lo > 1 is proved for x = 1/u, u in ``beyond``."""
    rate = iv.negate(enclose(_rate(term, symbol).subs(symbol, 1 / _U), _U)(beyond))
    return iv.reciprocal(iv.subtract(rate, Interval(iv.ONE, iv.ONE))) if rate.lo > 1 else None


def _near_exponent(term: sympy.Expr, symbol: sympy.Symbol, beside: Interval) -> Interval | None:
    """[1/(1 - a_lo), 1/(1 - a_hi)] where a_hi < 1 is proved on ``beside``."""
    rate = iv.negate(enclose(_rate(term, symbol), symbol)(beside))
    bounded = rate.hi < 1 and rate.lo.is_finite()
    return iv.reciprocal(iv.subtract(Interval(iv.ONE, iv.ONE), rate)) if bounded else None


@lru_cache(maxsize=256)
def _rate(term: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """x t'(x)/t(x) in a form whose interval evaluation does not blow up next to 0 and at infinity."""
    slope = sympy.Add(*(_tidy(sympy.diff(f, symbol) / f, symbol) for f in sympy.Mul.make_args(term)))
    if slope.is_rational_function(symbol):
        return _divided(sympy.cancel(symbol * slope), symbol)
    return _tidy(symbol * slope, symbol) if slope.has(sympy.log) else symbol * slope


def _tidy(quotient: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """Simplified; a rational function of exp(x) as a polynomial and a proper fraction of it."""
    growth = sympy.Dummy("growth", positive=True)
    in_growth = sympy.powsimp(quotient).subs(sympy.exp(-symbol), 1 / growth).subs(sympy.exp(symbol), growth)
    if in_growth.has(growth) and not in_growth.has(symbol) and in_growth.is_rational_function(growth):
        return _divided(sympy.cancel(in_growth), growth).subs(growth, sympy.exp(symbol))
    return sympy.trigsimp(quotient) if quotient.has(sympy.sinh, sympy.cosh) else sympy.powsimp(quotient)


def _divided(fraction: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """A rational function as a polynomial plus a proper fraction."""
    top, bottom = sympy.fraction(fraction)
    quotient, rest = sympy.div(top, bottom, symbol)
    return sympy.horner(quotient) + (rest / bottom if rest != 0 else 0)
