"""The verifier's own reading of ticket files: the safetensors container, the manifest, the digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from constructions.verifier.checks import Check, Damage, PlainLayer, PlainTicket

MAX_BYTES = 2**34
TYPES = {"U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "F64": "<f8"}
RECORD = {
    "n_in": int,
    "n_out": int,
    "activation": str,
    "scale": float,
    "law": str,
    "bias": bool,
    "paired_rows": bool,
    "paired_columns": bool,
}


def read_plain(path: Path) -> tuple[PlainTicket, list[Check]]:
    """Return the ticket in the file and the checks made on the way; raises ``Damage`` when it cannot be read at all."""
    tensors, text = _container(path)
    head, _, body = text.partition("\n")
    found = "sha256:" + hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()
    intact = head == found
    detail = "it fits its digest" if intact else f"the manifest's digest is {found}, the file says {head[:80]}"
    checks = [Check("manifest", intact, "" if intact else "manifest", detail)]
    manifest = _json(body, "manifest")
    try:
        checks.append(_digests(manifest["tensors"], tensors))
        return _plain(manifest, tensors), checks
    except Damage:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Damage("manifest", "manifest", f"it does not describe a ticket ({error!r})") from error


def _container(path: Path) -> tuple[dict[str, np.ndarray], str]:
    """Split a safetensors file into its tensors and the manifest's text."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Damage("file", "size", f"{size} bytes exceed the limit of {MAX_BYTES}")
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise Damage("file", "header", f"{size} bytes cannot hold the header they announce; not a safetensors file")
    header = _json(content[8 : 8 + length], "header")
    data = memoryview(content)[8 + length :]
    try:
        metadata = header.pop("__metadata__")
        tensors = {name: _tensor(name, entry, data) for name, entry in header.items()}
        ends = sorted(tuple(entry["data_offsets"]) for entry in header.values())
        text = metadata["ticketproof"]
        if set(metadata) != {"ticketproof"} or type(text) is not str:
            raise Damage("file", "header", f"the metadata holds {sorted(metadata)[:8]}, only 'ticketproof' is expected")
    except (KeyError, TypeError, AttributeError) as error:
        raise Damage("file", "header", f"no ticket in this safetensors file ({error!r})") from error
    if [start for start, _ in ends] != [0, *(stop for _, stop in ends)][:-1] or ends[-1][1] != len(data):
        raise Damage("file", "header", "the tensors do not fill the file without gaps")
    return tensors, text


def _tensor(name: str, entry: dict[str, Any], data: memoryview) -> np.ndarray:
    start, stop = entry["data_offsets"]
    kind = TYPES.get(entry["dtype"])
    sizes = entry["shape"]
    if kind is None or len(sizes) != 1 or type(start) is not int or type(stop) is not int:
        raise Damage("file", name, f"type {entry['dtype']}, shape {sizes} is not a vector of a known type")
    if not 0 <= start <= stop <= len(data) or stop - start != sizes[0] * int(kind[2:]):
        raise Damage("file", name, f"bytes {start}..{stop} do not hold {sizes[0]} values; the file is cut or damaged")
    return np.frombuffer(data[start:stop], dtype=kind)


def _json(text: str | bytes, where: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key occurs twice")
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Damage("file", where, f"not readable as JSON ({error})") from error
    if type(content) is not dict:
        raise Damage("file", where, "not a JSON object")
    return content


def _digests(digests: dict[str, str], tensors: dict[str, np.ndarray]) -> Check:
    if set(digests) != set(tensors):
        missing = sorted(set(digests) ^ set(tensors))
        return Check("digests", False, f"tensor {missing[0]}", "manifest and file do not name the same tensors")
    wrong = [name for name, tensor in tensors.items() if hashlib.sha256(tensor.tobytes()).hexdigest() != digests[name]]
    if wrong:
        return Check("digests", False, f"tensor {min(wrong)}", f"{len(wrong)} tensors do not fit their sha256")
    return Check("digests", True, "", f"{len(tensors)} tensors fit their sha256")


def _plain(manifest: dict[str, Any], tensors: dict[str, np.ndarray]) -> PlainTicket:
    expected = {"format_version", "seed", "domain", "layers", "tensors"}
    if set(manifest) != expected or manifest["format_version"] != 1:
        raise Damage("manifest", "manifest", f"fields {sorted(manifest)[:8]}, version {manifest['format_version']!r}")
    if type(manifest["seed"]) is not int:
        raise Damage("manifest", "seed", f"{str(manifest['seed'])[:40]!r} is not an integer")
    layers = tuple(_layer(record, index, tensors) for index, record in enumerate(manifest["layers"], start=1))
    domain = manifest["domain"]
    lower, upper = (tuple(float(value) for value in domain[side]) for side in ("lower", "upper"))
    return PlainTicket(manifest["seed"], lower, upper, layers)


def _layer(record: dict[str, Any], index: int, tensors: dict[str, np.ndarray]) -> PlainLayer:
    if set(record) != set(RECORD) or any(type(record[name]) is not kind for name, kind in RECORD.items()):
        raise Damage("manifest", f"layer {index}", f"the record must have the fields {sorted(RECORD)} with their types")
    prefix = f"layer{index}."
    integers = [tensors[prefix + name] for name in ("indptr", "indices", "row_crc32")]
    if any(array.dtype.kind != "u" for array in integers):
        raise Damage("file", f"layer {index}", "mask and checksums must be unsigned integers")
    return PlainLayer(
        **record,
        indptr=integers[0],
        indices=integers[1],
        weights=tensors.get(prefix + "weights"),
        checksums=integers[2],
    )
