"""One step of the dynamic program: in NumPy as long as that is quicker than to start numba, compiled from then on.

Both give the same bits (a test), so which one answered is never seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bounds.subset_sum import plain_step

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PLAIN_CELLS = 2**25
"""Points of windows that NumPy goes through in about the time numba takes to start: a first query and some more."""


@dataclass(slots=True)
class Beginning:
    """What has been computed without numba: points gone through, and the windows of the grids met."""

    cells: int = 0
    layouts: dict[int, tuple[Integers, tuple[plain_step.Block, ...]]] = field(default_factory=dict)

    def blocks(self, grid: Floats, last: Integers) -> tuple[plain_step.Block, ...]:
        """The windows of a grid; ``last`` is kept, so that its identity stays unique."""
        if id(last) not in self.layouts:
            self.layouts[id(last)] = last, plain_step.layout(grid, last)
        return self.layouts[id(last)][1]


_beginning = Beginning()


def one_more_variable(grid: Floats, mean: Floats, hit: Floats, last: Integers, row: Floats) -> Floats:
    """Return the bounds for one more variable from the bounds ``row``, rounded up, at most 1 and nonincreasing."""
    if _beginning.cells < _PLAIN_CELLS:
        blocks = _beginning.blocks(grid, last)
        _beginning.cells += sum(block.index.size for block in blocks)
        return plain_step.one_more_variable(grid, mean, hit, last, row, blocks)
    _beginning.layouts.clear()
    from bounds.subset_sum import compiled_step  # half a second: numba and its cache

    return compiled_step.one_more_variable(grid, mean, hit, last, row)
