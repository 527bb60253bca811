"""Exact expansions next to 0 from the right: finitely many terms c t^k with rational k, plus O(t^order).

The coefficients are sympy numbers, never floats. Everything happens in one generic recursion over the expression:
sums, products, powers, and composition F(f0 + h) = sum_j F^(j)(f0)/j! h^j with the derivatives of F taken from sympy.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from bounds.arithmetic import ball, working_precision

Exponent = Fraction
INFINITE_ORDER = math.inf


class NoPowerExpansion(ValueError):
    """The function has no expansion in powers of t next to 0 (a logarithm, a flat function, an oscillation)."""


@dataclass(frozen=True, slots=True)
class PowerSeries:
    """sum of coefficient * t^exponent over ``terms`` (ascending, nonzero) + O(t^order); order inf: exact."""

    terms: tuple[tuple[Fraction, sympy.Expr], ...]
    order: Fraction | float

    @property
    def valuation(self) -> Fraction | float:
        """Exponent of the first term (the order when there is none)."""
        return self.terms[0][0] if self.terms else self.order

    def coefficient(self, exponent: Any) -> sympy.Expr:
        """Coefficient of t^exponent, which must lie below the order."""
        if exponent >= self.order:
            raise NoPowerExpansion(f"coefficient {exponent} is beyond the order {self.order}; expand further")
        return dict(self.terms).get(Fraction(exponent), sympy.S.Zero)


HYPERBOLIC = (sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech)
IDENTITY = PowerSeries(((Fraction(1), sympy.S.One),), INFINITE_ORDER)


@lru_cache(maxsize=8192)
@working_precision
def is_zero(number: sympy.Expr) -> bool:
    """Whether a sympy number is zero: balls decide the nonzero ones, symbolic simplification the rest.

    >>> is_zero(sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1)
    True
    """
    if number.is_Rational:
        return bool(number == 0)
    if not ball(number).contains(0):
        return False
    if number.has(*HYPERBOLIC):
        number = number.rewrite(HYPERBOLIC, sympy.exp)
    return bool(sympy.simplify(number) == 0)


def collect(terms: Mapping[Fraction, sympy.Expr], order: Fraction | float, limit: Fraction | float) -> PowerSeries:
    """The series of the given terms below min(order, limit); terms that vanish are dropped."""
    cut = order if all(k < limit for k in terms) else min(order, limit)
    kept = [(k, c) for k, c in sorted(terms.items()) if k < cut and not is_zero(c)]
    return PowerSeries(tuple(kept), cut)


def constant(number: sympy.Expr) -> PowerSeries:
    """The exact series of a number."""
    return PowerSeries(() if is_zero(number) else ((Fraction(0), number),), INFINITE_ORDER)


def add(f: PowerSeries, g: PowerSeries, limit: Fraction) -> PowerSeries:
    """f + g, kept below t^limit."""
    terms: defaultdict[Fraction, sympy.Expr] = defaultdict(lambda: sympy.S.Zero)
    for k, c in (*f.terms, *g.terms):
        terms[k] += c
    return collect(terms, min(f.order, g.order), limit)


def multiply(f: PowerSeries, g: PowerSeries, limit: Fraction | float) -> PowerSeries:
    """f g, kept below t^limit."""
    if (not f.terms and f.order == INFINITE_ORDER) or (not g.terms and g.order == INFINITE_ORDER):
        return constant(sympy.S.Zero)
    terms: defaultdict[Fraction, sympy.Expr] = defaultdict(lambda: sympy.S.Zero)
    for j, a in f.terms:
        for k, b in g.terms:
            terms[j + k] += a * b
    order = min(f.order + g.valuation, g.order + f.valuation)
    return collect(terms, order, limit)


def shift(f: PowerSeries, exponent: Fraction, factor: sympy.Expr) -> PowerSeries:
    """factor * t^exponent * f."""
    return PowerSeries(tuple((k + exponent, c * factor) for k, c in f.terms), f.order + exponent)


def differentiated(f: PowerSeries) -> PowerSeries:
    """The series of f', for an f whose derivative is known to have an expansion too."""
    terms = tuple((k - 1, c * sympy.Rational(k.numerator, k.denominator)) for k, c in f.terms if k != 0)
    return PowerSeries(terms, f.order - 1)


def compose(coefficients: Any, f: PowerSeries, limit: Fraction) -> PowerSeries:
    """sum_j coefficients(j) h^j with h = f - f(0+), kept below t^limit."""
    h = PowerSeries(tuple((k, c) for k, c in f.terms if k != 0), f.order)
    if h.valuation <= 0:
        raise NoPowerExpansion("the argument of a function is unbounded next to 0")
    if not h.terms and h.order == INFINITE_ORDER:
        return constant(coefficients(0))
    result = PowerSeries((), Fraction(0))
    for j in reversed(range(math.ceil(limit / h.valuation) + 1)):
        result = add(multiply(result, h, limit), constant(coefficients(j)), limit)
    return result


