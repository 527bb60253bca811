"""Ticket files: one safetensors file holding the masks, with a JSON manifest in its header.

Header metadata, one key ``ticketproof``: ``sha256:<hex digest of the manifest>`` and, after a newline, the
manifest ``{"format_version", "seed", "domain", "layers", "tensors": {name: sha256}}``. Tensors of layer l =
1..depth:

    layer<l>.indptr     row pointers, smallest unsigned type that fits        (n_out + 1,)
    layer<l>.indices    surviving columns, smallest unsigned type that fits   (count,)
    layer<l>.row_crc32  CRC-32 of (row, columns, weights' bits) of every row that keeps a weight, little-endian
    64-bit layer<l>.weights    optional: the surviving weights in float64, for readers without the generator

A file is untrusted: no code is ever run from it, nothing is allocated beyond a small multiple of its own size,
and any deviation raises :class:`TicketFileError`. The row checksums tie the mask to the regenerated weights, so
that a changed seed, scale or mask bit is found, and its row named, even when the digests were recomputed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from constructions.architecture import Architecture
from constructions.evaluation import FloatArray
from constructions.mask import Mask
from constructions.ticket import Ticket
from constructions.ticket_manifest import METADATA_KEY, TicketFileError, decode_manifest, encode_manifest

MAX_FILE_BYTES = 2**34
MAX_HEADER_BYTES = 2**26
_START_BYTES = 2**10
UNSIGNED = ("U8", "U16", "U32", "U64")


def write_ticket(ticket: Ticket, path: str | PathLike[str], include_weights: bool = False) -> None:
    """Write ``ticket`` to ``path``; an existing file is replaced only once the new one is complete.

    ``include_weights`` stores the surviving weights too. Raises ``OSError`` when the folder cannot be written.
    """
    check_destination(path)
    tensors: dict[str, np.ndarray] = {}
    for index, (mask, weights) in enumerate(zip(ticket.masks, ticket.weights, strict=True), start=1):
        tensors[f"layer{index}.indptr"] = mask.indptr.astype(np.min_scalar_type(mask.count))
        tensors[f"layer{index}.indices"] = mask.indices.astype(np.min_scalar_type(max(0, mask.shape[1] - 1)))
        tensors[f"layer{index}.row_crc32"] = row_checksums(mask, weights)
        if include_weights:
            tensors[f"layer{index}.weights"] = np.array(weights)
    digests = {name: hashlib.sha256(tensor.tobytes()).hexdigest() for name, tensor in tensors.items()}
    manifest = encode_manifest(ticket.seed, ticket.architecture, digests)
    _replace_file(Path(path), save(tensors, metadata={METADATA_KEY: manifest}))


def check_destination(path: str | PathLike[str]) -> None:
    """Raise ``OSError`` where no ticket can be written: ``path`` is a folder, or its folder does not exist."""
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(f"{file}: is a folder, a ticket is a file; give its name")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"{file}: there is no folder {file.parent}; create it first")


def check_replaceable(path: str | PathLike[str]) -> None:
    """Raise as :func:`check_destination`, and ``ValueError`` where a file that is no ticket would be lost."""
    check_destination(path)
    file = Path(path)
    if file.exists():
        with open(file, "rb") as content:
            start = content.read(_START_BYTES)
        if start and f'"{METADATA_KEY}"'.encode() not in start:
            raise ValueError(f"{file}: exists and is no ticket, so it is left alone; choose another name")


def read_ticket(path: str | PathLike[str], max_bytes: int = MAX_FILE_BYTES) -> Ticket:
    """Read a ticket file, regenerate its weights and check every digest and checksum.

    ``max_bytes`` refuses larger files unread. Raises :class:`TicketFileError` for anything but an intact ticket
    file, ``FileNotFoundError`` where there is none.
    """
    _check_envelope(Path(path), max_bytes)
    try:
        with safe_open(path, framework="np") as file:
            manifest = decode_manifest((file.metadata() or {}).get(METADATA_KEY))
            tensors = _checked_tensors(file, manifest.digests)
    except SafetensorError as error:
        raise TicketFileError(f"{path}: not a readable safetensors file ({error}); fetch it again") from error
    ticket = _assemble(manifest.seed, manifest.architecture, tensors)
    for index in range(1, ticket.depth + 1):
        _check_weights(index, ticket.masks[index - 1], ticket.weights[index - 1], tensors)
    return ticket


def row_checksums(mask: Mask, weights: FloatArray) -> np.ndarray:
    """Return the CRC-32 of (row, columns, bits of the weights), one per row that keeps a weight."""
    columns = memoryview(mask.indices.astype("<i8").tobytes())
    values = memoryview(weights.astype("<f8").tobytes())
    rows = np.flatnonzero(np.diff(mask.indptr))
    starts, stops = (8 * mask.indptr[rows]).tolist(), (8 * mask.indptr[rows + 1]).tolist()
    sums = [
        zlib.crc32(values[start:stop], zlib.crc32(columns[start:stop], zlib.crc32(struct.pack("<q", row))))
        for row, start, stop in zip(rows.tolist(), starts, stops, strict=True)
    ]
    return np.array(sums, dtype=np.uint32)


def _replace_file(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _check_envelope(path: Path, max_bytes: int) -> None:
    """Refuse by size and first bytes, before anything is read or allocated."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file; check the path")
    size = path.stat().st_size
    if size > max_bytes:
        raise TicketFileError(f"{path}: {size} bytes exceed the limit of {max_bytes}; raise max_bytes if you trust it")
    with open(path, "rb") as file:
        start = file.read(9)
    if len(start) < 9:
        raise TicketFileError(f"{path}: {size} bytes are too few for a ticket file; fetch it again")
    if start[:1] == b"\x80" or start[:2] == b"PK":
        raise TicketFileError(f"{path}: looks like a pickle or torch archive, which could run code; refused")
    header = int.from_bytes(start[:8], "little")
    if start[8:] != b"{" or header > min(size - 8, MAX_HEADER_BYTES):
        raise TicketFileError(f"{path}: does not start like a safetensors file; ticketproof writes no other format")


