"""Load a target network from a file, whatever its format."""

from __future__ import annotations

import json
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from constructions.readers.chain import RawNetwork, TargetFileError
from constructions.readers.npz import read_npz
from constructions.readers.onnx import read_onnx
from constructions.readers.safetensors import read_safetensors
from constructions.target import TargetNetwork

READERS: dict[str, Callable[[str | PathLike[str]], RawNetwork]] = {
    ".onnx": read_onnx,
    ".npz": read_npz,
    ".safetensors": read_safetensors,
}


def load_target(path: str | PathLike[str], domain: tuple[ArrayLike, ArrayLike] | None = None) -> TargetNetwork:
    """Load a target network from an ONNX, NPZ or safetensors file.

    ``domain``: the box (lower, upper) of the network's own input, before any folded constant; without it the
    file's own ``box_lo`` and ``box_hi``, then ``{"input_box": {"lo": [...], "hi": [...]}}`` in a JSON file of
    the same name beside it. Raises ``ValueError`` when the format is unknown, the file is damaged or no domain
    is found.
    """
    file = Path(path)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise TargetFileError(
            f"{file}: {file.suffix or 'a file without a suffix'} is not supported; use {', '.join(READERS)}. Pickles "
            "(.pt, .pth, .pkl) can run code: load them yourself and call TargetNetwork.from_torch"
        )
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file; check the path")
    raw = reader(file)
    box = domain if domain is not None else raw.domain or _box_beside(file, raw.weights[0].shape[1])
    try:
        return TargetNetwork(raw.weights, raw.biases, raw.activations, box, raw.output_head)
    except ValueError as error:
        raise TargetFileError(f"{file}: {error}") from error


def _box_beside(file: Path, inputs: int) -> tuple[Any, Any]:
    record = file.with_suffix(".json")
    if not record.is_file():
        raise TargetFileError(f"{file}: no domain; pass domain=(lower, upper) or write an input_box into {record.name}")
    try:
        box = json.loads(record.read_text(encoding="utf-8"))["input_box"]
        sides = [np.asarray(box[side], dtype=np.float64) for side in ("lo", "hi")]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TargetFileError(
            f'{record}: no usable domain ({error!r}); write {{"input_box": {{"lo": [...], "hi": [...]}}}}'
        ) from error
    if box.get("uniform"):
        sides = [np.full(inputs, side.item()) if side.size == 1 else side for side in sides]
    return sides[0], sides[1]
