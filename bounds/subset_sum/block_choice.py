r"""Subsets with one variable per block: at most, or exactly, k of m uniform variables (Theorem 11).

X_1..X_m i.i.d. U[-1,1], a target |z| <= zeta <= 1 given in advance, W an interval of length 1 that contains 0 with
z - W in [-1, 1], A_0 = [-eta, eta] n W. The variables are cut into k - 1 blocks of b and a rest of h. A block adds
*at most* one of its variables to a point (the base stays reachable), or *exactly* one (it does not):

    A_{j+1} = (A_j or {}) u U_{i in block} ((A_j + X_i) n W),     v = |A|.

**Growth.** Every y in W has P(y - X in A_j) = v/2, so while the new set has measure u each variable adds a length in
[0, v] of mean v (1 - u)/2. For a convex decreasing psi that is constant beyond c the two-point law is the worst:

    psi_0(v) = (1 - v/2)^h,   psi_j(v) = E psi_{j-1}(min(v (keep + Bin(b, (1 - c_j)/2)), c_j)),   keep = 1 or 0,

bounds the failure probability with j blocks left, and is convex and decreasing again. On nodes 2^-(i/K) an argument
counts as the node below it, so the table stays an upper bound.

Proof: ``docs/subset-sums.md``, Theorem 11. Source: ours, for the question of Natale et al. 2024.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PER_BLOCK = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
MOST_CHOSEN = 16
_PER_DOUBLING = 24
_DOUBLINGS = 26
_HITS = tuple(dict.fromkeys(math.ceil(2 ** (i / 4)) for i in range(8, 65)))
_CAPS = ((0.5, 0.5), (0.35, 0.2))
_LEAST_CAP = 1 / 256
UP = 1 + 2.0**-36
"""Covers the roundings of one block: some 600 operations on positive float64 numbers."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """``blocks`` blocks of ``per_block`` variables that give one each, ``hits`` variables that give the last one."""

    blocks: int
    per_block: int
    hits: int

    @property
    def size(self) -> int:
        """Number of variables."""
        return self.blocks * self.per_block + self.hits

    @property
    def chosen(self) -> int:
        """Number of variables of a subset (the most, where the base stays reachable)."""
        return self.blocks + 1


def start_share(tolerance: float, window: float) -> float:
    """Return |A_0| for |z| <= window <= 1, rounded down: eta on one side of 0, up to 1 - window on the other."""
    return min(1.0, (tolerance + min(tolerance, 1.0 - window)) * (1 - 2.0**-50))


def least_plan(start: float, failure_probability: float, chosen: int, keep: bool) -> BlockPlan | None:
    """Return the plan with the fewest variables for subsets of ``chosen`` of them, from the share ``start``.

    ``keep``  at most that many are chosen (True), or exactly that many.

    The failure probability of the plan returned is proved to be at most ``failure_probability``; its size never grows
    with the start or the failure probability. None where no registered plan reaches.

    >>> least_plan(0.01, 0.01, 5, keep=True).size, least_plan(0.01, 0.01, 3, keep=False).size
    (55, 72)
    """
    if chosen == 1:
        return _hits_only(start, failure_probability)
    best: BlockPlan | None = None
    for per_block in PER_BLOCK:
        if best is not None and (chosen - 1) * per_block >= best.size:
            break
        for plan in _plans(start, failure_probability, chosen, keep, per_block):
            best = plan if best is None or plan.size < best.size else best
    return best


def _hits_only(start: float, failure_probability: float) -> BlockPlan:
    """h variables, none of which is within eta of the target with probability (1 - start/2)^h."""
    hits = math.log(failure_probability) / math.log1p(-start / 2)
    return BlockPlan(0, 0, math.ceil(hits * (1 + 2.0**-40)))


def _plans(start: float, delta: float, chosen: int, keep: bool, per_block: int) -> Iterator[BlockPlan]:
    """The plan with the fewest hits for each family of caps."""
    index = math.floor(_PER_DOUBLING * (_DOUBLINGS + math.log2(start)) - 1e-9)  # 1e-9: the logarithm's rounding
    if index < 0:
        return
    for caps in range(len(_CAPS)):
        served = np.flatnonzero(_row(chosen - 1, per_block, keep, caps)[:, index] <= delta)
        if served.size:
            yield BlockPlan(chosen - 1, per_block, _HITS[int(served[0])])


@lru_cache(maxsize=1024)
def _row(blocks: int, per_block: int, keep: bool, caps: int) -> NDArray[np.float64]:
    """Return psi_blocks for every number of hits (rows) and node (columns), rounded up."""
    if blocks == 0:
        return _no_block()
    before = _row(blocks - 1, per_block, keep, caps)
    cap = _cap(blocks, caps)
    chance = (1 - 2.0 ** ((cap + 1) / _PER_DOUBLING - _DOUBLINGS)) / 2 * (1 - 2.0**-50)
    total = np.zeros_like(before)
    for found, weight in enumerate(binomial_weights(per_block, chance)):
        total += weight * _shifted(before, found + keep, cap)
    return np.minimum(total * UP, 1.0)


def _shifted(row: NDArray[np.float64], factor: int, cap: int) -> NDArray[np.float64] | float:
    """Return psi(min(v factor, c)) on the nodes v, arguments rounded down to nodes; psi(0) = 1."""
    if factor == 0:
        return 1.0
    shift = min(node_shift(factor, _PER_DOUBLING), cap)
    result = np.repeat(row[:, cap : cap + 1], row.shape[1], axis=1)
    result[:, : cap - shift] = row[:, shift:cap]
    return result


def _no_block() -> NDArray[np.float64]:
    """psi_0(v) = (1 - v/2)^h; nodes are accurate to 2^-50 and h to 2^16, which 2^-30 covers."""
    shares = 2.0 ** (np.arange(_PER_DOUBLING * _DOUBLINGS + 1) / _PER_DOUBLING - _DOUBLINGS)
    return np.asarray(np.exp(np.array(_HITS)[:, None] * np.log1p(-shares / 2)) * (1 + 2.0**-30))


def _cap(block: int, family: int) -> int:
    """Return the node of the cap of the block-th block from the end."""
    first, ratio = _CAPS[family]
    share = max(first * ratio ** (block - 1), _LEAST_CAP)
    return math.floor(_PER_DOUBLING * (_DOUBLINGS + math.log2(share)))


def node_shift(factor: int, per_doubling: int) -> int:
    """Return the largest s with 2^(s/K) <= factor, exactly (K = ``per_doubling``)."""
    return int(factor**per_doubling).bit_length() - 1


@lru_cache(maxsize=1024)
def binomial_weights(trials: int, probability: float) -> tuple[float, ...]:
    """Return P(Bin(trials, probability) = n), n = 0..trials, in float64."""
    miss = 1 - probability
    return tuple(math.comb(trials, n) * probability**n * miss ** (trials - n) for n in range(trials + 1))
