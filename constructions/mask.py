"""Binary masks of one layer, stored by rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

IntArray = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The positions that survive pruning: row r keeps the columns ``indices[indptr[r]:indptr[r + 1]]``.

    ``indptr`` (n_out + 1,) starts at 0, never falls and ends at ``len(indices)``; ``indices`` rise strictly
    within a row and lie in [0, n_columns). Raises ``ValueError`` naming the row otherwise.
    """

    indptr: IntArray
    indices: IntArray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        for name in ("indptr", "indices"):
            array = np.array(getattr(self, name))
            if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
                raise ValueError(
                    f"Mask: {name} must be a vector of integers, got shape {array.shape}, dtype {array.dtype}; "
                    "Mask.from_positions makes one"
                )
            array = array.astype(np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "shape", (int(self.shape[0]), int(self.shape[1])))
        self._check_pointers()
        self._check_indices()

    @classmethod
    def from_positions(cls, rows: ArrayLike, columns: ArrayLike, shape: tuple[int, int]) -> Mask:
        """Return the mask with ones at (rows[k], columns[k]), in any order and without duplicates."""
        row_array, column_array = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
        if row_array.size and (row_array.min() < 0 or row_array.max() >= shape[0]):
            raise ValueError(f"Mask: rows {row_array.min()}..{row_array.max()} must lie in 0..{shape[0] - 1}")
        order = np.lexsort((column_array, row_array))
        counts = np.bincount(row_array, minlength=shape[0])
        return cls(np.concatenate(([0], np.cumsum(counts))), column_array[order], shape)

    @property
    def count(self) -> int:
        """Number of surviving positions."""
        return len(self.indices)

    @property
    def rows(self) -> IntArray:
        """Row of every surviving position, aligned with ``indices``."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    def _check_pointers(self) -> None:
        pointers = self.indptr
        if len(pointers) != self.shape[0] + 1:
            raise ValueError(
                f"Mask: indptr has {len(pointers)} entries for {self.shape[0]} rows; it needs one more than rows"
            )
        if pointers[0] != 0 or pointers[-1] != len(self.indices):
            raise ValueError(
                f"Mask: indptr runs from {pointers[0]} to {pointers[-1]} but must run from 0 to the number of indices, "
                f"{len(self.indices)}; it is damaged"
            )
        falling = np.flatnonzero(np.diff(pointers) < 0)
        if falling.size:
            raise ValueError(f"Mask: indptr falls at row {falling[0]}; row pointers must not decrease")

    def _check_indices(self) -> None:
        outside = np.flatnonzero((self.indices < 0) | (self.indices >= self.shape[1]))
        if outside.size:
            raise ValueError(
                f"Mask: column {self.indices[outside[0]]} in row {self._row_of(int(outside[0]))} must lie in "
                f"0..{self.shape[1] - 1}"
            )
        starts = np.zeros(self.count, dtype=bool)
        starts[self.indptr[:-1][np.diff(self.indptr) > 0]] = True
        wrong = np.flatnonzero((np.diff(self.indices) <= 0) & ~starts[1:])
        if wrong.size:
            raise ValueError(
                f"Mask: columns {self.indices[wrong[0]]}, {self.indices[wrong[0] + 1]} in row "
                f"{self._row_of(int(wrong[0]))} must rise strictly; sort them and drop duplicates"
            )

    def _row_of(self, position: int) -> int:
        return int(np.searchsorted(self.indptr, position, side="right")) - 1
