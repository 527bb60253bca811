"""The verifier's own source network: Philox4x32-10 (Salmon et al., SC 2011) in plain NumPy integers.

Key: (seed mod 2^32, seed div 2^32). Counter: (block of columns, row, layer, 0). Shares no code with the
generator that the builder uses; both are tested against the published known answers.
"""

from __future__ import annotations

import numpy as np

from constructions.verifier.checks import PlainLayer

WORD = np.uint64(0xFFFFFFFF)
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
INCREMENTS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
CHUNK = 2**18

Words = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Return the four output words of Philox4x32-10 for arrays of counter words (uint64 holding 32 bits)."""
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        product0, product1 = MULTIPLIERS[0] * x0, MULTIPLIERS[1] * x2
        x0, x1, x2, x3 = (
            (product1 >> np.uint64(32)) ^ x1 ^ np.uint64(k0),
            product1 & WORD,
            (product0 >> np.uint64(32)) ^ x3 ^ np.uint64(k1),
            product0 & WORD,
        )
        k0, k1 = (k0 + INCREMENTS[0]) & 0xFFFFFFFF, (k1 + INCREMENTS[1]) & 0xFFFFFFFF
    return x0, x1, x2, x3


def uniform(seed: int, layer: int, rows: np.ndarray, columns: np.ndarray, law: str) -> np.ndarray:
    """Return (2k+1)/2^b - 1 at the generator positions, b = 53 or 24 by ``law``."""
    per_block = 2 if law == "grid53" else 4
    key = (seed & 0xFFFFFFFF, seed >> 32)
    block, within = np.divmod(columns.astype(np.uint64), np.uint64(per_block))
    layers = np.full(len(rows), layer, dtype=np.uint64)
    words = np.stack(philox((block, rows.astype(np.uint64), layers, np.zeros_like(layers)), key))
    lane = np.arange(len(rows))
    if law == "grid53":
        high, low = words[2 * within, lane], words[2 * within + np.uint64(1), lane]
        return _grid(((high << np.uint64(32)) | low) >> np.uint64(11), 53)
    return _grid(words[within, lane] >> np.uint64(8), 24)


def source_row_weights(seed: int, index: int, layer: PlainLayer, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the source's weights at ``rows``, ``columns`` (vectors of one length) of layer ``index``."""
    parts = [
        _signed(seed, index, layer, rows[start : start + CHUNK], columns[start : start + CHUNK])
        for start in range(0, len(rows), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _signed(seed: int, index: int, layer: PlainLayer, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    sign = np.ones(len(rows))
    if layer.paired_rows:
        sign[rows % 2 == 1] *= -1.0
        rows = rows // 2
    if layer.paired_columns:
        inner = columns < layer.n_in
        sign[inner & (columns % 2 == 1)] *= -1.0
        columns = np.where(inner, columns // 2, columns)
    return layer.scale * (sign * uniform(seed, index, rows, columns, layer.law))


def _grid(k: np.ndarray, bits: int) -> np.ndarray:
    return (2 * k.astype(np.int64) + 1 - 2**bits) / 2.0**bits
