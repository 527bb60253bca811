"""Functions of the network's input known up to an interval: piecewise-linear forms.

A form is ``F t(x) + r`` with exact float64 coefficients F and r anywhere in an interval. The basis t(x) has one entry
x_j for every input whose range has one sign, and the two entries max(x_j, 0), min(x_j, 0) for every other input,
because blocks that split signs err differently on the two sides. Its range over the box is found input by input: the
sum over j of the extrema of a piecewise-linear function of x_j, attained at the ends or at 0. So the range of a form
with r = 0 is exact up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from constructions.outward import gamma
from empirical.sup_error.outward import (
    TINY,
    FloatArray,
    Interval,
    Sparse,
    add,
    around,
    inflation,
    magnitude,
    symmetric,
    up,
)

CHUNK_ENTRIES = 2**21


@dataclass(frozen=True, eq=False)
class Basis:
    """The basis t(x) on the box: inputs ``one`` (of one sign), then the positive and the negative parts of ``two``.

    ``negative`` tells which of ``one`` are never positive; ``low``, ``high``, ``reach`` bound t(x) and |t(x)|.
    """

    one: np.ndarray
    two: np.ndarray
    negative: np.ndarray
    low: FloatArray
    high: FloatArray
    reach: FloatArray

    @classmethod
    def of_box(cls, lower: FloatArray, upper: FloatArray) -> Basis:
        """Return the basis of the box ``lower <= x <= upper``."""
        straddling = (lower < 0.0) & (upper > 0.0)
        one, two = np.flatnonzero(~straddling), np.flatnonzero(straddling)
        low = np.concatenate((lower[one], np.zeros(len(two)), lower[two]))
        high = np.concatenate((upper[one], upper[two], np.zeros(len(two))))
        return cls(one, two, upper[one] <= 0.0, low, high, np.maximum(-low, high))

    @property
    def size(self) -> int:
        """Number of entries of t(x)."""
        return len(self.low)

    def coefficients(self, positive: FloatArray, negative: FloatArray) -> FloatArray:
        """Return F with ``F t(x) = sum_j (positive_j if x_j >= 0 else negative_j) x_j``; both arrays (n, n_0)."""
        single = np.where(self.negative, negative[:, self.one], positive[:, self.one])
        return np.concatenate((single, positive[:, self.two], negative[:, self.two]), axis=1)

    def sizes(self, coefficients: FloatArray) -> FloatArray:
        """Return upper bounds of ``sum_q |F_kq| max |t_q|``."""
        sums = np.empty(len(coefficients))
        for rows in _chunks(coefficients):
            sums[rows] = (np.abs(coefficients[rows]) * self.reach).sum(axis=1)
        return sums * inflation(self.size) + TINY

    def range(self, coefficients: FloatArray) -> Interval:
        """Enclose ``F t(x)`` over the box, row by row."""
        low, high, sizes = (np.empty(len(coefficients)) for _ in range(3))
        for rows in _chunks(coefficients):
            low[rows], high[rows], sizes[rows] = self._extrema(coefficients[rows])
        slack = gamma(self.size + 2) * sizes * inflation(self.size) + TINY
        return Interval(around(low, slack).low, around(high, slack).high)

    def _extrema(self, coefficients: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        at_low, at_high = coefficients * self.low, coefficients * self.high
        single, pairs = len(self.one), len(self.two)
        lowest = np.minimum(at_low[:, :single], at_high[:, :single]).sum(axis=1)
        highest = np.maximum(at_low[:, :single], at_high[:, :single]).sum(axis=1)
        sizes = np.maximum(np.abs(at_low), np.abs(at_high)).sum(axis=1)
        if pairs:
            right, left = at_high[:, single : single + pairs], at_low[:, single + pairs :]
            lowest = lowest + np.minimum(np.minimum(right, left), 0.0).sum(axis=1)
            highest = highest + np.maximum(np.maximum(right, left), 0.0).sum(axis=1)
        return lowest, highest, sizes


class Forms(NamedTuple):
    """The functions ``F t(x) + r``, ``r`` in ``rest``; ``sizes`` bounds ``sum_q |F_kq| max |t_q| + max |r_k|``."""

    coefficients: FloatArray
    rest: Interval
    sizes: FloatArray

    @classmethod
    def on(cls, basis: Basis, coefficients: FloatArray, rest: Interval) -> Forms:
        """Return the forms with the given parts on ``basis``."""
        return cls(coefficients, rest, up(basis.sizes(coefficients) + magnitude(rest)))

    def range(self, basis: Basis) -> Interval:
        """Enclose every function over the box."""
        return add(basis.range(self.coefficients), self.rest)

    def image(self, weights: Sparse) -> tuple[FloatArray, Interval]:
        """Return coefficients and rest of forms of the functions ``A f``."""
        rounding = gamma(weights.terms) * weights.bound(self.sizes) * inflation(0) + TINY
        return weights.csr @ self.coefficients, add(weights.image(self.rest), symmetric(rounding))


def _chunks(coefficients: FloatArray) -> Iterator[slice]:
    step = max(1, CHUNK_ENTRIES // max(1, coefficients.shape[1]))
    for start in range(0, len(coefficients), step):
        yield slice(start, start + step)