def _checked_tensors(file: Any, digests: Mapping[str, str]) -> dict[str, np.ndarray]:
    if set(file.keys()) != set(digests):
        raise TicketFileError(
            f"the file holds the tensors {sorted(file.keys())}, its manifest names {sorted(digests)}; it is damaged"
        )
    tensors = {}
    for name, digest in digests.items():
        _check_type(name, file.get_slice(name))
        tensors[name] = file.get_tensor(name)
        found = hashlib.sha256(tensors[name].tobytes()).hexdigest()
        if found != digest:
            raise TicketFileError(
                f"tensor {name} has sha256 {found}, the manifest says {digest}; the file is damaged, "
                "verify_ticket tells where"
            )
    return tensors


def _check_type(name: str, tensor: Any) -> None:
    kind = name.partition(".")[2]
    allowed = {"weights": ("F64",), "row_crc32": ("U32",)}.get(kind, UNSIGNED)
    if tensor.get_dtype() not in allowed or len(tensor.get_shape()) != 1:
        raise TicketFileError(
            f"tensor {name} has type {tensor.get_dtype()} and shape {tensor.get_shape()}, but must be a vector of "
            f"{' or '.join(allowed)}; the file was not written by ticketproof"
        )


def _assemble(seed: int, architecture: Architecture, tensors: Mapping[str, np.ndarray]) -> Ticket:
    masks = []
    for index, record in enumerate(architecture.layers, start=1):
        pointers, indices = tensors[f"layer{index}.indptr"], tensors[f"layer{index}.indices"]
        try:
            masks.append(Mask(pointers, indices, (record.n_out, record.columns)))
        except ValueError as error:
            raise TicketFileError(f"layer {index}: {error}") from error
    return Ticket(seed, architecture, tuple(masks))


def _check_weights(index: int, mask: Mask, weights: FloatArray, tensors: Mapping[str, np.ndarray]) -> None:
    """Compare the regenerated weights with the row checksums and with stored weights, where there are any."""
    expected, found = tensors[f"layer{index}.row_crc32"], row_checksums(mask, weights)
    rows = np.flatnonzero(np.diff(mask.indptr))
    if len(expected) != len(found):
        raise TicketFileError(f"layer {index}: {len(expected)} row checksums for {len(found)} rows; damaged")
    wrong = np.flatnonzero(expected != found)
    if wrong.size:
        raise TicketFileError(
            f"layer {index}, row {rows[wrong[0]]}: the checksum {expected[wrong[0]]} does not fit the regenerated "
            f"weights ({found[wrong[0]]}); seed, record or mask were changed ({wrong.size} rows differ)"
        )
    stored = tensors.get(f"layer{index}.weights")
    if stored is None:
        return
    same = stored.view(np.uint64) == weights.view(np.uint64) if len(stored) == len(weights) else np.zeros(1, dtype=bool)
    if not same.all():
        position = int(np.argmin(same))
        raise TicketFileError(
            f"layer {index}, row {mask.rows[position]}, column {mask.indices[position]}: the stored weight is not the "
            "source's; the file was tampered with"
        )
