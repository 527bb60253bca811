"""How the difference between ticket and target travels from one level of tracked neurons to the next.

Notation. Neuron p of the ticket is a copy of target neuron j = g(p); its pre-activation differs from that of j by
delta_p(x), known as an interval and as a form in the input. Above, row k is a copy of target neuron i = g(k), and a
block with coefficients M (plus a rest) feeds it from the copies. With S_kj the sum of M_kp over the copies p of j,

    delta_k = sum_j sum_{p copies j} M_kp (phi(z_j + delta_p) - phi(z_j)) + sum_j (S_kj - w_ij) y_j + o_k - b_i + rest.

Let [s_lo, s_hi] hold all difference quotients of phi over z_j's range enlarged by the errors of j's copies, c and
s_rad its centre and radius, kappa a Lipschitz constant of phi' there, J_kj = sum_{p copies j} M_kp delta_p. The inner
sum is c J_kj up to an error of at most

    min( s_rad sum |M_kp| |delta_p|,   s_rad |J_kj| + kappa/2 sum |M_kp| delta_p^2 ):

the first because each quotient is within s_rad of c, the second by Taylor, sum M_kp (phi'(z_j) delta_p + O(kappa/2
delta_p^2)). In J_kj the errors of the copies cancel as they do in truth; a bound by sum |M_kp| |delta_p| alone would
amplify them. The same expansion serves any linear combination G delta of the differences, with G M, G D, ... in the
place of M, D, ...; that is how J is bounded when delta itself comes from copies. Proofs: docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from constructions.outward import UNIT_ROUNDOFF, gamma
from empirical.sup_error.blocks import Block, group_by
from empirical.sup_error.forms import CHUNK_ENTRIES, Basis, Forms
from empirical.sup_error.levels import Feed, Level
from empirical.sup_error.outward import (
    TINY,
    FloatArray,
    IndexArray,
    Interval,
    Sparse,
    add,
    dense_image,
    exactly,
    inflation,
    intersect,
    magnitude,
    row_sums,
    subtract,
    symmetric,
    take,
    up,
)
from empirical.sup_error.target_facts import TargetFacts, TargetLayer

LOOKAHEAD = 2
COMPOSITION_LIMIT = 2**26
DENSE_LIMIT = 2**26


class Linear(NamedTuple):
    """Functions ``M (phi(z + delta) - phi(z)) + D y + constant`` of a level, fields as in :class:`Feed`."""

    weights: Sparse
    surplus: FloatArray
    slack: FloatArray
    constant: Interval


def first_level(block: Block, offset: Interval, groups: IndexArray, facts: TargetFacts) -> Level:
    """Return the level made by a block that reads the input itself, where every difference is a form."""
    layer, reach = facts.layers[0], np.maximum(-facts.domain.low, facts.domain.high)
    sides = []
    for coefficients in (block.positive, block.negative):
        side = -layer.affine.weights[groups]
        side[block.rows, block.parents] += coefficients
        sides.append(side)
    slack = row_sums(block.rows, block.slack * reach[block.parents], len(groups)) * inflation(len(reach)) + TINY
    coefficients = facts.basis.coefficients(*sides)
    rounding = 2 * UNIT_ROUNDOFF * facts.basis.sizes(coefficients)
    constant = subtract(offset, exactly(layer.affine.bias[groups]))
    forms = Forms.on(facts.basis, coefficients, add(constant, block.rest, symmetric(slack), symmetric(rounding)))
    return Level(groups, layer, forms.range(facts.basis), forms, None)


def next_level(
    block: Block, offset: Interval, groups: IndexArray, below: Level, layer: TargetLayer, basis: Basis
) -> Level:
    """Return the level made by a block that reads the level ``below``; ``layer`` is the target layer it stands for."""
    weights, bent = linear_part(block, below.value, len(groups))
    constant = add(subtract(offset, exactly(layer.affine.bias[groups])), block.rest, bent)
    families = _Families.of(weights, below.groups, len(below.layer.affine.bias))
    surplus, slack = _surplus(families, layer, groups)
    linear = Linear(weights, surplus, slack, constant)
    forms = Forms.on(basis, *expand(below, linear, basis, LOOKAHEAD, families))
    plain = add(weights.image(below.value_error), dense_image(surplus, slack, below.layer.value), constant)
    return Level(groups, layer, intersect(plain, forms.range(basis)), forms, Feed(below, *linear))


def linear_part(block: Block, values: Interval, rows: int) -> tuple[Sparse, Interval]:
    """Split a block on values that may change sign: ``P max(v, 0) + N min(v, 0)`` is in ``M v + rest``.

    ``P max(v, 0) + N min(v, 0) = (P + N)/2 v + (P - N)/2 |v|``; where v has one sign, M is P or N.
    """
    reach = take(values, block.parents)
    middle = 0.5 * block.positive + 0.5 * block.negative
    matrix = np.where(reach.low >= 0.0, block.positive, np.where(reach.high <= 0.0, block.negative, middle))
    size = magnitude(reach)
    bend = np.where((reach.low >= 0.0) | (reach.high <= 0.0), 0.0, block.positive - block.negative) * 0.5
    error = up(block.slack * size) + 2 * UNIT_ROUNDOFF * (np.abs(block.positive) + np.abs(block.negative)) * size
    weights = Sparse(block.rows, block.parents, matrix, (rows, len(values.low)))
    low, high = np.minimum(bend * size, 0.0) - error, np.maximum(bend * size, 0.0) + error
    factor = inflation(weights.terms)
    sums = (row_sums(block.rows, side, rows) * factor for side in (low, high))
    return weights, Interval(next(sums) - TINY, next(sums) + TINY)


def expand(
    level: Level, linear: Linear, basis: Basis, lookahead: int, families: _Families | None = None
) -> tuple[FloatArray, Interval]:
    """Return coefficients and rest of forms of the functions ``linear`` of ``level``."""
    weights, surplus, slack, constant = linear
    if families is None:
        families = _Families.of(weights, level.groups, len(level.layer.affine.bias))
    centred = weights.scaled_columns(level.slopes.centre[level.groups])
    coefficients, rest = combine(level, centred, basis, lookahead)
    scaling = 2 * UNIT_ROUNDOFF * centred.bound(level.size)
    remainder = families.row_sums(_remainders(families, level, basis, lookahead))
    more, more_rest = level.layer.forms.image(Sparse.dense(surplus))
    spread = (slack * level.layer.forms.sizes).sum(axis=1) * inflation(slack.shape[1]) + TINY
    total = coefficients + more
    rounding = UNIT_ROUNDOFF * basis.sizes(total)
    loose = (symmetric(part) for part in (scaling, remainder, spread, rounding))
    return total, add(rest, more_rest, constant, *loose)


def combine(level: Level, combination: Sparse, basis: Basis, lookahead: int) -> tuple[FloatArray, Interval]:
    """Return coefficients and rest of forms of ``G delta``, delta the pre-activation differences of ``level``.

    With ``lookahead`` left and few enough terms, the level is expanded in the one below it before G is applied.
    """
    feed = level.feed
    if feed is None or not lookahead or _too_large(combination, feed):
        return level.forms.image(combination)
    weights = Sparse.of(combination.csr @ feed.weights.csr)
    relative = gamma(combination.terms + 1)
    rounding = relative * combination.bound(feed.weights.bound(magnitude(feed.below.value_error))) * inflation(0)
    magnitudes = abs(combination.csr)
    slack = magnitudes @ feed.slack + relative * (magnitudes @ np.abs(feed.surplus))
    slack = slack * inflation(combination.terms) + TINY
    constant = add(combination.image(feed.constant), symmetric(rounding))
    return expand(feed.below, Linear(weights, combination.csr @ feed.surplus, slack, constant), basis, lookahead - 1)


def _too_large(combination: Sparse, feed: Feed) -> bool:
    terms = int(feed.weights.counts[combination.columns].sum())
    return terms > COMPOSITION_LIMIT or combination.shape[0] * feed.surplus.shape[1] > DENSE_LIMIT


class _Families(NamedTuple):
    """The weights of a block sorted into families: the copies of one target neuron that feed one row."""

    members: Sparse
    rows: IndexArray
    sources: IndexArray
    height: int

    @classmethod
    def of(cls, weights: Sparse, groups: IndexArray, sources: int) -> _Families:
        """Sort the entries of ``weights`` by row and by the group of their column."""
        families = group_by(weights.rows * sources + groups[weights.columns])
        columns, entries = weights.columns[families.order], weights.entries[families.order]
        members = Sparse(families.positions, columns, entries, (len(families.keys), weights.shape[1]))
        return cls(members, families.keys // sources, families.keys % sources, weights.shape[0])

    def row_sums(self, values: FloatArray) -> FloatArray:
        """Return upper bounds of the sums over each row of non-negative numbers, one per family."""
        return row_sums(self.rows, values, self.height) * inflation(len(values)) + TINY


def _surplus(families: _Families, layer: TargetLayer, groups: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Return ``S - w`` and a bound of its error, (rows, target neurons below)."""
    surplus, slack = -layer.affine.weights[groups], layer.affine.slack[groups]
    sums = families.members.row_sums
    middle = 0.5 * sums.low + 0.5 * sums.high
    position = families.rows, families.sources
    surplus[position] += middle
    slack[position] += up(np.maximum(sums.high - middle, middle - sums.low))
    return surplus, up(slack + UNIT_ROUNDOFF * np.abs(surplus)) + TINY


