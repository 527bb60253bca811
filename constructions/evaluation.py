"""Float64 evaluation of layered networks: NumPy in, NumPy out; torch in, torch out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from constructions.nonlinearity import FloatArray, numeric


class DenseNetwork(Protocol):
    """What the evaluation needs of a dense network."""

    @property
    def weights(self) -> Sequence[FloatArray]: ...
    @property
    def biases(self) -> Sequence[FloatArray]: ...
    @property
    def activations(self) -> Sequence[str]: ...
    @property
    def widths(self) -> tuple[int, ...]: ...


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is a torch tensor, without importing torch for a caller who has not."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def check_batch(shape: tuple[int, ...], inputs: int) -> None:
    """Refuse inputs that are not (batch, n_0)."""
    if len(shape) != 2 or shape[1] != inputs:
        raise ValueError(
            f"inputs of shape {tuple(shape)} must have shape (batch, {inputs}); flatten each sample in row-major order"
        )


def evaluate_dense(network: DenseNetwork, inputs: Any) -> Any:
    """Return the float64 outputs (batch, n_L); ``inputs`` (batch, n_0) is a float64 array or a real tensor."""
    check_batch(inputs.shape, network.widths[0])
    values = _to_double(inputs)
    for weight, bias, name in zip(network.weights, network.biases, network.activations, strict=True):
        values = apply_activation(name, values @ like(weight.T, values) + like(bias, values))
    return values


def apply_activation(name: str, values: Any) -> Any:
    """Apply the activation ``name`` to an array or a tensor."""
    return numeric(name).torch(values) if is_tensor(values) else numeric(name).numpy(values)


def like(array: np.ndarray, values: Any) -> Any:
    """Return ``array`` as it is, or as a tensor on the device of ``values`` when that is a tensor."""
    if not is_tensor(values):
        return array
    return sys.modules["torch"].tensor(array, device=values.device)


def _to_double(inputs: Any) -> Any:
    return inputs.double() if is_tensor(inputs) else inputs
