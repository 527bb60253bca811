"""Target networks from safetensors files."""

from __future__ import annotations

import json
from os import PathLike

import numpy as np
from safetensors import SafetensorError, safe_open

from constructions.readers.arrays import network_from_arrays
from constructions.readers.chain import RawNetwork, TargetFileError

TYPES = ("F64", "F32", "F16", "BF16")


def read_safetensors(path: str | PathLike[str]) -> RawNetwork:
    """Read ``W0, b0, W1, ...`` and optionally ``box_lo``, ``box_hi`` from a safetensors file.

    Activations come from the header's metadata: ``activation`` one name for the hidden layers, ``activations``
    a JSON list with one name per layer. Raises ``TargetFileError``.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            types = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 (not a mapping)
            arrays = {name: _array(file.get_tensor(name), name, kind) for name, kind in types.items()}
    except SafetensorError as error:
        raise TargetFileError(f"{path}: not a readable safetensors file ({error}); write it again") from error
    return network_from_arrays(arrays, _activations(metadata.get("activations")), metadata.get("activation"))


def _array(array: np.ndarray, name: str, kind: str) -> np.ndarray:
    if kind not in TYPES:
        raise TargetFileError(f"tensor {name} has type {kind}; parameters must be one of {', '.join(TYPES)}")
    return array.astype(np.float64)


def _activations(text: str | None) -> list[str] | None:
    if text is None:
        return None
    try:
        names = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TargetFileError(f"activations {text[:80]!r} in the header must be a JSON list of names") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TargetFileError(f"activations {text[:80]!r} in the header must be a JSON list of names")
    return names
