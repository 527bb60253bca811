"""Interval vectors and sparse products in float64 with proven outward rounding.

An :class:`Interval` stands for the set of real vectors v with low <= v <= high, coordinate by coordinate, and every
function here returns an enclosure: for all real arguments inside the given intervals the exact real result lies
inside the returned one.

Two facts are used (u = 2^-53). (1) One rounded operation followed by a step to the neighbouring float in the right
direction is a bound of the exact result. (2) A sum of n products, in any order and with or without fused operations,
computed in float64 differs from the exact value by at most gamma_n = n u / (1 - n u) times the sum of the absolute
products, plus 2^-1074 per product that underflows (Higham, Accuracy and Stability of Numerical Algorithms, section
3.1). The bound itself is computed in float64; since 1/(1 - gamma_n) <= 1 + gamma_2n and (1 + gamma_j)(1 + gamma_k) <=
1 + gamma_(j+k), the factor ``inflation(n) = 1 + gamma_(2n+16)`` covers the rounding of that computation, with room
for up to eight further roundings. ``TINY`` = 2^-1000 covers all underflow.

No product here runs through a threaded library: results do not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from constructions.outward import gamma

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IndexArray = np.ndarray[Any, np.dtype[np.int64]]

TINY = 2.0**-1000


class Interval(NamedTuple):
    """The vectors v with ``low <= v <= high``."""

    low: FloatArray
    high: FloatArray


def down(values: Any) -> Any:
    """Return the neighbouring floats below."""
    return np.nextafter(values, -np.inf)


def up(values: Any) -> Any:
    """Return the neighbouring floats above."""
    return np.nextafter(values, np.inf)


@cache
def inflation(terms: int) -> float:
    """Return a factor that makes a computed sum of ``terms`` non-negative products an upper bound of the exact one."""
    return math.nextafter(1.0 + gamma(2 * terms + 16), math.inf)


def exactly(values: FloatArray) -> Interval:
    """Return the interval that holds only ``values``."""
    return Interval(values, values)


def zeros(size: int) -> Interval:
    """Return the interval that holds only the zero vector."""
    return exactly(np.zeros(size))


def symmetric(radius: FloatArray) -> Interval:
    """Return ``[-radius, radius]``."""
    return Interval(-radius, radius)


def add(first: Interval, *others: Interval) -> Interval:
    """Enclose the sum."""
    low, high = first
    for other in others:
        low, high = down(low + other.low), up(high + other.high)
    return Interval(low, high)


def subtract(first: Interval, second: Interval) -> Interval:
    """Enclose ``first - second`` of independent vectors."""
    return Interval(down(first.low - second.high), up(first.high - second.low))


def multiply(first: Interval, second: Interval) -> Interval:
    """Enclose the coordinatewise product."""
    products = np.stack(
        (first.low * second.low, first.low * second.high, first.high * second.low, first.high * second.high)
    )
    return Interval(down(products.min(axis=0)), up(products.max(axis=0)))


def magnitude(values: Interval) -> FloatArray:
    """Return ``max |v|`` over the interval, exactly."""
    return np.maximum(-values.low, values.high)


def hull(first: Interval, second: Interval) -> Interval:
    """Return the smallest interval around both."""
    return Interval(np.minimum(first.low, second.low), np.maximum(first.high, second.high))


def intersect(first: Interval, second: Interval) -> Interval:
    """Return the common part of two enclosures of the same vector; an end that overflow made nan says nothing."""
    return Interval(np.fmax(first.low, second.low), np.fmin(first.high, second.high))


def take(values: Interval, positions: Any) -> Interval:
    """Return the coordinates at ``positions``."""
    return Interval(values.low[positions], values.high[positions])


def midpoint_radius(values: Interval) -> tuple[FloatArray, FloatArray]:
    """Return (m, r) with ``|v - m| <= r`` on the interval."""
    middle = 0.5 * values.low + 0.5 * values.high
    return middle, up(np.maximum(values.high - middle, middle - values.low))


def around(middle: FloatArray, radius: FloatArray) -> Interval:
    """Enclose ``[middle - radius, middle + radius]``."""
    return Interval(down(middle - radius), up(middle + radius))


def row_sums(rows: IndexArray, terms: FloatArray, height: int) -> FloatArray:
    """Add up the terms of every row in float64, one after the other."""
    return np.asarray(np.bincount(rows, terms, height), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse matrix whose entries are exactly the floats given, with what its products need.

    Entry k stands at (``rows[k]``, ``columns[k]``); rows rise, positions are distinct. Products with vectors add the
    entries of a row one after the other.
    """

    rows: IndexArray
    columns: IndexArray
    entries: FloatArray
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: csr_matrix) -> Sparse:
        """Return the stored entries of a scipy matrix."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        return cls(rows, matrix.indices.astype(np.int64), matrix.data.copy(), (matrix.shape[0], matrix.shape[1]))

    @classmethod
    def dense(cls, matrix: FloatArray) -> Sparse:
        """Return the nonzero entries of an array."""
        rows, columns = np.nonzero(matrix)
        return cls(rows, columns, matrix[rows, columns], (matrix.shape[0], matrix.shape[1]))

    @cached_property
    def csr(self) -> csr_matrix:
        """The same matrix for products with matrices, on its own memory: scipy may sort its entries in place."""
        pointers = np.concatenate(([0], np.cumsum(self.counts)))
        return csr_matrix((self.entries, self.columns, pointers), shape=self.shape, copy=True)

    @cached_property
    def counts(self) -> IndexArray:
        """The number of entries of every row."""
        return np.bincount(self.rows, minlength=self.shape[0])

    @cached_property
    def magnitudes(self) -> FloatArray:
        """The absolute values of the entries."""
        return np.abs(self.entries)

    @cached_property
    def terms(self) -> int:
        """The largest number of entries in a row."""
        return int(self.counts.max(initial=0))

    @cached_property
    def row_sums(self) -> Interval:
        """Enclosures of the sums of the rows."""
        return self.image(exactly(np.ones(self.shape[1])))

    def image(self, values: Interval) -> Interval:
        """Enclose ``A v``."""
        middle, radius = midpoint_radius(values)
        spread = self._sums(self.magnitudes, radius + gamma(self.terms) * np.abs(middle))
        return around(self._sums(self.entries, middle), spread * inflation(self.terms) + TINY)

    def bound(self, magnitudes: FloatArray) -> FloatArray:
        """Return an upper bound of ``|A| m`` for ``m >= 0``, hence of ``|A v|`` for every ``|v| <= m``."""
        return self._sums(self.magnitudes, magnitudes) * inflation(self.terms) + TINY

    def scaled_columns(self, factors: FloatArray) -> Sparse:
        """Return the matrix with column k multiplied by ``factors[k]``, every entry rounded once."""
        return Sparse(self.rows, self.columns, self.entries * factors[self.columns], self.shape)

    def _sums(self, entries: FloatArray, values: FloatArray) -> FloatArray:
        return row_sums(self.rows, entries * values[self.columns], self.shape[0])


def dense_image(weight: FloatArray, slack: FloatArray, values: Interval) -> Interval:
    """Enclose ``(A + B) v`` for every B with ``|B| <= slack``, entry by entry; both arrays (n_out, n_in)."""
    middle, radius = midpoint_radius(values)
    terms = weight.shape[1]
    error = np.abs(weight) * (radius + gamma(terms) * np.abs(middle)) + slack * magnitude(values)
    return around((weight * middle).sum(axis=1), error.sum(axis=1) * inflation(terms) + TINY)