def _remainders(families: _Families, level: Level, basis: Basis, lookahead: int) -> FloatArray:
    """Bound, for every family, the distance of its contribution from ``c J``."""
    radius, curvature = level.slopes.radius[families.sources], level.slopes.curvature[families.sources]
    each = up(radius * families.members.bound(level.size))
    smooth = np.isfinite(curvature)
    squares = up(0.5 * np.where(smooth, curvature, 0.0) * families.members.bound(up(level.size * level.size)))
    joint = up(up(radius * _joint_sizes(families.members, level, basis, lookahead)) + squares)
    return np.where(smooth, np.minimum(each, joint), each)


def _joint_sizes(members: Sparse, level: Level, basis: Basis, lookahead: int) -> FloatArray:
    """Bound ``|J|`` for every family."""
    result = magnitude(members.image(level.error))
    for rows, part in _row_chunks(members, basis.size):
        coefficients, rest = combine(level, part, basis, lookahead)
        result[rows] = np.minimum(result[rows], magnitude(add(basis.range(coefficients), rest)))
    return result


def _row_chunks(matrix: Sparse, columns: int) -> Iterator[tuple[slice, Sparse]]:
    """Cut a matrix into bands of rows whose products with ``columns`` columns fit the memory."""
    height = matrix.shape[0]
    step = max(1, CHUNK_ENTRIES // max(1, columns))
    if height <= step:
        yield slice(0, height), matrix
        return
    for start in range(0, height, step):
        rows = slice(start, min(start + step, height))
        part = slice(*np.searchsorted(matrix.rows, (rows.start, rows.stop)))
        shape = (rows.stop - rows.start, matrix.shape[1])
        yield rows, Sparse(matrix.rows[part] - start, matrix.columns[part], matrix.entries[part], shape)
