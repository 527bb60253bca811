"""Base sets of a one-for-one stage: copies of the neurons below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bounds.widths.stages import Sizes
from constructions.base_sets import CONSTANT, BaseSet, Key
from constructions.mask import IntArray

if TYPE_CHECKING:
    from constructions.rows import RowStage


class CopySets:
    """Base sets of a one-for-one stage: the copies of each input neuron, built on demand by the stage below."""

    def __init__(self, below: RowStage, sizes: Sizes) -> None:
        self._below, self._sizes = below, sizes

    def size(self, key: Key) -> int:
        """Return the planned number of variables of one problem."""
        return self._sizes.constant if key == CONSTANT else self._sizes.two_signed

    def reserve(self, sizes: dict[Key, int]) -> None:
        """Let the stage below build the copies asked for."""
        self._below.ensure({key[0]: size for key, size in sizes.items()})

    def base_set(self, key: Key, size: int) -> BaseSet:
        """Return the first ``size`` copies of an input neuron, or of the constants with their values."""
        if key == CONSTANT:
            return self._below.constants().window(0, size)
        rows = self._below.rows_of(key[0])[:size]
        return BaseSet(rows, np.ones(len(rows)))

    def expand(self, key: Key, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Return the columns as they are: one weight per variable."""
        return np.arange(len(columns)), columns
