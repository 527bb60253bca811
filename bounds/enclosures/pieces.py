"""The smooth pieces of an expression: intervals between kinks, with the switch-free expression that holds on each.

A *switch* is Abs, Max, Min, sign, Heaviside or Piecewise. Where every switch changes at a root of a polynomial, the
real line splits at those exact roots into open intervals on each of which the expression has no switch left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy
from sympy.core.relational import Relational

from bounds.enclosures.power_series import is_zero

SWITCHES = (sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside, sympy.Piecewise)


@dataclass(frozen=True, slots=True)
class Piece:
    """The expression without switches that equals the function on the open interval (lower, upper)."""

    lower: sympy.Expr
    upper: sympy.Expr
    expression: sympy.Expr


@lru_cache(maxsize=1024)
def smooth_pieces(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Piece, ...] | None:
    """The pieces from left to right; None when some switch does not change at roots of polynomials.

    >>> t = sympy.Symbol("t", real=True)
    >>> [(str(p.lower), str(p.upper), str(p.expression)) for p in smooth_pieces(sympy.Max(t, t / 5), t)]
    [('-oo', '0', 't/5'), ('0', 'oo', 't')]
    """
    pieces = _split_line(expression, symbol)
    return None if pieces is None else _merge(pieces)


@lru_cache(maxsize=1024)
def discontinuities(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """The break points at which value and one-sided limits are not all equal (empty when the pieces are unknown).

    >>> t = sympy.Symbol("t", real=True)
    >>> discontinuities(sympy.Piecewise((0, t < 2), (1, True)), t)
    (2,)
    """
    pieces = _split_line(expression, symbol) or ()
    breaks = []
    for left, right in pairwise(pieces):
        point = right.lower
        below = _limit(left.expression, symbol, point, "-")
        values = [_limit(right.expression, symbol, point, "+"), expression.subs(symbol, point)]
        if not all(is_zero(below - value) for value in values if value is not sympy.nan):
            breaks.append(point)
    return tuple(breaks)


def _limit(expression: sympy.Expr, symbol: sympy.Symbol, point: sympy.Expr, direction: str) -> sympy.Expr:
    """One-sided limit of a smooth expression: its value where that is finite."""
    value = expression.subs(symbol, point)
    return value if value.is_finite else sympy.limit(expression, symbol, point, direction)


@lru_cache(maxsize=1024)
def _split_line(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Piece, ...] | None:
    pieces = _split(expression, symbol, -sympy.oo, sympy.oo)
    return None if pieces is None else tuple(pieces)


def switch_functions(switch: sympy.Expr) -> list[sympy.Expr]:
    """The functions whose signs decide a switch."""
    if isinstance(switch, (sympy.Max, sympy.Min)):
        arguments = switch.args
        return [a - b for i, a in enumerate(arguments) for b in arguments[:i]]
    if isinstance(switch, sympy.Piecewise):
        relations = set().union(*(condition.atoms(Relational) for _, condition in switch.args))
        return [relation.lhs - relation.rhs for relation in relations]
    return [switch.args[0]]


def innermost_switches(expression: sympy.Expr) -> list[sympy.Expr]:
    """The switches of an expression whose deciding functions contain no further switch."""
    found = sorted(expression.atoms(*SWITCHES), key=sympy.default_sort_key)
    return [s for s in found if not any(f.has(*SWITCHES) for f in switch_functions(s))]


def resolve_at(expression: sympy.Expr, switches: list[sympy.Expr], symbol: sympy.Symbol, sample: Any) -> sympy.Expr:
    """Replace switches by the branch they take at a sample point where no deciding function vanishes."""
    while switches:
        expression = expression.xreplace({s: _branch(s, symbol, sample) for s in switches})
        remaining = set(expression.atoms(*SWITCHES))
        switches = [s for s in switches if s in remaining]
    return expression


def _branch(switch: sympy.Expr, symbol: sympy.Symbol, sample: Any) -> sympy.Expr:
    def at(expression: sympy.Expr) -> sympy.Expr:
        return expression.subs(symbol, sample)

    if isinstance(switch, sympy.Piecewise):
        return next((value for value, condition in switch.args if at(condition) == sympy.true), sympy.nan)
    if isinstance(switch, (sympy.Max, sympy.Min)):
        choose = max if isinstance(switch, sympy.Max) else min
        return choose(switch.args, key=lambda argument: at(argument))
    argument = switch.args[0]
    positive = bool(at(argument) > 0)
    if isinstance(switch, sympy.Abs):
        return argument if positive else -argument
    below = sympy.S.NegativeOne if isinstance(switch, sympy.sign) else sympy.S.Zero
    return sympy.S.One if positive else below


def _split(expression: sympy.Expr, symbol: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> list[Piece] | None:
    if not expression.has(*SWITCHES):
        return [Piece(lower, upper, expression)]
    switches = [s for s in innermost_switches(expression) if _is_polynomial(s, symbol)]
    if not switches:
        return None
    functions = {f for s in switches for f in switch_functions(s)}
    roots = sorted({r for f in functions for r in _roots(f, symbol) if lower < r < upper})
    pieces: list[Piece] = []
    for left, right in zip([lower, *roots], [*roots, upper], strict=True):
        resolved = resolve_at(expression, switches, symbol, _between(left, right))
        inner = _split(resolved, symbol, left, right)
        if inner is None:
            return None
        pieces.extend(inner)
    return pieces


def _is_polynomial(switch: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """Whether the deciding functions are linear, or polynomials with rational coefficients (whose roots are exact)."""
    functions = switch_functions(switch)
    if not all(f.is_polynomial(symbol) for f in functions):
        return False
    polynomials = [sympy.Poly(f, symbol) for f in functions if f.has(symbol)]
    return all(p.degree() <= 1 or p.domain.is_ZZ or p.domain.is_QQ for p in polynomials)


def _roots(polynomial: sympy.Expr, symbol: sympy.Symbol) -> list[sympy.Expr]:
    slope, rest = polynomial.coeff(symbol, 1), polynomial.subs(symbol, 0)
    if sympy.expand(polynomial - slope * symbol - rest) == 0:
        return [-rest / slope] if slope != 0 else []
    return [root for root, _ in sympy.Poly(polynomial, symbol).real_roots(multiple=False)]


def _between(lower: sympy.Expr, upper: sympy.Expr) -> sympy.Rational:
    """A rational number strictly between two numbers."""
    if lower == -sympy.oo:
        return sympy.Integer(0) if upper == sympy.oo else sympy.floor(upper) - 1
    if upper == sympy.oo:
        return sympy.ceiling(lower) + 1
    middle = sympy.Rational(float((lower + upper) / 2))
    return middle if lower < middle < upper else (lower + upper) / 2


def _merge(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].expression == piece.expression:
            piece = Piece(merged.pop().lower, piece.upper, piece.expression)
        merged.append(piece)
    return tuple(merged)
