"""Target networks from named arrays: ``W0, b0, W1, ...`` with shape (n_out, n_in), as in NPZ and safetensors files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from constructions.readers.chain import RawNetwork, TargetFileError

DEFAULT_ACTIVATION = "relu"
EXTRAS = ("activation", "activations", "box_lo", "box_hi")


def network_from_arrays(
    arrays: Mapping[str, np.ndarray], activations: Sequence[str] | None, activation: str | None
) -> RawNetwork:
    """Assemble a network from ``W0, b0, W1, b1, ...`` (biases optional) and ``box_lo``, ``box_hi`` (optional).

    ``activations``: one name per layer. Without it every hidden layer has ``activation`` (relu when absent) and
    the last layer is linear. Raises ``TargetFileError`` for missing, superfluous or mis-numbered arrays.
    """
    depth = sum(1 for name in arrays if re.fullmatch(r"W\d+", name))
    expected = {f"{letter}{index}" for index in range(depth) for letter in "Wb"} | set(EXTRAS)
    missing = [f"W{index}" for index in range(max(1, depth)) if f"W{index}" not in arrays]
    unknown = sorted(set(arrays) - expected)
    if missing or unknown:
        raise TargetFileError(
            f"arrays {sorted(arrays)[:12]}: missing {missing}, unexpected {unknown[:12]}; "
            "name them W0, b0, W1, b1, ... from the input on, with W of shape (n_out, n_in)"
        )
    names = list(activations) if activations is not None else _hidden(activation or DEFAULT_ACTIVATION, depth)
    weights = [np.asarray(arrays[f"W{index}"]) for index in range(depth)]
    biases = [np.asarray(arrays.get(f"b{index}", np.zeros(weight.shape[:1]))) for index, weight in enumerate(weights)]
    return RawNetwork(weights, biases, names, domain=_box(arrays))


def _hidden(activation: str, depth: int) -> list[str]:
    return [activation] * (depth - 1) + ["identity"]


def _box(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    present = [name for name in ("box_lo", "box_hi") if name in arrays]
    if not present:
        return None
    if len(present) == 1:
        raise TargetFileError(f"the file has {present[0]} only; box_lo and box_hi belong together")
    return arrays["box_lo"], arrays["box_hi"]
