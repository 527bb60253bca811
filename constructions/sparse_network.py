"""A masked network reduced to the neurons its outputs depend on, evaluated in float64."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from constructions.evaluation import FloatArray, apply_activation, check_batch, is_tensor, like
from constructions.mask import IntArray

CHUNK_ENTRIES = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class LiveLayer:
    """Rows and columns of one layer that the outputs depend on; sums run over rising columns, the bias comes
    last.

    ``weight`` (live_out, live_in), ``bias`` (live_out,), ``neurons`` the live rows' indices in the source
    layer.
    """

    weight: csr_matrix
    bias: FloatArray
    activation: str
    neurons: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class SparseNetwork:
    """Evaluates the live part of a masked network; ``inputs`` are the live inputs among ``n_in``."""

    layers: tuple[LiveLayer, ...]
    inputs: IntArray
    n_in: int
    _tensors: dict[Any, list[Any]] = field(default_factory=dict)

    @classmethod
    def from_matrices(cls, matrices: list[tuple[csr_matrix, FloatArray]], activations: list[str]) -> SparseNetwork:
        """Walk from the outputs down, keeping the columns that live rows use."""
        live = np.arange(matrices[-1][0].shape[0])
        layers = []
        for (weight, bias), activation in zip(reversed(matrices), reversed(activations), strict=True):
            kept = weight[live]
            below = np.unique(kept.indices).astype(np.int64)
            compact = csr_matrix(
                (kept.data, np.searchsorted(below, kept.indices), kept.indptr), shape=(len(live), len(below))
            )
            layers.append(LiveLayer(compact, bias[live], activation, live))
            live = below
        return cls(tuple(reversed(layers)), live, matrices[0][0].shape[1])

    def __call__(self, inputs: Any) -> Any:
        """Evaluate (batch, n_0) to (batch, n_depth) in float64, in chunks that bound the memory."""
        check_batch(inputs.shape, self.n_in)
        if is_tensor(inputs):
            return self._evaluate_tensor(inputs.double())
        widest = max(len(layer.neurons) for layer in self.layers)
        step = max(1, CHUNK_ENTRIES // widest)
        outputs = [self._evaluate_array(inputs[start : start + step]) for start in range(0, max(1, len(inputs)), step)]
        return np.concatenate(outputs)

    def _evaluate_array(self, inputs: FloatArray) -> FloatArray:
        values = np.ascontiguousarray(inputs[:, self.inputs].T)
        for layer in self.layers:
            values = apply_activation(layer.activation, layer.weight @ values + layer.bias[:, None])
        return np.ascontiguousarray(values.T)

    def _evaluate_tensor(self, inputs: Any) -> Any:
        torch = sys.modules["torch"]
        values = inputs[:, like(self.inputs, inputs)].T
        for layer, matrix in zip(self.layers, self._matrices_like(inputs), strict=True):
            sums = torch.sparse.mm(matrix, values) + like(layer.bias, inputs)[:, None]
            values = apply_activation(layer.activation, sums)
        return values.T

    def _matrices_like(self, inputs: Any) -> list[Any]:
        torch = sys.modules["torch"]
        if inputs.device not in self._tensors:
            self._tensors[inputs.device] = [_coordinate_tensor(torch, layer.weight, inputs) for layer in self.layers]
        return self._tensors[inputs.device]


def _coordinate_tensor(torch: Any, weight: csr_matrix, inputs: Any) -> Any:
    coordinates = weight.tocoo()
    positions = like(np.stack([coordinates.row, coordinates.col]).astype(np.int64), inputs)
    return torch.sparse_coo_tensor(
        positions, like(weight.data, inputs), weight.shape, is_coalesced=True, check_invariants=False
    )
