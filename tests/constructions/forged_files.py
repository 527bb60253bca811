"""Ticket files changed on purpose, with all digests recomputed: what an attacker who knows the format would write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

Tensors = dict[str, np.ndarray]


def forge(source: Path, destination: Path, change: Callable[[dict[str, Any], Tensors], None]) -> Path:
    """Apply ``change`` to manifest and tensors, then make every digest fit again."""
    with safe_open(source, framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        manifest = json.loads(file.metadata()["ticketproof"].partition("\n")[2])
    change(manifest, tensors)
    manifest["tensors"] = {name: hashlib.sha256(tensor.tobytes()).hexdigest() for name, tensor in tensors.items()}
    return write(destination, json.dumps(manifest), tensors)


def write(destination: Path, manifest: str, tensors: Tensors) -> Path:
    """Write a file whose manifest is any text, with a digest that fits it."""
    text = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}\n{manifest}"
    save_file(tensors, destination, metadata={"ticketproof": text})
    return destination


def mutate(content: bytes, seed: int) -> bytes:
    """Flip a bit, cut, insert or delete a few bytes, copy a piece elsewhere: chosen by ``seed``."""
    rng = np.random.default_rng(seed)
    place, length = int(rng.integers(len(content))), int(rng.integers(1, 9))
    kind = seed % 5
    if kind == 0:
        return content[:place] + bytes([content[place] ^ (1 << int(rng.integers(8)))]) + content[place + 1 :]
    if kind == 1:
        return content[:place]
    if kind == 2:
        return content[:place] + rng.bytes(length) + content[place:]
    if kind == 3:
        return content[:place] + content[place + length :]
    other = int(rng.integers(len(content)))
    return content[:place] + content[other : other + length] + content[place + length :]
