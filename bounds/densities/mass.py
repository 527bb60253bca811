"""The mass of a density on both sides of 0, and what shows that it is none: checks with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
from flint import arb

from bounds.arithmetic import working_precision
from bounds.densities.integral import Part, integral, parts
from bounds.densities.tails import height, peak, tail
from bounds.enclosures import interval as iv
from bounds.enclosures.interval import Interval

_STARTS = (4, 16, 64, 256, 1024, 4096, 2**15, 2**20)
_PEAK = arb(2) ** -24
_ACCURACY = arb(2) ** -18
_NEGLIGIBLE = arb(2) ** -40
_DEPTH = 12


class DensityError(ValueError):
    """An expression that is no density, or not one that can be used: the message names the condition and a remedy."""


@dataclass(frozen=True, slots=True)
class Side:
    """A density on x > 0: intervals with its mass and its values, and its pieces."""

    parts: tuple[Part, ...]
    mass: Interval
    supremum: arb


@lru_cache(maxsize=128)
@working_precision
def side(expression: sympy.Expr, symbol: sympy.Symbol) -> Side:
    """Return what is proved about a density on x > 0.

    Raises: DensityError when it is negative or not a number somewhere, or its mass or sign cannot be enclosed.
    """
    found = parts(expression, symbol)
    if found is None:
        raise DensityError(
            f"{expression} switches where no polynomial vanishes; use Piecewise, Abs, Max with polynomial conditions"
        )
    mass, highest = iv.NOTHING, iv.ZERO
    right = tuple(part for part in found if part.upper > 0)
    for part in right:
        start = iv.greatest([part.lower, iv.ZERO])
        if start == 0 and not part.value(Interval(iv.ZERO, _PEAK)).hi.is_finite():
            held = _peak(part, symbol)
            start, mass, highest = _PEAK, iv.add(mass, held), iv.INFINITY
        end, beyond = _end(part, symbol, start)
        if start < end:
            box = Interval(start, end)
            _check_sign(part, box)
            mass = iv.add(mass, integral(part, box, _ACCURACY))
            highest = iv.greatest([highest, _highest(part, box, _DEPTH)])
        if beyond.hi > 0:
            mass, highest = iv.add(mass, beyond), iv.greatest([highest, height(part.expression, symbol, end)])
    if not iv.is_bounded(mass):
        raise DensityError(f"{expression}: its integral is not enclosed near a point where it has no bound; cut it off")
    return Side(right, mass, highest)


def _peak(part: Part, symbol: sympy.Symbol) -> Interval:
    """The mass next to 0 of a part that is unbounded there."""
    held = peak(part.expression, symbol, _PEAK)
    if held is None or not iv.is_bounded(held):
        raise DensityError(f"{part.expression}: not shown to be integrable at 0; bound it there, for example with Min")
    if held.hi < 0 or not part.value(Interval(iv.ZERO, _PEAK)).lo >= 0:
        raise DensityError(f"{part.expression} is negative next to 0; a density is at least 0")
    return held


def _end(part: Part, symbol: sympy.Symbol, start: arb) -> tuple[arb, Interval]:
    """Where the finite part ends, and the mass beyond it."""
    if part.upper.is_finite() or part.expression == 0:
        return (part.upper if part.upper.is_finite() else start), iv.NOTHING
    best: tuple[arb, Interval] | None = None
    for end in map(arb, _STARTS):
        beyond = tail(part.expression, symbol, end) if end > start else None
        if beyond is None or not iv.is_bounded(beyond):
            continue
        best = (end, beyond)
        if beyond.hi - beyond.lo <= _ACCURACY:
            break
    if best is None:
        raise DensityError(
            f"{part.expression}: the mass beyond x = {_STARTS[-1]} is not shown to be finite; a density integrates to "
            "1; cut it off with Piecewise, or use a lower bound of it with partial=True"
        )
    if not part.value(Interval(best[0], iv.INFINITY)).lo >= 0:
        raise DensityError(f"{part.expression} is not shown to be at least 0 beyond {best[0]}; cut it off")
    return best


def _check_sign(part: Part, box: Interval) -> None:
    """DensityError unless p >= 0 on the box, up to 2^-40."""
    stack = [(box, 0)]
    while stack:
        piece, depth = stack.pop()
        if part.lowest(piece) >= -_NEGLIGIBLE:
            continue
        centre = ((piece.lo + piece.hi) / 2).mid()
        values = [part.value(Interval(p, p)) for p in (piece.lo, centre, piece.hi)]
        if any(value.hi < -_NEGLIGIBLE for value in values):
            raise DensityError(f"{part.expression} is negative near x = {float(centre):g}; a density is at least 0")
        if depth > 60 or not piece.lo < centre < piece.hi:
            raise DensityError(
                f"{part.expression} is not shown to be a real number >= 0 near x = {float(centre):g}; give a density "
                "that is defined and at least 0 everywhere, with rational ends of its pieces"
            )
        stack.extend(((Interval(piece.lo, centre), depth + 1), (Interval(centre, piece.hi), depth + 1)))


def _highest(part: Part, box: Interval, depth: int) -> arb:
    """An upper bound of p on a box, by bisection."""
    direct, slope = part.value(box), part.slope(box)
    if iv.is_bounded(slope) and (slope.lo >= 0 or slope.hi <= 0):
        return iv.greatest([part.value(Interval(end, end)).hi for end in box])
    centre = ((box.lo + box.hi) / 2).mid()
    if depth == 0 or not box.lo < centre < box.hi:
        return direct.hi
    halves = (Interval(box.lo, centre), Interval(centre, box.hi))
    return iv.greatest([_highest(part, half, depth - 1) for half in halves])
