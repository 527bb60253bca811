"""The shape of an activation as float64 bounds over many intervals at once: slopes, curvature, images, chords.

phi is continuous and smooth between kinks, so by the mean value theorem all its difference quotients over an interval
lie in the hull of phi' over the cells of :mod:`empirical.sup_error.shape_table` that the interval meets. Enclosures
named *proven* come from ball arithmetic alone; ``image`` evaluates the ends of an interval with the float64 library
and widens them by the relative error that ``constructions.nonlinearity`` states for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

import bounds
from bounds.arithmetic import lower, upper
from constructions.nonlinearity import UNDERFLOW, Numeric, numeric
from constructions.outward import gamma
from empirical.sup_error.outward import (
    FloatArray,
    Interval,
    add,
    around,
    down,
    exactly,
    hull,
    inflation,
    intersect,
    magnitude,
    midpoint_radius,
    multiply,
    subtract,
    symmetric,
    take,
    up,
)
from empirical.sup_error.shape_table import ShapeTable, build_table

CHORD_CELLS = 8


@dataclass(frozen=True, eq=False)
class Shape:
    """One activation phi, named as in ``bounds.scalar_function``."""

    name: str
    function: bounds.ScalarFunction
    numeric: Numeric

    @cached_property
    def table(self) -> ShapeTable:
        """The enclosures on cells, built when first needed."""
        return build_table(self.name, self.function.expression)

    @cached_property
    def rising(self) -> bool:
        """Whether phi certainly never falls."""
        everywhere = np.array([-np.inf]), np.array([np.inf])
        return bool(self.slopes(Interval(*everywhere)).low[0] >= 0.0)

    def slopes(self, values: Interval) -> Interval:
        """Enclose every difference quotient of phi over each interval (proven)."""
        cells = self.table.cells(*values)
        return Interval(-self.table.negated_flattest.maximum(*cells), self.table.steepest.maximum(*cells))

    def curvature(self, values: Interval) -> FloatArray:
        """Bound the Lipschitz constant of phi' over each interval (proven); ``inf`` where phi has a kink."""
        first, last = self.table.cells(*values)
        return self.table.curvature.maximum(2 * first, 2 * last)

    def coarse_image(self, values: Interval) -> Interval:
        """Enclose phi over the cells that each interval meets (proven); signs and global bounds are exact."""
        cells = self.table.cells(*values)
        return Interval(-self.table.negated_lowest.maximum(*cells), self.table.highest.maximum(*cells))

    def image(self, values: Interval) -> Interval:
        """Enclose phi over each interval, tightly on short intervals and where phi is monotone."""
        return self._image(values, self._evaluated if np.isfinite(self.numeric.relative_error) else self._proven)

    def proven_image(self, values: Interval) -> Interval:
        """Enclose phi over each interval as ``image`` does, but in ball arithmetic, one interval at a time."""
        return self._image(values, self._proven)

    def _image(self, values: Interval, evaluate: Callable[[FloatArray], Interval]) -> Interval:
        if self.rising:
            return Interval(evaluate(values.low).low, evaluate(values.high).high)
        slopes = self.slopes(values)
        rising, falling = slopes.low >= 0.0, slopes.high <= 0.0
        low_end, high_end = evaluate(values.low), evaluate(values.high)
        low = np.where(rising, low_end.low, high_end.low)
        high = np.where(rising, high_end.high, low_end.high)
        other = ~(rising | falling)
        if other.any():
            part = take(values, other)
            middle, radius = midpoint_radius(part)
            spread = up(magnitude(take(slopes, other)) * radius)
            low[other], high[other] = intersect(self.coarse_image(part), add(evaluate(middle), symmetric(spread)))
        return Interval(low, high)

    def _evaluated(self, points: FloatArray) -> Interval:
        values = self.numeric.numpy(points)
        if self.numeric.relative_error == 0.0:
            return exactly(values)
        return around(values, np.abs(values) * (2 * self.numeric.relative_error) + 2 * UNDERFLOW)

    def _proven(self, points: FloatArray) -> Interval:
        distinct, inverse = np.unique(points, return_inverse=True)
        ends = np.array([self._enclosed(float(point)) for point in distinct], dtype=np.float64).reshape(-1, 2)
        return Interval(ends[inverse, 0], ends[inverse, 1])

    def _enclosed(self, point: float) -> tuple[float, float]:
        """Enclose phi at one point; at what overflowed nothing is known."""
        if not math.isfinite(point):
            return -math.inf, math.inf
        value = self.function.value(point)
        return lower(value), upper(value)

    def chord(self, values: Interval) -> tuple[FloatArray, Interval]:
        """Return slopes c and enclosures of ``phi(z) - c z`` over each interval (proven).

        On a piece of length h whose difference quotients lie in [p, q], phi is within (q - p) h / 4 of its chord.
        """
        low, high = values
        spaced = [low + (high - low) * (k / CHORD_CELLS) for k in range(CHORD_CELLS)]
        nodes = np.sort(np.stack((*spaced, high, np.clip(0.0, low, high))), axis=0)
        images = [self._proven(node) for node in nodes]
        rise = 0.5 * (images[-1].low + images[-1].high) - 0.5 * (images[0].low + images[0].high)
        slope = np.divide(rise, high - low, out=np.zeros_like(low), where=high > low)
        lines = [multiply(exactly(slope), exactly(node)) for node in nodes]
        gaps = [subtract(image, line) for image, line in zip(images, lines, strict=True)]
        total = gaps[0]
        for k in range(len(nodes) - 1):
            quotients = self.slopes(Interval(nodes[k], nodes[k + 1]))
            bulge = up(up(quotients.high - quotients.low) * up(nodes[k + 1] - nodes[k])) / 4
            total = hull(total, add(hull(gaps[k], gaps[k + 1]), symmetric(bulge)))
        return slope, total

    def evaluation_error(
        self, values: Interval, sizes: FloatArray, inherited: FloatArray, absolute: FloatArray, terms: int
    ) -> FloatArray:
        """Bound the error of computing ``phi(z)``, z a float64 sum of ``terms`` products, in any order.

        ``values`` encloses the exact z, ``sizes`` bounds the exact |phi(z)|, ``absolute`` the sum of the absolute
        terms, ``inherited`` the error that z takes over from inexact terms. The library's error is assumed.
        """
        if not np.isfinite(self.numeric.relative_error):
            return np.zeros_like(sizes)
        before = (inherited + gamma(terms + 1) * (absolute + inherited)) * inflation(1) + UNDERFLOW
        steepness = magnitude(self.slopes(Interval(down(values.low - before), up(values.high + before))))
        after = steepness * before
        return (after + self.numeric.relative_error * (sizes + after)) * inflation(1) + UNDERFLOW


@cache
def shape(name: str) -> Shape:
    """Return the shape of the activation called ``name``."""
    function = bounds.scalar_function(name)
    return Shape(function.name, function, numeric(function.name))
