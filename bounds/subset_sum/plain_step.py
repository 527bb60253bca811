"""One step of the dynamic program in NumPy: the same operations as ``compiled_step``, bit for bit, without numba.

To import numba and load its cache takes half a second, more than a first query computes; ``one_step`` decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_UNIT = 2.0**-50
_CERTAIN_HIT = 0.99
MOST_BRIDGES = 64
_ALIKE, _PARTS, _CELLS = 8, 14, 8192


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive nodes and the points (grid[k + 1], row[k]) of their windows, one window per line.

    ``nodes``   the nodes. ``index``  k, one line per node.
    ``inside``  whether k belongs to the window, ``right`` the abscissas grid[k + 1].
    """

    nodes: slice
    index: Integers
    inside: NDArray[np.bool_]
    right: Floats


def layout(grid: Floats, last: Integers) -> tuple[Block, ...]:
    """The windows grid[i..last[i]] in blocks of nodes with windows of similar length; empty windows are left out."""
    return tuple(_block(grid, last, start, stop) for start, stop in _ranges(last))


def _ranges(last: Integers) -> Iterator[tuple[int, int]]:
    lengths = last - np.arange(last.size)
    start, stop = 0, int(np.count_nonzero(lengths))
    while start < stop:
        change = np.flatnonzero(lengths[start:stop] != lengths[start])
        alike = int(change[0]) if change.size else stop - start
        together = max(last.size // _PARTS, _CELLS // int(lengths[start]))
        end = start + (alike if alike >= _ALIKE else min(stop - start, together))
        yield start, end
        start = end


def _block(grid: Floats, last: Integers, start: int, stop: int) -> Block:
    nodes = np.arange(start, stop)
    index = nodes[:, None] + np.arange(int((last[start:stop] - nodes).max()))
    inside = index < last[start:stop, None]
    index = np.minimum(index, grid.size - 2)
    return Block(slice(start, stop), index, inside, grid[index + 1])


def one_more_variable(
    grid: Floats, mean: Floats, hit: Floats, last: Integers, row: Floats, blocks: tuple[Block, ...]
) -> Floats:
    """Return the bounds for one more variable from the bounds ``row``, rounded up, at most 1 and nonincreasing."""
    miss = (1.0 - hit) * (1.0 + _UNIT)
    bound = np.minimum(row, miss * row * (1.0 + _UNIT))
    both = (hit > 0.0) & (hit < _CERTAIN_HIT)
    furthest = grid[last]
    rest = np.where(both, (mean - hit * furthest - _UNIT * furthest) / np.where(both, miss, 1.0) * (1.0 - _UNIT), -1.0)
    for block in blocks:
        here = block.nodes
        windows = _Windows(block, grid, last, row)
        grown = windows.majorant(mean[here])
        if both[here].any():
            grown = np.minimum(
                grown, np.where(both[here], miss[here] * windows.majorant(rest[here]) * (1.0 + _UNIT), 1.0)
            )
        bound[here] = np.minimum(bound[here], grown)
    return np.minimum.accumulate(np.minimum(bound, 1.0))


class _Windows:
    """The step function on the windows of a block: points and both ends."""

    def __init__(self, block: Block, grid: Floats, last: Integers, row: Floats) -> None:
        ends = last[block.nodes]
        self.right, self.value = block.right, np.where(block.inside, row[block.index], -np.inf)
        self.left_end = grid[block.nodes], row[block.nodes]
        self.right_end = grid[ends], row[ends - 1]

    def majorant(self, mean: Floats) -> Floats:
        """Upper bounds, at ``mean``, of the concave majorants; the value at the left end where mean is not above it."""
        inner = np.flatnonzero(mean > self.left_end[0])
        result = self.left_end[1].copy()
        if inner.size:
            x, y = (self.right, self.value) if inner.size == mean.size else (self.right[inner], self.value[inner])
            slope = np.minimum(0.0, self._slopes(x, y, inner, mean[inner]))[:, None]
            rise = slope * (mean[inner, None] - x)
            result[inner] = np.maximum(0.0, (y + rise + _UNIT * (y + np.abs(rise))).max(axis=1))
        return result

    def _slopes(self, x: Floats, y: Floats, inner: Integers, mean: Floats) -> Floats:
        """Slopes of the chords that no point of the window is above, where the search has ended."""
        slopes = np.empty(inner.size)
        open_lines = np.arange(inner.size)
        ends = np.array([*(end[inner] for end in self.left_end), *(end[inner] for end in self.right_end)])
        for _ in range(MOST_BRIDGES):
            left, left_value, right, right_value = ends
            slope = (right_value - left_value) / (right - left)
            slopes[open_lines] = slope
            heights = y - slope[:, None] * x
            best = heights.argmax(axis=1)
            at = np.arange(best.size), best
            above = heights[at] > np.maximum(left_value - slope * left, right_value - slope * right)
            if not above.any():
                break
            point, point_value = x[at], y[at]
            before = point < mean
            ends = np.where(before, [point, point_value, right, right_value], [left, left_value, point, point_value])
            if not above.all():
                x, y, mean, ends, open_lines = x[above], y[above], mean[above], ends[:, above], open_lines[above]
        return slopes
