"""Philox4x32-10: every weight of a source network as a pure function of (seed, layer, row, column).

The generator (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) maps a counter of
four 32-bit words and a key of two to four output words through ten rounds. Here

    key     = (seed mod 2^32, seed div 2^32)
    counter = (column div columns_per_block, row, layer, stream)          stream 0: weights

and a column takes its share of the block: two words for the law "grid53", one word for "grid24".
Three implementations give the same bits: ``uniform`` (numba), ``uniform_numpy`` (plain numpy) and ``uniform_torch``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from constructions.parallel import run_ranges

if TYPE_CHECKING:
    import torch

WORD = 1 << 32
ROUNDS = 10
MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(MULTIPLIER_0), np.uint64(MULTIPLIER_1)
_W0, _W1 = np.uint64(WEYL_0), np.uint64(WEYL_1)
_RANGE = 1 << 14


@dataclass(frozen=True)
class GridLaw:
    """The uniform law on the ``2^bits`` midpoints (2k+1)/2^bits - 1 of equal cells of [-1, 1], all exact in float64."""

    name: str
    bits: int
    columns_per_block: int

    @property
    def spacing(self) -> float:
        """Distance of neighbouring values, 2^(1-bits)."""
        return 2.0 ** (1 - self.bits)


LAWS = {law.name: law for law in (GridLaw("grid53", 53, 2), GridLaw("grid24", 24, 4))}


def grid_law(name: str) -> GridLaw:
    """The law of this name; ValueError lists the known names."""
    if name not in LAWS:
        raise ValueError(f"law={name!r} is not known; choose one of {', '.join(LAWS)}")
    return LAWS[name]


# ---------------------------------------------------------------- numba


@njit(nogil=True, cache=True)
def philox_block(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Four output words of one counter and key; all words are uint64 scalars below 2^32."""
    for _ in range(ROUNDS):
        product_0 = _M0 * c0
        product_1 = _M1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _HALF) ^ c1 ^ k0,
            product_1 & _LOW,
            (product_0 >> _HALF) ^ c3 ^ k1,
            product_0 & _LOW,
        )
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@njit(nogil=True, cache=True)
def grid53_value(high, low):  # type: ignore[no-untyped-def]
    """(2k+1)/2^53 - 1 with k the upper 53 bits of the two words; exact."""
    k = np.int64(((high << _HALF) | low) >> np.uint64(11))
    return np.float64(2 * k + 1 - (1 << 53)) * 2.0**-53


@njit(nogil=True, cache=True)
def grid24_value(word):  # type: ignore[no-untyped-def]
    """(2k+1)/2^24 - 1 with k the upper 24 bits of the word; exact."""
    k = np.int64(word >> np.uint64(8))
    return np.float64(2 * k + 1 - (1 << 24)) * 2.0**-24


@njit(nogil=True, cache=True)
def grid53_weight(k0, k1, stream, layer, row, column):  # type: ignore[no-untyped-def]
    """One weight of law grid53, for use inside other kernels; all arguments are uint64 scalars."""
    w0, w1, w2, w3 = philox_block(column >> np.uint64(1), row, layer, stream, k0, k1)
    high, low = (w2, w3) if column & np.uint64(1) else (w0, w1)
    return grid53_value(high, low)


@njit(nogil=True, cache=True)
def grid24_weight(k0, k1, stream, layer, row, column):  # type: ignore[no-untyped-def]
    """One weight of law grid24, for use inside other kernels; all arguments are uint64 scalars."""
    w0, w1, w2, w3 = philox_block(column >> np.uint64(2), row, layer, stream, k0, k1)
    even, odd = (w2, w3) if column & np.uint64(2) else (w0, w1)
    return grid24_value(odd if column & np.uint64(1) else even)


@njit(nogil=True, cache=True)
def _fill(grid53, key, stream, layer, rows, columns, strides, width, start, stop, out):  # type: ignore[no-untyped-def]
    """Weights of the flat positions start..stop of a (height, width) array into ``out``."""
    i, j = start // width, start % width
    for position in range(start, stop):
        row = np.uint64(rows[np.uint64(i * strides[0] + j * strides[1])])
        column = np.uint64(columns[np.uint64(i * strides[2] + j * strides[3])])
        if grid53:
            out[position] = grid53_weight(key[0], key[1], stream, layer, row, column)
        else:
            out[position] = grid24_weight(key[0], key[1], stream, layer, row, column)
        j += 1
        if j == width:
            i, j = i + 1, 0


