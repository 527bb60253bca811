"""Enclosures of an activation, its slope and its curvature on cells of the real line, proven in ball arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import sympy
from flint import arb

import bounds
from bounds.arithmetic import ball, lower, upper, working_precision
from bounds.enclosures.ball_evaluation import derivative, enclose
from bounds.enclosures.interval import Interval as BallInterval
from bounds.enclosures.pieces import smooth_pieces
from empirical.sup_error.outward import FloatArray

IntArray = np.ndarray[Any, np.dtype[np.int64]]
Image = Callable[[BallInterval], BallInterval]


def _grid() -> FloatArray:
    inner = np.arange(0, 4, 1 / 64)
    middle = np.arange(4, 16, 1 / 16)
    positive = np.concatenate((inner, middle, 2.0 ** np.arange(4, 21)))
    return np.concatenate((-positive[:0:-1], positive))


class RangeExtrema:
    """Answers max over ``values[first..last]`` for many ranges at once (a sparse table)."""

    def __init__(self, values: FloatArray) -> None:
        levels = [values]
        width = 1
        while 2 * width <= len(values):
            upper_half = np.concatenate((levels[-1][width:], np.full(width, -np.inf)))
            levels.append(np.maximum(levels[-1], upper_half))
            width *= 2
        self._levels = np.stack(levels)

    def maximum(self, first: IntArray, last: IntArray) -> FloatArray:
        """Return the maxima over ``first <= k <= last``."""
        level = np.frexp((last - first + 1).astype(np.float64))[1] - 1
        return np.maximum(self._levels[level, first], self._levels[level, last + 1 - (1 << level)])


@dataclass(frozen=True, eq=False)
class ShapeTable:
    """Cell k is ``[nodes[k-1], nodes[k]]``, with -oo before the first node and oo after the last.

    Stored are upper bounds: of phi, -phi, all difference quotients and their negatives, and of |phi''|; ``curvature``
    has the cells at even and the nodes at odd positions, ``inf`` where phi' may jump and 0 at the other nodes.
    """

    nodes: FloatArray
    highest: RangeExtrema
    negated_lowest: RangeExtrema
    steepest: RangeExtrema
    negated_flattest: RangeExtrema
    curvature: RangeExtrema

    def cells(self, low: FloatArray, high: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the first and last of the cells that cover ``[low, high]``; a node belongs to the cell inside.

        An end that overflow made nan is not known, so the cells reach to infinity there.
        """
        first = np.searchsorted(self.nodes, np.where(np.isnan(low), -np.inf, low), side="right")
        last = np.searchsorted(self.nodes, np.where(np.isnan(high), np.inf, high), side="left")
        return np.minimum(first, last), np.maximum(first, last)


@dataclass(frozen=True)
class _Branch:
    """A smooth piece of phi on ``[low, high]`` with enclosures of phi, phi' and phi''."""

    low: float
    high: float
    value: Image
    slope: Image
    bend: Image | None


@working_precision
def build_table(name: str, expression: sympy.Expr) -> ShapeTable:
    """Return the table of the continuous function ``expression`` in ``bounds.x``.

    Raises ``ValueError`` if it jumps.
    """
    branches = _branches(name, expression)
    kinks = [branch.low for branch in branches if np.isfinite(branch.low)]
    nodes = np.unique(np.concatenate((_grid(), kinks)))
    ends = [-np.inf, *nodes.tolist(), np.inf]
    cells = [_cell(branches, low, high) for low, high in pairwise(ends)]
    *columns, bends = (np.array(column) for column in zip(*cells, strict=True))
    curvature = np.zeros(2 * len(bends) - 1)
    curvature[::2] = bends
    for left, right in pairwise(branches):
        curvature[2 * np.searchsorted(nodes, right.low) + 1] = _jump(left, right)
    return ShapeTable(nodes, *(RangeExtrema(column) for column in (*columns, curvature)))


def _jump(left: _Branch, right: _Branch) -> float:
    """Return 0 if phi' certainly takes one value where two branches meet, else ``inf``."""
    if left.high != right.low:  # the kink is no float and lies inside a cell, whose curvature is infinite already
        return np.inf
    at = BallInterval(arb(right.low), arb(right.low))
    below, above = left.slope(at), right.slope(at)
    return 0.0 if below.lo == below.hi == above.lo == above.hi else np.inf


def _branches(name: str, expression: sympy.Expr) -> list[_Branch]:
    pieces = smooth_pieces(expression, bounds.x)
    if pieces is None:
        if expression.has(sympy.Piecewise, sympy.sign, sympy.Heaviside):
            raise ValueError(
                f"sup_error: cannot tell whether {name} = {expression} is continuous; write it with Abs, Max and Min"
            )
        return [_branch(expression, -np.inf, np.inf, smooth=False)]
    for left, right in pairwise(pieces):
        _check_continuous(name, left.expression, right.expression, left.upper)
    return [_branch(piece.expression, lower(ball(piece.lower)), upper(ball(piece.upper))) for piece in pieces]


def _branch(expression: sympy.Expr, low: float, high: float, smooth: bool = True) -> _Branch:
    first = derivative(expression, bounds.x)
    bend = enclose(derivative(first, bounds.x), bounds.x) if smooth else None
    return _Branch(low, high, enclose(expression, bounds.x), enclose(first, bounds.x), bend)


def _check_continuous(name: str, left: sympy.Expr, right: sympy.Expr, kink: sympy.Expr) -> None:
    at = ball(kink)
    interval = BallInterval(at.lower(), at.upper())
    below, above = enclose(left, bounds.x)(interval), enclose(right, bounds.x)(interval)
    if below.hi < above.lo or above.hi < below.lo:
        raise ValueError(f"sup_error: the activation {name} jumps at {kink}; it must be continuous")


def _cell(branches: list[_Branch], low: float, high: float) -> tuple[float, float, float, float, float]:
    """Return the five bounds stored for one cell."""
    met = [branch for branch in branches if branch.low < high and branch.high > low]
    interval = BallInterval(arb(low), arb(high))
    parts = [(branch.value(interval), *_slope(branch, interval)) for branch in met]
    bend = max(part[2] for part in parts) if len(parts) == 1 else np.inf
    return (
        max(upper(part[0].hi) for part in parts),
        max(-lower(part[0].lo) for part in parts),
        max(upper(part[1].hi) for part in parts),
        max(-lower(part[1].lo) for part in parts),
        bend,
    )


def _slope(branch: _Branch, interval: BallInterval) -> tuple[BallInterval, float]:
    """Enclose phi' and bound |phi''| on a cell; where phi'' has one sign the ends of the cell decide."""
    slope = branch.slope(interval)
    if branch.bend is None:
        return slope, np.inf
    bend = branch.bend(interval)
    size = max(upper(bend.hi), -lower(bend.lo))
    if (bend.lo >= 0 or bend.hi <= 0) and interval.lo.is_finite() and interval.hi.is_finite():
        ends = [branch.slope(BallInterval(end, end)) for end in (interval.lo, interval.hi)]
        low = min((end.lo for end in ends), key=float)
        high = max((end.hi for end in ends), key=float)
        slope = BallInterval(low, high)
    return slope, size
