"""Is the record consistent, the mask binary, and every surviving weight the source's?"""

from __future__ import annotations

import itertools
import math
import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from constructions.verifier.checks import Check, Damage, PlainLayer, PlainTicket
from constructions.verifier.philox import source_row_weights

REPAIR_WORK = 2**22
NUMBER = r"[-+]?\d{1,20}(\.\d{1,20})?(e[-+]?\d{1,3})?(/\d{1,20})?"
ACTIVATION = re.compile(rf"[a-z0-9_]{{1,32}}(\({NUMBER}(, ?{NUMBER}){{0,3}}\))?", re.ASCII)


def check_record(ticket: PlainTicket) -> Check:
    """Widths chain, flags match, scales and domain are finite; raises ``Damage`` at the first violation."""
    if not 0 <= ticket.seed < 2**64:
        raise Damage("record", "seed", f"{ticket.seed} is not in 0..2^64-1")
    if not ticket.layers:
        raise Damage("record", "layers", "there are none")
    for index, layer in enumerate(ticket.layers, start=1):
        for problem in _layer_problems(layer, index):
            raise Damage("record", f"layer {index}", problem)
    for index, (below, above) in enumerate(itertools.pairwise(ticket.layers), start=1):
        if below.n_out != above.n_in or below.paired_rows != above.paired_columns:
            raise Damage("record", f"layers {index} and {index + 1}", "widths or looks-linear flags do not fit")
    if ticket.layers[-1].paired_rows or ticket.layers[0].paired_columns:
        raise Damage("record", "layers", "inputs or outputs are paired")
    inputs = ticket.layers[0].n_in
    box = list(zip(ticket.lower, ticket.upper, strict=False))
    if len(ticket.lower) != inputs or len(ticket.upper) != inputs or not all(_is_interval(*side) for side in box):
        raise Damage("record", "domain", f"not a bounded box of {inputs} inputs")
    return Check("record", True, "", f"{len(ticket.layers)} layers, {inputs} inputs, {ticket.layers[-1].n_out} outputs")


def _is_interval(low: float, high: float) -> bool:
    return math.isfinite(low) and math.isfinite(high) and low <= high


def _layer_problems(layer: PlainLayer, index: int) -> Iterator[str]:
    if min(layer.n_in, layer.n_out) < 1:
        yield f"widths {layer.n_in} -> {layer.n_out}"
    if not (math.isfinite(layer.scale) and layer.scale > 0):
        yield f"scale {layer.scale}"
    if layer.law not in ("grid53", "grid24"):
        yield f"law {layer.law[:40]!r}"
    if layer.bias and index > 1:
        yield "a bias above layer 1"
    if (layer.paired_rows and layer.n_out % 2) or (layer.paired_columns and layer.n_in % 2):
        yield "pairs in a layer of odd width"
    if not ACTIVATION.fullmatch(layer.activation):
        yield f"activation {layer.activation[:40]!r}"


def check_mask(ticket: PlainTicket) -> Check:
    """Row pointers rise from 0, columns rise strictly within rows and exist; raises ``Damage`` otherwise."""
    total = 0
    for index, layer in enumerate(ticket.layers, start=1):
        pointers = [int(p) for p in layer.indptr]
        if len(pointers) != layer.n_out + 1 or pointers[0] != 0 or pointers[-1] != len(layer.indices):
            raise Damage("mask", f"layer {index}", f"{len(pointers)} row pointers do not fit {layer.n_out} rows")
        for row, (start, stop) in enumerate(itertools.pairwise(pointers)):
            _check_row(f"layer {index}, row {row}", layer, start, stop)
        total += len(layer.indices)
    return Check("mask", True, "", f"{total} surviving weights, columns rise strictly in every row")


def _check_row(where: str, layer: PlainLayer, start: int, stop: int) -> None:
    if not start <= stop <= len(layer.indices):
        raise Damage("mask", where, f"row pointers {start}, {stop} fall or leave the mask")
    columns = layer.indices[start:stop].tolist()
    for before, after in itertools.pairwise(columns):
        if after <= before:
            raise Damage("mask", where, f"column {after} follows column {before}")
    if columns and not 0 <= columns[0] <= columns[-1] < layer.columns:
        raise Damage("mask", where, f"columns {columns[0]}..{columns[-1]} leave 0..{layer.columns - 1}")


def rows_of(layer: PlainLayer) -> np.ndarray:
    """Return the row of every surviving weight."""
    pointers = layer.indptr.astype(np.int64)
    return np.repeat(np.arange(layer.n_out), pointers[1:] - pointers[:-1])