_VARIABLE = sympy.Dummy("z", real=True)
_STEP = sympy.Dummy("h", positive=True)


@lru_cache(maxsize=4096)
def taylor_coefficient(function: Any, j: int, number: sympy.Expr) -> sympy.Expr:
    """F^(j)(number)/j! for a sympy function class F; NoPowerExpansion where that is not finite.

    Functions that return in their own derivatives (exp, sin, tanh) are differentiated j times; for the others
    (log, atan, erf) the j-th coefficient is that of the simpler F' at number + h, divided by j.
    """
    if j > 0 and not _recurs(function):
        slope = _derivative(function, 1).subs(_VARIABLE, number + _STEP)
        return _expand(slope, Fraction(_rounded_up(j)), {_STEP: IDENTITY}).coefficient(j - 1) / j
    value = _derivative(function, j).subs(_VARIABLE, number) / math.factorial(j)
    if value.has(sympy.zoo, sympy.oo, sympy.nan):
        raise NoPowerExpansion(f"{function.__name__} is singular at {number}")
    return value


def _rounded_up(j: int) -> int:
    """The next power of two: neighbouring coefficients then share one cached expansion."""
    return 1 << max(2, j.bit_length())


@lru_cache(maxsize=256)
def _recurs(function: Any) -> bool:
    """Whether F returns in its first or second derivative."""
    return _derivative(function, 1).has(function) or _derivative(function, 2).has(function)


@lru_cache(maxsize=1024)
def _derivative(function: Any, j: int) -> sympy.Expr:
    return function(_VARIABLE) if j == 0 else _derivative(function, j - 1).diff(_VARIABLE)


def power(f: PowerSeries, exponent: Fraction, limit: Fraction) -> PowerSeries:
    """f^exponent with the leading term taken out: (c t^v)^r (1 + h)^r."""
    if not f.terms:
        if f.order == INFINITE_ORDER and exponent > 0:
            return constant(sympy.S.Zero)
        raise NoPowerExpansion("a power of a function that vanishes to all computed orders")
    v, c = f.terms[0]
    if exponent.denominator != 1 and not ball(c) > 0:
        raise NoPowerExpansion(f"a fractional power of a function that is not positive next to 0 (leading factor {c})")
    lead = c ** sympy.Rational(exponent.numerator, exponent.denominator)
    unit = shift(f, -v, 1 / c)
    if len(f.terms) == 1 and f.order == INFINITE_ORDER:
        return PowerSeries(((v * exponent, lead),), INFINITE_ORDER)
    if exponent.denominator == 1 and exponent > 0 and f.order == INFINITE_ORDER:
        return _whole_power(f, int(exponent), limit)
    inner = compose(lambda j: sympy.binomial(sympy.Rational(exponent), j), unit, limit - v * exponent)
    return shift(inner, v * exponent, lead)


def _whole_power(f: PowerSeries, exponent: int, limit: Fraction) -> PowerSeries:
    result = f
    for _ in range(exponent - 1):
        result = multiply(result, f, limit)
    return result


def expand(expression: sympy.Expr, symbol: sympy.Symbol, limit: Fraction) -> dict[sympy.Expr, PowerSeries]:
    """Series of every subexpression of a switch-free expression in t > 0, kept below t^limit where possible.

    Raises: NoPowerExpansion when some subexpression has no expansion in powers of t.

    >>> t = sympy.Symbol("t", positive=True)
    >>> [(str(k), c) for k, c in expand(sympy.exp(t), t, Fraction(3))[sympy.exp(t)].terms]
    [('0', 1), ('1', 1), ('2', 1/2)]
    """
    table = {symbol: IDENTITY}
    _expand(expression, limit, table)
    return table


def _expand(expression: sympy.Expr, limit: Fraction, table: dict[sympy.Expr, PowerSeries]) -> PowerSeries:
    if expression not in table:
        table[expression] = _series(expression, limit, table)
    return table[expression]


def _series(expression: sympy.Expr, limit: Fraction, table: dict[sympy.Expr, PowerSeries]) -> PowerSeries:
    if not expression.free_symbols:
        return constant(expression)
    parts = [_expand(argument, limit, table) for argument in expression.args]
    if expression.is_Add:
        return _fold(add, parts, limit)
    if expression.is_Mul:
        return _fold(multiply, parts, limit)
    if expression.is_Pow:
        exponent = expression.args[1]
        if not exponent.is_Rational:
            raise NoPowerExpansion(f"the power {expression} has a variable exponent")
        return power(parts[0], Fraction(int(exponent.p), int(exponent.q)), limit)
    start = parts[0].coefficient(0) if parts[0].valuation >= 0 else sympy.nan
    return compose(lambda j: taylor_coefficient(expression.func, j, start), parts[0], limit)


def _fold(operation: Any, parts: list[PowerSeries], limit: Fraction) -> PowerSeries:
    result = parts[0]
    for part in parts[1:]:
        result = operation(result, part, limit)
    return result
