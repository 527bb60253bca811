"""Strong lottery tickets: a seed, an architecture record and a mask, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from constructions.architecture import Architecture, LayerRecord
from constructions.evaluation import FloatArray, is_tensor
from constructions.mask import Mask
from constructions.source import source_weights
from constructions.sparse_network import SparseNetwork

__all__ = ["Architecture", "LayerRecord", "Mask", "Ticket", "load_ticket"]


@dataclass(frozen=True, eq=False)
class Ticket:
    """A pruned source network ``x^l = phi_l(scale_l (mask_l * U_l) x^(l-1))``, l = 1..depth.

    ``seed`` in [0, 2^64) draws the source network; ``masks[l]`` has shape (n_out, n_in), one column more in a
    layer with biases. The surviving weights are regenerated when first needed. Raises ``ValueError`` when the
    parts do not fit.
    """

    seed: int
    architecture: Architecture
    masks: tuple[Mask, ...]

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, (int, np.integer)) or not 0 <= self.seed < 2**64:
            raise ValueError(f"Ticket: seed={self.seed!r} must be an integer in 0..2^64-1; choose another")
        object.__setattr__(self, "seed", int(self.seed))
        object.__setattr__(self, "masks", tuple(self.masks))
        if len(self.masks) != self.depth:
            raise ValueError(f"Ticket: {len(self.masks)} masks for {self.depth} layers; give one per layer")
        for index, (mask, record) in enumerate(zip(self.masks, self.architecture.layers, strict=True), start=1):
            if mask.shape != (record.n_out, record.columns):
                raise ValueError(
                    f"Ticket: the mask of layer {index} has shape {mask.shape}, but its record asks for "
                    f"({record.n_out}, {record.columns}); the bias is one more column"
                )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Ticket:
        """Read a ticket file; see :mod:`constructions.ticket_file`."""
        return load_ticket(path)

    def save(self, path: str | PathLike[str], include_weights: bool = False) -> None:
        """Write the ticket to ``path``, replacing it only once complete; see :mod:`constructions.ticket_file`."""
        from constructions.ticket_file import write_ticket

        write_ticket(self, path, include_weights)

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return self.architecture.depth

    @property
    def widths(self) -> tuple[int, ...]:
        """(n_0, ..., n_depth) of the source network, pruned neurons included."""
        return self.architecture.widths

    @property
    def parameter_count(self) -> int:
        """Number of surviving weights, biases included."""
        return sum(mask.count for mask in self.masks)

    @cached_property
    def weights(self) -> tuple[FloatArray, ...]:
        """The surviving weights of each layer, aligned with ``masks[l].indices``; read-only."""
        layers = zip(self.masks, self.architecture.layers, strict=True)
        arrays = [
            source_weights(self.seed, index, record, mask.rows, mask.indices)
            for index, (mask, record) in enumerate(layers, start=1)
        ]
        for array in arrays:
            array.flags.writeable = False
        return tuple(arrays)

    def matrices(self) -> list[tuple[csr_matrix, FloatArray]]:
        """Return per layer the weight matrix (n_out, n_in) and the bias vector (n_out,), pruned entries zero."""
        layers = zip(self.masks, self.weights, self.architecture.layers, strict=True)
        return [_matrix_and_bias(mask, weights, record) for mask, weights, record in layers]

    def __call__(self, inputs: Any) -> Any:
        """Evaluate in float64, (batch, n_0) to (batch, n_depth): NumPy in, NumPy out, torch in, torch out."""
        return self.live(inputs if is_tensor(inputs) else np.asarray(inputs, dtype=np.float64))

    @cached_property
    def live(self) -> SparseNetwork:
        """The neurons that the outputs depend on, with their weights."""
        return SparseNetwork.from_matrices(self.matrices(), [layer.activation for layer in self.architecture.layers])


def _matrix_and_bias(mask: Mask, weights: FloatArray, record: LayerRecord) -> tuple[csr_matrix, FloatArray]:
    full = csr_matrix((weights, mask.indices, mask.indptr), shape=mask.shape)
    if not record.bias:
        return full, np.zeros(record.n_out)
    return full[:, : record.n_in], full[:, [record.n_in]].toarray().ravel()


def load_ticket(path: str | PathLike[str]) -> Ticket:
    """Read a ticket file; see :func:`constructions.ticket_file.read_ticket`."""
    from constructions.ticket_file import read_ticket

    return read_ticket(path)