def uniform(
    seed: int, layer: int, rows: ArrayLike, columns: ArrayLike, law: str = "grid53", stream: int = 0
) -> NDArray[np.float64]:
    """Weights of the unit-scale source network at the given positions.

        weight = (2k+1)/2^53 - 1,   k = the upper 53 bits of the column's two words          (law "grid53")

    Args:
        seed: 0 <= seed < 2^64.
        layer, stream: 0 <= . < 2^32.
        rows, columns: integer arrays that broadcast against each other; rows < 2^32, columns < 2^33 (grid24: 2^34).
        law: "grid53" or "grid24" ((2k+1)/2^24 - 1, one word per weight).
    Returns:
        float64 array of the broadcast shape; the same bits as ``uniform_numpy`` and ``uniform_torch``.
    Raises:
        ValueError: a number out of range, rows or columns that are not integers.

    >>> uniform(0, 1, [[0], [1]], [0, 1]).shape
    (2, 2)
    >>> bool(uniform(7, 1, 5, 9) == uniform_numpy(7, 1, 5, 9))
    True
    """
    record, key, row_array, column_array = _checked(seed, layer, rows, columns, law, stream)
    shape = np.broadcast_shapes(row_array.shape, column_array.shape)
    flat_rows, flat_columns, strides = _flat_with_strides(row_array, column_array, shape)
    width = shape[-1] if shape else 1
    out = np.empty(int(np.prod(shape, dtype=np.int64)), np.float64)
    words = np.array(key, np.uint64)

    def task(start: int, stop: int) -> None:
        _fill(record.bits == 53, words, np.uint64(stream), np.uint64(layer), flat_rows, flat_columns, strides, width,
              start, stop, out)  # fmt: skip

    run_ranges(task, out.size, _RANGE)
    return out.reshape(shape)


