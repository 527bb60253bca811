"""A real function of one variable given by a sympy expression, with rigorous values, ranges and Lipschitz constants.

Every continuous function is allowed here (abs and relu(x)^2 too): what may stand *above* the first layer of a
network. Whether it may stand in the first layer is decided by :class:`bounds.activation_type.Activation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy
from flint import arb

from bounds.arithmetic import ball, checked_interval, lower, upper, working_precision
from bounds.enclosures import interval as iv
from bounds.enclosures.ball_evaluation import Program, derivative, enclose
from bounds.enclosures.interval import Interval
from bounds.enclosures.lipschitz import global_lipschitz
from bounds.enclosures.pieces import Piece, discontinuities, smooth_pieces
from bounds.enclosures.turning import RESOLVED, bisected_image, extremes, turning_points

x = sympy.Symbol("x", real=True)
"""The real variable of every scalar function."""


@dataclass(frozen=True)
class ScalarFunction:
    """A continuous function phi: R -> R.

    ``name``        how networks and reports call it.
    ``expression``  sympy expression in ``bounds.x``.

    >>> ScalarFunction("squared_relu", sympy.Max(0, x) ** 2).range(-1, 2)
    (0.0, 4.0)
    """

    name: str
    expression: sympy.Expr

    @property
    def lipschitz(self) -> sympy.Expr:
        """sup |phi'| over R: exact where the extreme slope is attained at a point known in closed form or is a limit,
        otherwise the least float64 above a proved enclosure (see ``lipschitz_is_exact``); oo when unbounded.

        >>> ScalarFunction("sin", sympy.sin(3 * x)).lipschitz
        3
        """
        return global_lipschitz(self.expression, x)[0]

    @property
    def lipschitz_is_exact(self) -> bool:
        """Whether ``lipschitz`` is the supremum itself and not an upper bound of it.

        >>> ScalarFunction("silu", x / (1 + sympy.exp(-x))).lipschitz_is_exact
        False
        """
        return global_lipschitz(self.expression, x)[1]

    @cached_property
    def at_zero(self) -> sympy.Expr:
        """phi(0), exact.

        >>> ScalarFunction("exp", sympy.exp(x)).at_zero
        1
        """
        return self.expression.subs(x, 0)

    @working_precision
    def value(self, v: Any) -> arb:
        """Ball around phi(v) for a float, int, Fraction, decimal string or ball v.

        >>> print(ScalarFunction("tanh", sympy.tanh(x)).value(1).str(10, radius=False))
        0.7615941560
        """
        argument = iv.from_ball(ball(v))
        return iv.to_ball(enclose(self.expression, x)(argument))

    def range(self, lower_end: float, upper_end: float) -> tuple[float, float]:
        """Outward float64 enclosure of {phi(v) : lower_end <= v <= upper_end}.

        Raises: ValueError when an end is not finite or the interval is empty.

        >>> ScalarFunction("relu", sympy.Max(0, x)).range(-2, 3)
        (0.0, 3.0)
        """
        return _range(self.expression, *checked_interval(lower_end, upper_end))

    def lipschitz_on(self, lower_end: float, upper_end: float) -> float:
        """Upper bound in float64 of sup |phi'| over [lower_end, upper_end].

        Raises: ValueError when an end is not finite or the interval is empty.

        >>> ScalarFunction("relu", sympy.Max(0, x)).lipschitz_on(-2, -1)
        0.0
        """
        return _lipschitz_on(self.expression, *checked_interval(lower_end, upper_end))


@dataclass(frozen=True, slots=True)
class _Part:
    """One smooth piece: programs of phi, phi', and where phi and phi' turn within [-32, 32] (None: not known)."""

    lower: arb
    upper: arb
    value: Program
    slope: Program
    curvature: Program | None
    turns: tuple[Interval, ...] | None
    slope_turns: tuple[Interval, ...] | None


@lru_cache(maxsize=256)
@working_precision
def _parts(expression: sympy.Expr) -> tuple[_Part, ...]:
    jumps = discontinuities(expression, x)
    if jumps:
        raise ValueError(f"{expression} is not continuous at x = {jumps[0]}; use a continuous function")
    pieces = smooth_pieces(expression, x)
    if pieces is None:
        slope = enclose(derivative(expression, x), x)
        return (_Part(iv.MINUS_INFINITY, iv.INFINITY, enclose(expression, x), slope, None, None, None),)
    return tuple(_part(piece) for piece in pieces)


def _part(piece: Piece) -> _Part:
    first = derivative(piece.expression, x)
    return _Part(
        ball(piece.lower).lower(),
        ball(piece.upper).upper(),
        value=enclose(piece.expression, x),
        slope=enclose(first, x),
        curvature=enclose(derivative(first, x), x),
        turns=turning_points(piece.expression, x, piece.lower, piece.upper),
        slope_turns=turning_points(first, x, piece.lower, piece.upper),
    )


def _overlaps(expression: sympy.Expr, low: float, high: float) -> list[tuple[_Part, Interval]]:
    """The parts that [low, high] meets in more than a point (in at least a point when low = high)."""
    start, end = arb(low), arb(high)
    found = []
    for part in _parts(expression):
        box = Interval(iv.greatest([start, part.lower]), iv.least([end, part.upper]))
        if box.lo < box.hi or (low == high and box.lo == box.hi):
            found.append((part, box))
    return found


def _image(f: Program, slope: Program | None, turns: tuple[Interval, ...] | None, box: Interval) -> Interval:
    """Image of a box: from the turning points within [-32, 32], by bisection outside and where they are unknown."""
    inner = iv.intersect(box, RESOLVED)
    if turns is None or not inner.lo <= inner.hi:
        return bisected_image(f, slope, box)
    image = extremes(f, turns, inner)
    for outer in (Interval(box.lo, inner.lo), Interval(inner.hi, box.hi)):
        if outer.lo < outer.hi:
            image = iv.hull(image, bisected_image(f, slope, outer))
    return image


@lru_cache(maxsize=65536)
@working_precision
def _range(expression: sympy.Expr, low: float, high: float) -> tuple[float, float]:
    images = [_image(p.value, p.slope, p.turns, box) for p, box in _overlaps(expression, low, high)]
    return lower(iv.least([image.lo for image in images])), upper(iv.greatest([image.hi for image in images]))


@lru_cache(maxsize=65536)
@working_precision
def _lipschitz_on(expression: sympy.Expr, low: float, high: float) -> float:
    return max(_slope_bound(part, box) for part, box in _overlaps(expression, low, high))


def _slope_bound(part: _Part, box: Interval) -> float:
    if part.curvature is None and not part.value.decided(box)[1]:
        return math.inf
    return upper(iv.magnitude(_image(part.slope, part.curvature, part.slope_turns, box)))
