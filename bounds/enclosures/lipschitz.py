"""sup |phi'| over the whole real line, derived piece by piece and proved.

Candidates are the slopes at the ends of the smooth pieces, at their inflection points, and the limits at infinity.
The inflection points are enclosed (``turning``), so nothing is missed; those known in closed form give exact values.
Beyond +-32 every term of phi' is bounded by interval evaluation, or shown to decay by its logarithmic derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
from flint import arb

from bounds.arithmetic import ball, upper, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import derivative, enclose, stable
from bounds.enclosures.interval import Interval
from bounds.enclosures.pieces import Piece, smooth_pieces
from bounds.enclosures.power_series import is_zero
from bounds.enclosures.turning import bisected_image, turning_points

_FAR = 32
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A slope |phi'| that is reached or approached: its ball and, where known, its exact value.

    ``place`` says where, for readers: "x in (-oo, 0)" for a linear piece, "x = 0-", "x = 0, where phi'' = 0",
    "x >= 32".
    """

    place: str
    size: arb
    exact: sympy.Expr | None


@lru_cache(maxsize=256)
@working_precision
def global_lipschitz(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[sympy.Expr, bool]:
    """(T, whether T is exactly sup |phi'| over R); T = oo when the slope is unbounded or no bound is proved.

    >>> x = sympy.Symbol("x", real=True)
    >>> global_lipschitz(sympy.tanh(2 * x), x)
    (2, True)
    """
    pieces = smooth_pieces(expression, symbol)
    if pieces is None:
        if expression.has(sympy.Piecewise, sympy.sign, sympy.Heaviside):
            return sympy.oo, False
        slope = enclose(derivative(expression, symbol), symbol)
        image = iv.magnitude(bisected_image(slope, None, iv.WHOLE, 0))
        return (sympy.Rational(upper(image)), False) if image.is_finite() else (sympy.oo, False)
    return _largest(slope_candidates(pieces, symbol))


def slope_candidates(pieces: tuple[Piece, ...], symbol: sympy.Symbol) -> list[Candidate]:
    """Slopes |phi'| of a function given by its smooth pieces, the largest of which is sup |phi'| over R.

    >>> x = sympy.Symbol("x", real=True)
    >>> [c.place for c in slope_candidates(smooth_pieces(sympy.Max(0, x), x), x)]
    ['x in (-oo, 0)', 'x in (0, oo)']
    """
    return [candidate for piece in pieces for candidate in _piece_candidates(piece, symbol)]


def _largest(candidates: list[Candidate]) -> tuple[sympy.Expr, bool]:
    if any(candidate.exact == sympy.oo for candidate in candidates):
        return sympy.oo, True
    highest = iv.greatest([candidate.size.upper() for candidate in candidates])
    if not highest.is_finite():
        return sympy.oo, False
    for best in candidates:
        if best.exact is not None and all(_dominates(best, other) for other in candidates):
            return best.exact, True
    return sympy.Rational(upper(highest)), False


def _dominates(best: Candidate, other: Candidate) -> bool:
    """Whether the other slope is certainly at most the exact one."""
    if other.size.upper() <= best.size.lower():
        return True
    return other.exact is not None and best.exact is not None and is_zero(other.exact - best.exact)


def _piece_candidates(piece: Piece, symbol: sympy.Symbol) -> list[Candidate]:
    slope = sympy.diff(piece.expression, symbol)
    if not slope.free_symbols:
        return [_exact(f"x in ({piece.lower}, {piece.upper})", slope)]
    candidates = [_end(slope, symbol, end, side) for end, side in ((piece.lower, "+"), (piece.upper, "-"))]
    candidates.extend(_inflections(piece, symbol))
    for direction, end in ((1, piece.upper), (-1, piece.lower)):
        candidates.extend(_tail(piece.expression, symbol, direction, end))
    return [candidate for candidate in candidates if candidate is not None]


def _exact(place: str, value: sympy.Expr) -> Candidate:
    return Candidate(place, abs(ball(value)), sympy.Abs(value))


def _end(slope: sympy.Expr, symbol: sympy.Symbol, end: sympy.Expr, side: str) -> Candidate | None:
    """The one-sided slope at a finite end of a piece; infinite ends are the tail's matter."""
    if not end.is_finite:
        return None
    value = slope.subs(symbol, end)
    if not value.is_finite:
        value = sympy.limit(slope, symbol, end, side)
    place = f"x = {end}{side}"
    return _exact(place, value) if value.is_finite else Candidate(place, iv.INFINITY, sympy.oo)


def _inflections(piece: Piece, symbol: sympy.Symbol) -> list[Candidate | None]:
    """The slopes at the places in [-32, 32] where phi'' changes sign, and at the ends of that window."""
    first = derivative(piece.expression, symbol)
    slope = enclose(first, symbol)
    changes = turning_points(first, symbol, piece.lower, piece.upper)
    low, high = ball(piece.lower).lower(), ball(piece.upper).upper()
    if changes is None:
        window = Interval(iv.greatest([low, arb(-_FAR)]), iv.least([high, arb(_FAR)]))
        curvature = enclose(derivative(first, symbol), symbol)
        size = iv.magnitude(bisected_image(slope, curvature, window))
        return [Candidate(f"|x| <= {_FAR}, by bisection", size, None)] if low < high else []
    ends = [end for end in (-_FAR, _FAR) if low < end < high]
    found: list[Candidate | None] = [
        Candidate(f"x = {end}", iv.magnitude(slope(Interval(arb(end), arb(end)))), None) for end in ends
    ]
    second = sympy.diff(piece.expression, symbol, 2)
    points = _closed_form_roots(second, symbol) if changes and _is_short(second) else [sympy.S.Zero]
    for change in changes:
        point = next((p for p in points if _is_root(second, symbol, p, change)), None)
        exact = None if point is None else sympy.diff(piece.expression, symbol).subs(symbol, point)
        place = f"x = {_shown(change) if point is None else point}, where phi'' = 0"
        found.append(Candidate(place, iv.magnitude(slope(change)), None) if exact is None else _exact(place, exact))
    return found


def _shown(box: Interval) -> str:
    """A narrow box by its middle, to 6 digits."""
    return f"about {float(iv.middle(box)):.6g}"


def _is_root(second: sympy.Expr, symbol: sympy.Symbol, point: sympy.Expr, change: Interval) -> bool:
    """Whether a number in the box is certainly a root (the only one there, the box being a turning point)."""
    if not iv.to_ball(change).contains(ball(point)):
        return False
    value = second.subs(symbol, point)
    return bool(value.is_number and not value.has(sympy.nan, sympy.zoo) and is_zero(value))


def _closed_form_roots(second: sympy.Expr, symbol: sympy.Symbol) -> list[sympy.Expr]:
    """0 and the real roots of the linear and quadratic factors of phi''."""
    roots = [sympy.S.Zero]
    for factor in sympy.Mul.make_args(sympy.factor(stable(second))):
        base = factor.as_base_exp()[0]
        if base.is_polynomial(symbol) and 0 < sympy.degree(base, symbol) <= 2:
            roots.extend(root for root, _ in sympy.Poly(base, symbol).real_roots(multiple=False))
    return roots


def _tail(expression: sympy.Expr, symbol: sympy.Symbol, direction: int, end: sympy.Expr) -> list[Candidate]:
    """The supremum of |phi'| beyond +-32 on a piece that reaches infinity there.

    Where |phi'| rises it is the limit; where phi'' stays away from 0 it is infinite.
    """
    if end != direction * sympy.oo:
        return []
    t = sympy.Symbol("t", positive=True)
    slope = derivative(expression.subs(symbol, direction * t), t)
    beyond = Interval(arb(_FAR), iv.INFINITY)
    beyond_far = f"x >= {_FAR}" if direction > 0 else f"x <= {-_FAR}"
    image, growth = _sum_of_terms(slope, t, beyond), _sum_of_terms(derivative(slope, t), t, beyond)
    if growth.lo > 0 or growth.hi < 0:
        return [Candidate(beyond_far, iv.INFINITY, sympy.oo)]
    if iv.is_bounded(image) and iv.multiply(image, growth).lo >= 0 and _is_short(slope):
        limit = sympy.limit(sympy.diff(expression, symbol), symbol, direction * sympy.oo)
        return [_exact(f"x -> {end}", limit)]
    return [Candidate(beyond_far, iv.magnitude(image), None)]


def _is_short(expression: sympy.Expr) -> bool:
    """Whether symbolic work on an expression (expansion, limits, factors) is quick."""
    return bool(expression.count_ops() <= _SHORT)


def _sum_of_terms(slope: sympy.Expr, t: sympy.Symbol, beyond: Interval) -> Interval:
    """Image of a sum on [32, oo]: direct, or term by term where that is unbounded."""
    direct = enclose(slope, t)(beyond)
    if iv.is_bounded(direct) or not _is_short(slope):
        return direct
    total = iv.NOTHING
    for term in sympy.Add.make_args(sympy.expand_mul(slope)):
        total = iv.add(total, _term_image(term, t, beyond))
    return total


def _term_image(term: sympy.Expr, t: sympy.Symbol, beyond: Interval) -> Interval:
    """Image of one term on [32, oo]: direct, or [0, value at 32] when its logarithmic derivative is negative.

    That the logarithmic derivative is bounded after division by t^4 shows that the term has no pole there.
    """
    direct = enclose(term, t)(beyond)
    if iv.is_bounded(direct):
        return direct
    rates = [sympy.expand_mul(sympy.diff(factor, t) / factor) for factor in sympy.Mul.make_args(term)]
    total, scaled = (enclose(sympy.Add(*(sympy.expand_mul(r / t**k) for r in rates)), t)(beyond) for k in (0, 4))
    if not (total.hi <= 0 and iv.is_bounded(scaled)):
        return direct
    return iv.hull(iv.NOTHING, enclose(term, t)(Interval(beyond.lo, beyond.lo)))