def regenerate(ticket: PlainTicket) -> list[np.ndarray]:
    """Return the surviving weights of every layer from the verifier's own generator."""
    return [
        source_row_weights(ticket.seed, index, layer, rows_of(layer), layer.indices.astype(np.int64))
        for index, layer in enumerate(ticket.layers, start=1)
    ]


def check_weights(ticket: PlainTicket, source: list[np.ndarray]) -> Check:
    """Every weight the ticket carries equals the source's, bit for bit."""
    compared = 0
    for index, (layer, expected) in enumerate(zip(ticket.layers, source, strict=True), start=1):
        if layer.weights is None:
            continue
        if layer.weights.shape != expected.shape or layer.weights.dtype != np.float64:
            return Check("weights", False, f"layer {index}", f"{layer.weights.shape} weights for {expected.shape} ones")
        wrong = np.flatnonzero(layer.weights.view(np.uint64) != expected.view(np.uint64))
        if wrong.size:
            row, column = rows_of(layer)[wrong[0]], layer.indices[wrong[0]]
            found, right = layer.weights[wrong[0]], expected[wrong[0]]
            detail = f"the weight is {found!r}, the source has {right!r}; {wrong.size} weights of this layer differ"
            return Check("weights", False, f"layer {index}, row {row}, column {column}", detail)
        compared += len(expected)
    return Check("weights", True, "", f"{compared} weights equal scale * Philox(seed, layer, row, column) bit for bit")


def check_checksums(ticket: PlainTicket, source: list[np.ndarray]) -> Check:
    """The row checksums fit the regenerated weights; a failure names the row and, where it can, the column."""
    wrong: list[tuple[int, int, int]] = []
    rows = 0
    for index, (layer, weights) in enumerate(zip(ticket.layers, source, strict=True), start=1):
        counts = np.diff(layer.indptr.astype(np.int64))
        kept = np.flatnonzero(counts).tolist()
        if layer.checksums is None or len(layer.checksums) != len(kept):
            return Check("checksums", False, f"layer {index}", f"{len(kept)} rows with weights, another number of sums")
        rows += len(kept)
        for row, stated in zip(kept, layer.checksums.tolist(), strict=True):
            start, stop = int(layer.indptr[row]), int(layer.indptr[row + 1])
            if _crc(row, layer.indices[start:stop], weights[start:stop]) != stated:
                wrong.append((index, row, stated))
    if not wrong:
        return Check("checksums", True, "", f"{rows} row checksums fit the regenerated weights")
    return _locate(ticket, wrong, rows)


def _locate(ticket: PlainTicket, wrong: list[tuple[int, int, int]], rows: int) -> Check:
    index, row, stated = wrong[0]
    layers = {layer for layer, _, _ in wrong}
    if len(wrong) == rows and rows > 1:
        return Check("checksums", False, "seed", f"none of {rows} rows fits its checksum: another seed or record")
    where = f"layer {index}, row {row}"
    repair = _repair(ticket, index, row, stated)
    detail = f"{len(wrong)} rows in {len(layers)} layers do not fit their checksums"
    if repair:
        where, detail = f"{where}, column {repair[0]}", f"{detail}; {repair[1]}"
    return Check("checksums", False, where, detail)


def _repair(ticket: PlainTicket, index: int, row: int, stated: int) -> tuple[int, str] | None:
    """Look for the one bit of the row's mask whose change makes the checksum fit."""
    layer = ticket.layers[index - 1]
    start, stop = int(layer.indptr[row]), int(layer.indptr[row + 1])
    columns = [int(column) for column in layer.indices[start:stop]]
    if layer.columns * (len(columns) + 1) ** 2 > REPAIR_WORK:
        return None
    everything = np.arange(layer.columns)
    weights = source_row_weights(ticket.seed, index, layer, np.full(layer.columns, row), everything)
    for candidate, column, what in _candidates(columns, layer.columns):
        if _crc(row, np.array(candidate, dtype=np.int64), weights[candidate]) == stated:
            return column, what
    return None


def _candidates(columns: list[int], width: int) -> Iterator[tuple[list[int], int, str]]:
    absent = sorted(set(range(width)) - set(columns))
    for column in columns:
        yield [c for c in columns if c != column], column, f"the mask keeps column {column}, which was pruned"
    for column in absent:
        yield sorted([*columns, column]), column, f"the mask prunes column {column}, which survived"
    for column, other in itertools.product(columns, absent):
        moved = sorted([*(c for c in columns if c != column), other])
        yield moved, column, f"the mask keeps column {column} instead of column {other}"


def _crc(row: int, columns: np.ndarray, weights: np.ndarray) -> int:
    return zlib.crc32(struct.pack("<q", row) + columns.astype("<i8").tobytes() + weights.astype("<f8").tobytes())
