"""Layers of a ticket as maps of tracked values, slope by slope.

Row k of a block computes ``sum_p (P_kp max(v_p, 0) + N_kp min(v_p, 0)) + r_k`` from the values v_p of the tracked
neurons (or inputs) below it. A layer of the ticket taken by itself is such a block with P = N = its weights. A layer
of univariate helpers phi_0(u_h v) with the layer above it is one too: with slopes m_plus, m_minus and intercept d of
phi_0 at 0 and e the remainder,

    sum_h a_kh phi_0(u_h v) = v sum_h a_kh u_h mu(u_h v) + d sum_h a_kh + sum_h a_kh e(u_h v),

with mu(y) = m_plus for y >= 0 and m_minus otherwise, so P_kp sums a u mu(u) and N_kp sums a u mu(-u) over the helpers h
of parent p. For pairs (u, -u), (a, -a) the sum of the a cancels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from constructions.outward import gamma
from empirical.sup_error.anatomy import LiveLayer
from empirical.sup_error.expansion import Expansion
from empirical.sup_error.outward import (
    TINY,
    FloatArray,
    IndexArray,
    Interval,
    add,
    inflation,
    multiply,
    row_sums,
    symmetric,
    up,
    zeros,
)


class Block(NamedTuple):
    """Coefficients P (``positive``) and N (``negative``), each within ``slack``; r in ``rest``.

    They stand at the positions (rows, parents), which are distinct and sorted by rows, then parents.
    """

    rows: IndexArray
    parents: IndexArray
    positive: FloatArray
    negative: FloatArray
    slack: FloatArray
    rest: Interval


class Groups(NamedTuple):
    """Entries sorted by group: ``order`` sorts them, ``starts`` begins the groups, ``keys`` names them."""

    order: IndexArray
    starts: IndexArray
    keys: IndexArray

    @property
    def terms(self) -> int:
        """The largest number of entries in a group."""
        return int(np.diff(self.starts, append=len(self.order)).max(initial=0))

    @property
    def positions(self) -> IndexArray:
        """Number of the group of every sorted entry."""
        return np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(self.order)))

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the float64 sums over the groups of values that are already sorted."""
        return np.add.reduceat(values, self.starts) if len(values) else np.zeros(0)


def group_by(keys: IndexArray) -> Groups:
    """Sort entries by key, stably."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return Groups(order, starts, ordered[starts])


def direct_block(layer: LiveLayer) -> Block:
    """Return one layer of the ticket as a block."""
    weights = layer.weights
    exact = np.zeros(len(weights.entries))
    return Block(weights.rows, weights.columns, weights.entries, weights.entries, exact, zeros(weights.shape[0]))


def fused_block(helpers: LiveLayer, layer: LiveLayer, values: Interval, expansion: Expansion) -> Block:
    """Return a layer of univariate helpers and the layer above it as one block; ``values`` are those of the parents."""
    above, below = layer.weights, helpers.weights  # entry h of ``below`` is helper h: one entry per row
    width = below.shape[1]
    groups = group_by(above.rows * width + below.columns[above.columns])
    outgoing, neurons = above.entries[groups.order], above.columns[groups.order]
    incoming, parents = below.entries[neurons], below.columns[neurons]
    positive, slack = _slope_sums(groups, outgoing, incoming, expansion.slopes(incoming > 0.0))
    negative, other_slack = _slope_sums(groups, outgoing, incoming, expansion.slopes(incoming < 0.0))
    rows = groups.keys // width
    rest = multiply(expansion.intercept, layer.weights.row_sums)
    if not expansion.exact:
        reach = [np.maximum(side, 0.0)[parents] * np.abs(incoming) for side in (values.high, -values.low)]
        bounds = np.maximum(
            groups.sums(np.abs(outgoing) * expansion.remainder(incoming > 0.0, up(reach[0]))),
            groups.sums(np.abs(outgoing) * expansion.remainder(incoming < 0.0, up(reach[1]))),
        )
        bounds = np.minimum(bounds, _by_parity(groups, outgoing, incoming, up(np.maximum(*reach)), expansion))
        terms = len(helpers.neurons)
        rest = add(rest, symmetric(row_sums(rows, bounds, above.shape[0]) * inflation(2 * terms) + TINY))
    return Block(rows, groups.keys % width, positive, negative, np.maximum(slack, other_slack), rest)


def _by_parity(
    groups: Groups, outgoing: FloatArray, incoming: FloatArray, reach: FloatArray, expansion: Expansion
) -> FloatArray:
    """Bound ``|sum a e(u v)|`` over every group by the odd part of e and, for each |u|, the sum of the a with that |u|.

    For pairs (u, -u), (a, -a) these sums vanish and with them the even part.
    """
    if expansion.odd is None:
        return np.full(len(groups.starts), np.inf)
    sizes, size_of = np.unique(np.abs(incoming), return_inverse=True)
    same = group_by(groups.positions * len(sizes) + size_of)
    weights = outgoing[same.order]
    exact = np.diff(same.starts, append=len(weights)) <= 2  # a sum of two floats that is 0 is exactly 0
    sums = np.abs(same.sums(weights))
    sums = np.where(exact & (sums == 0.0), 0.0, sums + gamma(same.terms) * same.sums(np.abs(weights)) + TINY)
    everywhere = np.ones(len(reach), dtype=bool)
    even = np.maximum(expansion.remainder(everywhere, reach), expansion.remainder(~everywhere, reach))
    odd = groups.sums(np.abs(outgoing) * expansion.odd.remainder(everywhere, reach))
    largest = np.maximum.reduceat(even[same.order], same.starts) if len(sums) else sums
    leftover = np.bincount(same.keys // len(sizes), weights=up(sums * largest), minlength=len(groups.starts))
    return odd + leftover


def _slope_sums(
    groups: Groups, outgoing: FloatArray, incoming: FloatArray, slopes: Interval
) -> tuple[FloatArray, FloatArray]:
    """Return ``sum a u mu`` over every group and a bound of its error, mu anywhere in ``slopes``."""
    middle = 0.5 * slopes.low + 0.5 * slopes.high
    products = outgoing * incoming * middle
    uncertain = np.abs(outgoing * incoming) * up(slopes.high - slopes.low)
    terms = groups.terms
    error = (gamma(terms + 4) * groups.sums(np.abs(products)) + groups.sums(uncertain)) * inflation(terms) + TINY
    return groups.sums(products), error
