"""The JSON manifest of a ticket file: seed, architecture record and one digest per tensor."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from constructions.architecture import FORMAT_VERSION, Architecture, LayerRecord

METADATA_KEY = "ticketproof"
PREFIX = "sha256:"
TENSORS = ("indptr", "indices", "row_crc32")
NUMBER = r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?(/[0-9]{1,20})?"
ACTIVATION = re.compile(rf"[a-z0-9_]{{1,32}}(\({NUMBER}(, ?{NUMBER}){{0,3}}\))?")
LAYER_TYPES: dict[str, type] = {
    "n_in": int,
    "n_out": int,
    "activation": str,
    "scale": float,
    "law": str,
    "bias": bool,
    "paired_rows": bool,
    "paired_columns": bool,
}


class TicketFileError(ValueError):
    """A file is not an intact ticket; the message says what and where."""


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """The decoded manifest; ``digests`` maps tensor names to their sha256."""

    seed: int
    architecture: Architecture
    digests: Mapping[str, str]


def encode_manifest(seed: int, architecture: Architecture, digests: Mapping[str, str]) -> str:
    """Return the manifest as text, its own digest in the first line."""
    for layer in architecture.layers:
        if not ACTIVATION.fullmatch(layer.activation):
            raise ValueError(f"activation {layer.activation!r} cannot be written to a file; shorten its parameters")
    lower, upper = architecture.domain
    content = {
        "format_version": architecture.format_version,
        "seed": seed,
        "domain": {"lower": lower.tolist(), "upper": upper.tolist()},
        "layers": [asdict(layer) for layer in architecture.layers],
        "tensors": dict(digests),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{PREFIX}{hashlib.sha256(text.encode()).hexdigest()}\n{text}"


def decode_manifest(text: str | None) -> Manifest:
    """Return the manifest in ``text``; raises :class:`TicketFileError` unless it is complete, intact and consistent."""
    if text is None:
        raise TicketFileError(f"the header has no {METADATA_KEY!r} entry; this safetensors file is not a ticket")
    head, _, body = text.partition("\n")
    digest = hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()
    if head != PREFIX + digest:
        raise TicketFileError(f"the manifest has sha256 {digest}, its first line says {head[:80]!r}; it was changed")
    try:
        content = json.loads(body, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
        return _decode(content)
    except TicketFileError:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        raise TicketFileError(f"the manifest does not describe a ticket: {error}") from error


def _decode(content: Any) -> Manifest:
    fields_of(
        content, {"format_version": int, "seed": int, "domain": dict, "layers": list, "tensors": dict}, "manifest"
    )
    if content["format_version"] != FORMAT_VERSION:
        raise TicketFileError(
            f"format_version {content['format_version']} is unknown, this release reads {FORMAT_VERSION}; "
            "use the release that wrote the file"
        )
    if not 0 <= content["seed"] < 2**64:
        raise TicketFileError(f"seed {content['seed']} must lie in 0..2^64-1; the file was not written by ticketproof")
    layers = tuple(_decode_layer(layer, index) for index, layer in enumerate(content["layers"], start=1))
    _check_digests(content["tensors"], len(layers))
    domain = content["domain"]
    fields_of(domain, {"lower": list, "upper": list}, "domain")
    if any(type(value) is not float for side in domain.values() for value in side):
        raise TicketFileError("the domain must be lists of decimal numbers; the file was not written by ticketproof")
    return Manifest(content["seed"], Architecture(layers, (domain["lower"], domain["upper"])), content["tensors"])


def _decode_layer(content: Any, index: int) -> LayerRecord:
    fields_of(content, LAYER_TYPES, f"layer {index}")
    if not ACTIVATION.fullmatch(content["activation"]):
        raise TicketFileError(f"layer {index}: {content['activation'][:80]!r} is not the name of an activation")
    return LayerRecord(**content)


def _check_digests(tensors: dict[str, Any], depth: int) -> None:
    required = {f"layer{index}.{kind}" for index in range(1, depth + 1) for kind in TENSORS}
    weights = {f"layer{index}.weights" for index in range(1, depth + 1)}
    if set(tensors) not in (required, required | weights):
        raise TicketFileError(
            f"the manifest names the tensors {sorted(tensors)[:12]}, {depth} layers need {sorted(required)[:12]}"
        )
    if any(type(digest) is not str for digest in tensors.values()):
        raise TicketFileError("the manifest's digests must be strings; the file was not written by ticketproof")


def fields_of(content: Any, types: Mapping[str, type], what: str) -> None:
    """Refuse ``content`` unless it is an object with exactly these keys and exactly these types."""
    if type(content) is not dict or set(content) != set(types):
        found = sorted(content) if type(content) is dict else type(content).__name__
        raise TicketFileError(f"{what}: expected the fields {sorted(types)}, found {str(found)[:200]}")
    for name, kind in types.items():
        if type(content[name]) is not kind:
            raise TicketFileError(f"{what}: {name} must be of type {kind.__name__}, is {str(content[name])[:80]!r}")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise TicketFileError(f"the manifest repeats a key among {sorted(content)[:12]}; it is ambiguous")
    return content


def _refuse_constant(text: str) -> NoReturn:
    raise TicketFileError(f"the manifest contains {text}, which is not a number; it was not written by ticketproof")
