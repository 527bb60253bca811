"""An expression next to 0, seen from one side: the switch-free branch in t = |x| and how far it holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy
from flint import arb

from bounds.arithmetic import working_precision
from bounds.enclosures.pieces import SWITCHES, innermost_switches, smooth_pieces, switch_functions
from bounds.enclosures.power_series import HYPERBOLIC, NoPowerExpansion, PowerSeries, expand
from bounds.enclosures.taylor_model import NoTaylorModel, taylor_model

T = sympy.Symbol("t", positive=True)
"""The distance t = |x| from 0 on either side."""

ORDERS = (Fraction(2), Fraction(4), Fraction(8), Fraction(16))
"""Orders to which expansions are tried, one after the other."""


@dataclass(frozen=True, slots=True)
class Branch:
    """``expression`` (in t, without switches) equals phi(direction * t) for 0 < t < ``reach``."""

    expression: sympy.Expr
    reach: sympy.Expr


@lru_cache(maxsize=512)
def along(expression: sympy.Expr, symbol: sympy.Symbol, direction: int) -> sympy.Expr:
    """phi(direction * t) for t > 0.

    >>> x = sympy.Symbol("x", real=True)
    >>> along(sympy.exp(x), x, -1)
    exp(-t)
    """
    return expression.subs(symbol, direction * T)


@lru_cache(maxsize=512)
def branch_beside_zero(expression: sympy.Expr, symbol: sympy.Symbol, direction: int) -> Branch:
    """The branch of the expression on one side of 0.

    Raises: NoPowerExpansion when the sign of a switch next to 0 cannot be derived.

    >>> x = sympy.Symbol("x", real=True)
    >>> branch_beside_zero(sympy.Max(-1, sympy.Min(1, x)), x, 1)
    Branch(expression=t, reach=1)
    """
    half_line = along(expression, symbol, direction)
    pieces = smooth_pieces(half_line, T)
    if pieces is not None:
        first = next(piece for piece in pieces if piece.upper > 0)
        return Branch(first.expression, first.upper)
    return _resolve_by_expansion(half_line)


def _resolve_by_expansion(half_line: sympy.Expr) -> Branch:
    reach: sympy.Expr = sympy.oo
    while half_line.has(*SWITCHES):
        replacements = {}
        for switch in innermost_switches(half_line):
            signs = {}
            for function in switch_functions(switch):
                signs[function], radius = _sign_beside_zero(function)
                reach = min(reach, radius)
            replacements[switch] = _take(switch, signs)
        half_line = half_line.xreplace(replacements)
    return Branch(half_line, reach)


def _take(switch: sympy.Expr, signs: dict[sympy.Expr, int]) -> sympy.Expr:
    """The branch of a switch whose deciding functions have the given signs."""
    if isinstance(switch, (sympy.Max, sympy.Min)):
        better = 1 if isinstance(switch, sympy.Max) else -1
        best = switch.args[0]
        for candidate in switch.args[1:]:
            if signs[candidate - best] == better:
                best = candidate
        return best
    if isinstance(switch, sympy.Piecewise):
        facts = {r: r.func(signs[r.lhs - r.rhs], 0) for _, c in switch.args for r in c.atoms(sympy.core.relational.Rel)}
        return next((value for value, condition in switch.args if condition.xreplace(facts) == sympy.true), sympy.nan)
    argument = switch.args[0]
    if isinstance(switch, sympy.Abs):
        return signs[argument] * argument
    return sympy.Integer(signs[argument]) if isinstance(switch, sympy.sign) else sympy.Integer(signs[argument] > 0)


def _sign_beside_zero(function: sympy.Expr) -> tuple[int, sympy.Expr]:
    """Sign of a switch-free function on (0, radius) and that radius, both proved."""
    if sympy.simplify(function) == 0:
        return 0, sympy.oo
    table, series = series_table(function, 1)
    exponent = series.terms[0][0]
    for radius in radii():
        try:
            box = taylor_model(function, T, radius, exponent + 3, table).scaled_range(exponent)
        except NoTaylorModel:
            continue
        if box.lo > 0 or box.hi < 0:
            return (1 if box.lo > 0 else -1), sympy.Rational(float(radius))
    raise NoPowerExpansion(f"the sign of {function} next to 0 cannot be proved")


def exponential_form(function: sympy.Expr) -> sympy.Expr:
    """Hyperbolic functions written with exp, so that coefficients such as tanh(log 2) = 3/5 come out rational.

    >>> exponential_form(sympy.cosh(T))
    exp(t)/2 + exp(-t)/2
    """
    return function.rewrite(HYPERBOLIC, sympy.exp) if function.has(*HYPERBOLIC) else function


def series_table(function: sympy.Expr, terms: int) -> tuple[dict[sympy.Expr, PowerSeries], PowerSeries]:
    """Exact series of all subexpressions to the first order that shows ``terms`` terms of the function.

    Raises: NoPowerExpansion when no order in ``ORDERS`` does.

    >>> [(str(k), c) for k, c in series_table(sympy.sin(T), 2)[1].terms]
    [('1', 1), ('3', -1/6)]
    """
    for order in ORDERS:
        table = expand(function, T, order)
        if len(table[function].terms) >= terms or table[function].order == float("inf"):
            return table, table[function]
    raise NoPowerExpansion(f"{function} vanishes next to 0 to order {ORDERS[-1]}")


def radii() -> list[arb]:
    """1/2, 1/4, ..., 2^-20: where Taylor models are tried."""
    return [arb(2) ** -k for k in range(1, 21)]


@working_precision
def one_sided_limit(function: sympy.Expr) -> sympy.Expr:
    """Limit at 0+ of a switch-free function of t by sympy, for functions without a power expansion.

    Returns a real number, an infinity, or nan when sympy finds no real limit.
    """
    try:
        value = sympy.limit(function, T, 0, "+")
    except (NotImplementedError, ValueError, TypeError, RecursionError):
        return sympy.nan
    return value if value.is_extended_real and not value.has(sympy.AccumBounds, sympy.nan) else sympy.nan
