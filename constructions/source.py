"""The random source network: drawn once, never stored, each weight a pure function of its position."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from constructions import philox
from constructions.architecture import LayerRecord, signed_base
from constructions.evaluation import FloatArray


def source_weights(seed: int, layer_index: int, record: LayerRecord, rows: ArrayLike, columns: ArrayLike) -> FloatArray:
    """Return the weights of the source network at ``rows`` and ``columns`` of layer ``layer_index`` (counted
    from 1).

    ``scale * sign * U(seed, layer, base row, base column)`` with U from :mod:`constructions.philox`; sign and
    base position carry the looks-linear pairing, column ``n_in`` is the bias. ``rows`` and ``columns``
    broadcast. Raises ``ValueError`` for positions outside the layer.
    """
    row_array, column_array = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    for positions, limit, what in ((row_array, record.n_out, "row"), (column_array, record.columns, "column")):
        if positions.size and (positions.min() < 0 or positions.max() >= limit):
            raise ValueError(
                f"source_weights: {what}s {positions.min()}..{positions.max()} of layer {layer_index} must lie in "
                f"0..{limit - 1}; the record says n_in={record.n_in}, n_out={record.n_out}, bias={record.bias}"
            )
    base_rows, base_columns, sign = signed_base(record, row_array, column_array)
    uniform = philox.uniform(seed, layer_index, base_rows, base_columns, law=record.law)
    return record.scale * (sign * uniform)