def _flat_with_strides(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Contiguous rows and columns, and their steps along the output's two axes; copies only above two axes."""
    if len(shape) > 2:
        rows, columns = (np.broadcast_to(array, shape).reshape(-1, shape[-1]) for array in (rows, columns))
    steps = []
    for array in (rows, columns):
        two = array.reshape((1,) * (2 - array.ndim) + array.shape)
        steps += [0 if two.shape[0] == 1 else two.shape[1], 0 if two.shape[1] == 1 else 1]
    return np.ascontiguousarray(rows).ravel(), np.ascontiguousarray(columns).ravel(), np.array(steps, np.int64)


# ---------------------------------------------------------------- plain numpy (the oracle of the others)


def block_numpy(counter: ArrayLike, key: ArrayLike) -> NDArray[np.uint64]:
    """Philox4x32-10 of counters (..., 4) and keys (..., 2) of 32-bit words; returns the words (..., 4) as uint64.

    >>> [hex(int(w)) for w in block_numpy([0, 0, 0, 0], [0, 0])]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    counter, key = np.asarray(counter, np.uint64), np.asarray(key, np.uint64)
    c0, c1, c2, c3 = (counter[..., i] for i in range(4))
    k0, k1 = key[..., 0], key[..., 1]
    for _ in range(ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3), axis=-1)


def uniform_numpy(
    seed: int, layer: int, rows: ArrayLike, columns: ArrayLike, law: str = "grid53", stream: int = 0
) -> NDArray[np.float64]:
    """The same function as ``uniform`` in plain numpy, written separately."""
    record, key, row_array, column_array = _checked(seed, layer, rows, columns, law, stream)
    row_array, column_array = np.broadcast_arrays(row_array, column_array)
    share = column_array % record.columns_per_block
    block = column_array // record.columns_per_block
    counter = [block, row_array, np.full_like(block, layer), np.full_like(block, stream)]
    words = block_numpy(np.stack(counter, axis=-1), np.array(key, np.uint64))
    if record.bits == 53:
        high = np.take_along_axis(words, 2 * share[..., None], -1)[..., 0]
        low = np.take_along_axis(words, 2 * share[..., None] + 1, -1)[..., 0]
        k = ((high << _HALF) | low) >> np.uint64(11)
    else:
        k = np.take_along_axis(words, share[..., None], -1)[..., 0] >> np.uint64(8)
    return (2 * k.astype(np.int64) + 1 - (1 << record.bits)).astype(np.float64) * 2.0**-record.bits


# ---------------------------------------------------------------- torch


def uniform_torch(
    seed: int, layer: int, rows: Any, columns: Any, law: str = "grid53", stream: int = 0, device: str = "cpu"
) -> torch.Tensor:
    """The same function as ``uniform`` in torch int64 arithmetic: float64 tensor on ``device``, the same bits."""
    import torch

    record, key, _, _ = _checked(seed, layer, 0, 0, law, stream)
    row, column = (torch.as_tensor(positions, device=device) for positions in (rows, columns))
    for name, tensor, limit in (("rows", row, WORD), ("columns", column, WORD * record.columns_per_block)):
        if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
            raise ValueError(f"{name} has dtype {tensor.dtype} and must hold integers; convert it with .long()")
        _check_extent(name, tensor, limit)
    row, column = row.long(), column.long()
    row, column = torch.broadcast_tensors(row, column)
    share = column % record.columns_per_block
    counter = [column // record.columns_per_block, row, torch.full_like(row, layer), torch.full_like(row, stream)]
    words = torch.stack(_block_torch(counter, key), dim=-1)
    if record.bits == 53:
        high = torch.gather(words, -1, 2 * share[..., None])[..., 0]
        low = torch.gather(words, -1, 2 * share[..., None] + 1)[..., 0]
        k = (high << 21) | (low >> 11)
    else:
        k = torch.gather(words, -1, share[..., None])[..., 0] >> 8
    return (2 * k + 1 - (1 << record.bits)).to(torch.float64) * 2.0**-record.bits


def _block_torch(counter: list[torch.Tensor], key: tuple[int, int]) -> list[torch.Tensor]:
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high_0, low_0 = _wide_product(MULTIPLIER_0, c0)
        high_1, low_1 = _wide_product(MULTIPLIER_1, c2)
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = (k0 + WEYL_0) % WORD, (k1 + WEYL_1) % WORD
    return [c0, c1, c2, c3]


def _wide_product(multiplier: int, word: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Upper and lower 32 bits of a 32 x 32 bit product, by 16-bit halves so that int64 never overflows."""
    low = multiplier * (word & 0xFFFF)
    high = multiplier * (word >> 16) + (low >> 16)
    return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)


# ---------------------------------------------------------------- checks


def _checked(
    seed: int, layer: int, rows: ArrayLike, columns: ArrayLike, law: str, stream: int
) -> tuple[GridLaw, tuple[int, int], NDArray[np.int64], NDArray[np.int64]]:
    record = grid_law(law)
    for name, value, limit in (("seed", seed, WORD * WORD), ("layer", layer, WORD), ("stream", stream, WORD)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < limit:
            bits = limit.bit_length() - 1
            raise ValueError(f"{name}={value!r} must be an integer in [0, 2^{bits}); choose one inside")
    row_array = _checked_positions("rows", rows, WORD)
    column_array = _checked_positions("columns", columns, WORD * record.columns_per_block)
    return record, (int(seed) % WORD, int(seed) // WORD), row_array, column_array


def _checked_positions(name: str, positions: ArrayLike, limit: int) -> NDArray[np.int64]:
    array = np.asarray(positions)
    if array.dtype.kind not in "iu":
        if array.size:
            raise ValueError(f"{name} has dtype {array.dtype} and must hold integers; convert it with astype(int)")
        return array.astype(np.int64)
    _check_extent(name, array, limit)
    return array.astype(np.int64, copy=False)


def _check_extent(name: str, array: Any, limit: int) -> None:
    count = array.size if isinstance(array, np.ndarray) else array.numel()
    if count and (int(array.min()) < 0 or int(array.max()) >= limit):
        raise ValueError(
            f"{name} reaches from {int(array.min())} to {int(array.max())} and must lie in [0, {limit}); "
            "the counter of the generator has no position there"
        )
