r"""Base-set sizes by dynamic programming over the reachable share of a window, rounded outward.

Let v be the share of the window that is reachable (``growth``). All that is used of one more variable:
v <= v' <= min(2v, 1), E[v'] >= f(v), and it serves the target with probability >= q(v). If W(v) bounds the failure
probability of n further variables, then n + 1 further variables fail with probability at most the least of

    grow   M(f)
    hit    (1 - q) W(v)
    both   (1 - q) M((f - q v_max)/(1 - q)),     v_max = min(2v, 1)

where M is the least concave majorant of W on [v, v_max]. **Fixed target**: W = 1 for n = 0. **All targets of the
window**: q = 0 and W = 1{v < v*} for n = 0, 1 - v* = d/(2w), with tolerance h + d, h for A_0.

On a grid W is replaced by the nonincreasing *step* function W(v_i) on [v_i, v_{i+1}); its majorant passes through the
points (v_{i+1}, W(v_i)). Through the nodes (v_i, W(v_i)) it would be unsound: between nodes W may exceed that polygon.
The majorant's slope is found in plain float64 and then held against every point: any slope gives an upper bound.

Proofs: ``docs/subset-sums.md``, Theorem 7. Source: ours (theory 2.2, joined with the hits).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bounds.densities.law import DensityLaw
from bounds.subset_sum.growth import Geometry, Steps, nodes, steps
from bounds.subset_sum.one_step import one_more_variable

_MOST_VARIABLES = 1024
_FIXED_UPPER_DOUBLINGS = 5


@dataclass(slots=True)
class Recursion:
    """The rows W_0, W_1, ... of one recursion, extended on demand: row n bounds the failure of n variables."""

    steps: Steps
    rows: list[NDArray[np.float64]] = field(default_factory=list)

    def size(self, start: float, failure_probability: float) -> int | None:
        """Return the least n whose bound from the share ``start`` is <= failure_probability; None if none is found."""
        index = int(np.searchsorted(self.steps.nodes, start, side="right")) - 1
        if index < 0:
            return None
        size = 0
        while self.row(size)[index] > failure_probability:
            size += 1
            if size > _MOST_VARIABLES:
                return None
        return size

    def row(self, size: int) -> NDArray[np.float64]:
        """Return W_size."""
        while len(self.rows) <= size:
            s = self.steps
            self.rows.append(one_more_variable(s.nodes, s.mean, s.hit, s.last, self.rows[-1]))
        return self.rows[size]


@lru_cache(maxsize=256)
def fixed_target(
    law: str | DensityLaw, geometry: Geometry, per_doubling: int, doublings: int, weight: float = 1.0
) -> Recursion:
    """Return the recursion for one target given in advance, starting from W_0 = 1 (``weight`` as in ``steps``)."""
    grid = nodes(per_doubling, doublings, _FIXED_UPPER_DOUBLINGS * per_doubling)
    return Recursion(steps=steps(law, geometry, grid, True, weight), rows=[np.ones_like(grid)])


@lru_cache(maxsize=256)
def all_targets(
    law: str | DensityLaw, half_width: float, per_doubling: int, doublings: int, upper_steps: int
) -> Recursion:
    """Return the recursion for all targets of a window, from W_0 = 1{v < v*}.

    v* = 1 - 2^-(1 + upper_steps/per_doubling) is the last node below 1.
    """
    grid = nodes(per_doubling, doublings, upper_steps)
    geometry = Geometry(half_width=half_width, target_offset=half_width, origin_offset=0.0)
    return Recursion(steps=steps(law, geometry, grid, with_hits=False), rows=[np.where(grid >= grid[-2], 0.0, 1.0)])
