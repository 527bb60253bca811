r"""Subsets of few variables: at most ``blocks`` + 1 of them, their absolute values bounded (Theorem A2).

X_1..X_m i.i.d. U[-1,1], one target |z| <= zeta <= 1 given in advance, W an interval of length ell <= 1 with
z - W in [-1,1], A_0 = [-eta, eta] n W. The variables are cut into blocks of b and a rest of h. A block adds at most
*one* of its variables to a point:

    A_{j+1} = A_j u U_{i in block} ((A_j + X_i) n W),        v = |A|/ell,
    no hit by the h last variables: probability (1 - ell v/2)^h.

Growth. Within a block let A' be what A has become. Every y in W has P(y - X in A) = |A|/2, so the share of A that a
variable adds lies in [0, v] and has mean v ell (1 - v')/2 >= q v as long as v' <= c, q = ell (1 - c)/2. For a convex
decreasing psi that is constant beyond c the two-point law is the worst: E psi(v after the block) <= E psi(v (1 +
Bin(b, q))). Hence, with caps c_1, c_2, ... (c_j for the j-th block from the end),

    psi_0(v) = (1 - ell v/2)^h,    psi_j(v) = E psi_{j-1}(min(v (1 + Bin(b, q_j)), c_j))

bounds the failure probability from the share v with j blocks left, and each psi_j is convex and decreasing again.

The subset found has at most j + 1 elements, and sum |X_k| <= j ell + max(|z|, ell) + eta: a step inside W is at most
ell long, and the last variable is z minus a point of W, up to eta.

By hand (Markov for 1/v): P(v < c after j blocks) <= (c/v_0) [(1 - (1-q)^(b+1))/((b+1) q)]^j.

Proof: docs/amplification.md, Theorem A2. Source: ours; it caps the amplification of B22 Thm 2.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bounds.arithmetic import is_finite_real
from bounds.subset_sum.block_choice import UP, binomial_weights, node_shift
from bounds.subset_sum.queries import check_open_unit, check_window

_PER_DOUBLING = 48
_DOUBLINGS = 40
_LARGEST_BLOCK = 64
_SHORTEST_WINDOW = 2.0**-10
_MOST_VARIABLES = 240
_FIRST_CAP, _LEAST_CAP = 0.6, 1 / 64
_CAP_EXPONENT = -0.14
_HITS = tuple(range(8, 132, 4))


@dataclass(frozen=True, slots=True)
class BoundedSize:
    """``size`` variables suffice although at most ``most_chosen`` of them are used.

    ``size``         m = blocks * per_block + hits.
    ``blocks``       number of blocks; each gives at most one variable of absolute value at most ``window_length``.
    ``hits``         variables of which one more is used.
    """

    size: int
    blocks: int
    per_block: int
    hits: int
    window_length: float

    @property
    def most_chosen(self) -> int:
        """Largest number of variables of a subset."""
        return self.blocks + 1

    @property
    def excess(self) -> float:
        """By how much sum |X_k| may exceed |z| + tolerance, rounded up."""
        return (self.blocks + 1) * self.window_length


@dataclass(frozen=True, slots=True)
class _Table:
    """psi_0, psi_1, ... on the nodes of shares for all numbers of hits: rows[j] has shape (hits, nodes)."""

    nodes: NDArray[np.float64]
    rows: list[NDArray[np.float64]]


def bounded_size(
    tolerance: float, failure_probability: float, per_block: int, window_length: float = 1.0, window: float = 1.0
) -> BoundedSize | None:
    """Return how many U[-1,1] serve one |z| <= ``window`` although each block of ``per_block`` gives at most one.

    ``tolerance``, ``failure_probability``  in (0, 1).
    ``per_block``      b in 1..64: larger blocks mean more variables and smaller subsets.
    ``window_length``  ell in [2^-10, 1], a power of two: shorter windows mean more variables and smaller sums of |X_k|.

    Returns the least size over the tabulated numbers of blocks and hits, or None if the table does not reach. Never
    grows with the tolerance or the failure probability. Raises ValueError for values out of range.

    >>> bound = bounded_size(1e-3, 1e-3, 8)
    >>> bound.size, bound.most_chosen, bound.excess
    (88, 8, 8.0)
    """
    check_open_unit("bounded_size", tolerance=tolerance, failure_probability=failure_probability)
    check_window("bounded_size", window)
    if not isinstance(per_block, int) or isinstance(per_block, bool) or not 1 <= per_block <= _LARGEST_BLOCK:
        raise ValueError(f"bounded_size: per_block={per_block!r} must be a whole number in 1..{_LARGEST_BLOCK}; take 8")
    if not (is_finite_real(window_length) and _SHORTEST_WINDOW <= window_length <= 1) or (
        math.frexp(window_length)[0] != 0.5
    ):
        raise ValueError(
            f"bounded_size: window_length={window_length!r} must be a power of two in [{_SHORTEST_WINDOW}, 1]; take 1.0"
        )
    start = (tolerance + min(tolerance, max(0.0, 1 - window))) / window_length * (1 - 2.0**-50)
    return _least(start, failure_probability, per_block, window_length)


def _least(start: float, delta: float, per_block: int, window_length: float) -> BoundedSize | None:
    """Return the cheapest (blocks, hits) whose psi at ``start`` is at most ``delta``."""
    table = _table(per_block, window_length)
    index = int(np.searchsorted(table.nodes, min(start, 1.0), side="right")) - 1
    if index < 0:
        return None
    best: BoundedSize | None = None
    for blocks, row in enumerate(table.rows):
        good = np.flatnonzero(row[:, index] <= delta)
        if good.size:
            hits = _hit_counts(window_length)[int(good[0])]
            size = blocks * per_block + hits
            if best is None or size < best.size:
                best = BoundedSize(size, blocks, per_block, hits, window_length)
    return best


def _hit_counts(window_length: float) -> list[int]:
    return [round(hits / window_length) for hits in _HITS]


@lru_cache(maxsize=64)
def _table(per_block: int, window_length: float) -> _Table:
    """Return psi_0 .. psi_J on the nodes 2^-(i/K); a share between two nodes counts as the lower one."""
    count = _PER_DOUBLING * _DOUBLINGS
    mantissas = 2.0 ** (np.arange(_PER_DOUBLING) / _PER_DOUBLING)
    index = np.arange(count + 1)
    nodes = np.ldexp(mantissas[index % _PER_DOUBLING], index // _PER_DOUBLING - _DOUBLINGS)
    hits = np.array(_hit_counts(window_length))
    rows = [np.exp(hits[:, None] * np.log1p(-window_length * nodes[None, :] / 2)) * (1 + 2.0**-30)]
    shifts = [node_shift(chosen + 1, _PER_DOUBLING) for chosen in range(per_block + 1)]
    ratio = (1 + per_block / 2) ** _CAP_EXPONENT
    for block in range(_MOST_VARIABLES // per_block + 8):
        cap = int(np.searchsorted(nodes, max(_FIRST_CAP * ratio**block, _LEAST_CAP), side="right")) - 1
        weights = binomial_weights(per_block, window_length * (1 - float(nodes[cap])) / 2 * (1 - 2.0**-50))
        terms = (
            weight * rows[-1][:, np.minimum(index + shift, cap)] for weight, shift in zip(weights, shifts, strict=True)
        )
        rows.append(np.minimum(sum(terms, np.zeros_like(rows[-1])) * UP, 1.0))
    return _Table(nodes, rows)
