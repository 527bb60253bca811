"""Enclosures next to 0 that do not cancel: f(t) = sum c_k t^k + [rest] t^order for every t in (0, radius].

A Taylor model is carried through the expression by the same recursion as the exact series of ``power_series``, with
balls as coefficients and the Lagrange remainder of every elementary function enclosed on the range of its argument.
Where the exact series knows a coefficient it replaces the ball, so exact zeros stay exact and quotients such as
sin(t)/t work.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, arb_series, ctx

from bounds.arithmetic import ball, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval
from bounds.enclosures.power_series import INFINITE_ORDER, PowerSeries
from bounds.enclosures.primitives import primitive


class NoTaylorModel(ValueError):
    """No finite enclosure on this radius; a smaller radius may have one."""


@dataclass(frozen=True, slots=True)
class TaylorModel:
    """f(t) in sum coefficient t^exponent + rest t^order for all t in (0, radius]; order inf: rest = 0."""

    terms: tuple[tuple[Fraction, arb], ...]
    order: Fraction | float
    rest: Interval
    radius: arb

    @property
    def valuation(self) -> Fraction | float:
        """Exponent of the first term (the order when there is none)."""
        return self.terms[0][0] if self.terms else self.order

    def scaled_range(self, exponent: Any, x: Interval | None = None) -> Interval:
        """Enclosure of f(t)/t^exponent for t in x (default (0, radius]); exponent at most the valuation."""
        box = Interval(iv.ZERO, self.radius) if x is None else x
        total = iv.NOTHING
        if self.order != INFINITE_ORDER:
            total = iv.multiply(self.rest, _box_power(box, self.order - exponent))
        for k, c in reversed(self.terms):
            total = iv.add(total, iv.multiply(iv.from_ball(c), _box_power(box, k - exponent)))
        return total


def _box_power(box: Interval, exponent: Any) -> Interval:
    if exponent == 0:
        return Interval(iv.ONE, iv.ONE)
    if exponent < 0:
        raise NoTaylorModel("unbounded next to 0")
    fraction = Fraction(exponent)
    whole = fraction.denominator == 1
    return iv.power(box, int(fraction)) if whole else iv.rational_power(box, fraction)


@working_precision
def taylor_model(
    expression: sympy.Expr, symbol: sympy.Symbol, radius: arb, order: Fraction, table: dict[sympy.Expr, PowerSeries]
) -> TaylorModel:
    """Model of a switch-free expression on (0, radius], to about the given order.

    Args: ``table`` holds exact series of subexpressions (``power_series.expand``).
    Raises: NoTaylorModel when an enclosure is infinite.
    """
    builder = _Builder(symbol, radius, order, table)
    model = builder.model(expression)
    if not (model.rest.lo.is_finite() and model.rest.hi.is_finite()):
        raise NoTaylorModel(f"no finite remainder of {expression} on (0, {radius}]")
    return model


class _Builder:
    """One pass over an expression: models of its subexpressions on a common radius."""

    def __init__(
        self, symbol: sympy.Symbol, radius: arb, order: Fraction, table: dict[sympy.Expr, PowerSeries]
    ) -> None:
        self.radius, self.order, self.table = radius, order, table
        self.box = Interval(iv.ZERO, radius)
        self.known = {symbol: TaylorModel(((Fraction(1), iv.ONE),), INFINITE_ORDER, iv.NOTHING, radius)}

    def model(self, expression: sympy.Expr) -> TaylorModel:
        if expression not in self.known:
            self.known[expression] = self._exact_terms(expression, self._compute(expression))
        return self.known[expression]

    def _compute(self, expression: sympy.Expr) -> TaylorModel:
        if not expression.free_symbols:
            return self._constant(ball(expression))
        parts = [self.model(argument) for argument in expression.args]
        if expression.is_Add or expression.is_Mul:
            combine = self._add if expression.is_Add else self._multiply
            result = parts[0]
            for part in parts[1:]:
                result = combine(result, part)
            return result
        if expression.is_Pow:
            exponent = expression.args[1]
            return self._power(parts[0], Fraction(int(exponent.p), int(exponent.q)))
        series = primitive(expression.func).series
        if series is None:
            raise NoTaylorModel(f"{expression.func.__name__} has no Taylor coefficients on balls")
        return self._compose(series, parts[0], self.order)

    def _exact_terms(self, expression: sympy.Expr, model: TaylorModel) -> TaylorModel:
        """Replace the coefficients that the exact series knows."""
        series = self.table.get(expression)
        if series is None:
            return model
        exact = [(k, ball(c)) for k, c in series.terms if k < model.order]
        beyond = [(k, c) for k, c in model.terms if k >= series.order]
        return TaylorModel((*exact, *beyond), model.order, model.rest, model.radius)

    def _constant(self, value: arb) -> TaylorModel:
        terms = () if value == 0 else ((Fraction(0), value),)
        return TaylorModel(terms, INFINITE_ORDER, iv.NOTHING, self.radius)

    def _collect(self, terms: dict[Fraction, arb], order: Any, rest: Interval, limit: Any) -> TaylorModel:
        """Move the terms at or above the cut into the remainder."""
        cut = order if all(k < limit for k in terms) else min(order, limit)
        total = iv.NOTHING if order == INFINITE_ORDER else iv.multiply(rest, _box_power(self.box, order - cut))
        for k, c in terms.items():
            if k >= cut:
                total = iv.add(total, iv.multiply(iv.from_ball(c), _box_power(self.box, k - cut)))
        kept = tuple((k, c) for k, c in sorted(terms.items()) if k < cut and c != 0)
        return TaylorModel(kept, cut, total, self.radius)

    def _add(self, f: TaylorModel, g: TaylorModel) -> TaylorModel:
        terms: defaultdict[Fraction, arb] = defaultdict(arb)
        for k, c in (*f.terms, *g.terms):
            terms[k] += c
        order = min(f.order, g.order)
        rest = iv.NOTHING
        for part in (f, g):
            if part.order != INFINITE_ORDER:
                rest = iv.add(rest, iv.multiply(part.rest, _box_power(self.box, part.order - order)))
        return self._collect(dict(terms), order, rest, self.order)

    def _multiply(self, f: TaylorModel, g: TaylorModel) -> TaylorModel:
        if f.valuation == INFINITE_ORDER or g.valuation == INFINITE_ORDER:
            return self._constant(iv.ZERO)
        terms: defaultdict[Fraction, arb] = defaultdict(arb)
        for j, a in f.terms:
            for k, b in g.terms:
                terms[j + k] += a * b
        order = min(f.order + g.valuation, g.order + f.valuation)
        rest = iv.NOTHING
        if f.order != INFINITE_ORDER:
            cofactor = iv.multiply(f.rest, g.scaled_range(g.valuation))
            rest = iv.add(rest, iv.multiply(cofactor, _box_power(self.box, f.order + g.valuation - order)))
        if g.order != INFINITE_ORDER and f.terms:
            polynomial = TaylorModel(f.terms, INFINITE_ORDER, iv.NOTHING, self.radius)
            cofactor = iv.multiply(g.rest, polynomial.scaled_range(f.valuation))
            rest = iv.add(rest, iv.multiply(cofactor, _box_power(self.box, g.order + f.valuation - order)))
        return self._collect(dict(terms), order, rest, self.order)

    def _compose(self, series: Any, f: TaylorModel, order: Any) -> TaylorModel:
        """F(f0 + h) = sum_{j < J} F_j h^j + F_J(range of f) h^J."""
        start = dict(f.terms).get(Fraction(0), iv.ZERO)
        h = TaylorModel(tuple((k, c) for k, c in f.terms if k != 0), f.order, f.rest, self.radius)
        if h.valuation <= 0:
            raise NoTaylorModel("the argument of a function is unbounded next to 0")
        if h.valuation == INFINITE_ORDER:
            return self._constant(_coefficients(series, start, 1)[0])
        count = max(1, math.ceil(order / h.valuation))
        reach = iv.hull(f.scaled_range(0), iv.from_ball(start))
        last = _coefficients(series, iv.to_ball(reach), count + 1)[count]
        result = TaylorModel((), Fraction(0), iv.from_ball(last), self.radius)
        for coefficient in reversed(_coefficients(series, start, count)):
            result = self._add(self._multiply(result, h), self._constant(coefficient))
        return result

    def _power(self, f: TaylorModel, exponent: Fraction) -> TaylorModel:
        """(c t^v)^r (1 + h)^r."""
        if not f.terms:
            raise NoTaylorModel("a power of a function that vanishes to all computed orders")
        v, c = f.terms[0]
        if c.contains(0) or (exponent.denominator != 1 and not c > 0):
            raise NoTaylorModel("a power of a function without a known leading coefficient")
        lead = c ** int(exponent) if exponent.denominator == 1 else _positive_power(c, exponent)
        unit = self._shifted(f, -v, 1 / c)
        inner = self._compose(lambda s: _series_power(s, exponent), unit, self.order - v * exponent)
        return self._shifted(inner, v * exponent, lead)

    def _shifted(self, f: TaylorModel, exponent: Fraction, factor: arb) -> TaylorModel:
        terms = tuple((k + exponent, c * factor) for k, c in f.terms)
        rest = iv.multiply(f.rest, iv.from_ball(factor))
        return TaylorModel(terms, f.order + exponent, rest, self.radius)


def _positive_power(base: arb, exponent: Fraction) -> arb:
    root = base.root(exponent.denominator)
    return root**exponent.numerator


def _series_power(s: arb_series, exponent: Fraction) -> arb_series:
    if exponent == -1:
        return s.inv()
    if exponent.denominator == 1 and exponent > 0:
        return s ** int(exponent)
    return (s.log() * ball(exponent)).exp()


def _coefficients(series: Any, centre: arb, count: int) -> list[arb]:
    """F_0..F_{count-1} of F(centre + h); python-flint truncates series at ``ctx.cap``, which is raised meanwhile."""
    before, ctx.cap = ctx.cap, max(ctx.cap, count)
    try:
        result = series(arb_series([centre, 1], prec=count))
    finally:
        ctx.cap = before
    if result.prec < count:
        raise NoTaylorModel(f"python-flint returned {result.prec} of {count} coefficients")
    found = result.coeffs()
    return [*found, *([arb(0)] * (count - len(found)))][:count]
