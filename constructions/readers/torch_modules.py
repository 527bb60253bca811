"""Target networks from ``torch.nn.Sequential``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from constructions.evaluation import FloatArray
from constructions.readers.chain import Chain, TargetFileError
from constructions.target import TargetNetwork

if TYPE_CHECKING:
    import torch


def read_sequential(module: torch.nn.Module, domain: tuple[ArrayLike, ArrayLike]) -> TargetNetwork:
    """Read a (nested) ``torch.nn.Sequential`` of Linear, Flatten, Identity, Dropout (as in evaluation mode) and
    activations.

    ReLU, LeakyReLU, Tanh and Sigmoid; a final Softmax is cut off and reported as ``output_head``. Parameters
    are copied exactly to float64. Raises ``ValueError`` naming any other module and its position.
    """
    modules = list(_flat(module, ""))
    head = None
    if modules and type(modules[-1][1]).__name__ == "Softmax":
        head = "softmax"
        modules.pop()
    linear = next((entry for _, entry in modules if type(entry).__name__ == "Linear"), None)
    if linear is None:
        raise TargetFileError(f"from_torch: {type(module).__name__} contains no Linear layer; there is nothing to read")
    chain = Chain(int(linear.in_features))  # type: ignore[arg-type]
    for position, entry in modules:
        _apply(chain, position, entry)
    raw = chain.finish(head)
    return TargetNetwork(raw.weights, raw.biases, raw.activations, domain, raw.output_head)


def _flat(module: torch.nn.Module, prefix: str) -> Iterator[tuple[str, torch.nn.Module]]:
    if type(module).__name__ != "Sequential":
        yield prefix.rstrip(".") or "0", module
        return
    for name, child in module.named_children():
        yield from _flat(child, f"{prefix}{name}.")


def _apply(chain: Chain, position: str, module: torch.nn.Module) -> None:
    handler = HANDLERS.get(type(module).__name__)
    if handler is None or not type(module).__module__.startswith("torch.nn."):
        raise TargetFileError(
            f"from_torch: module {position} ({type(module).__name__}) is not supported; "
            f"supported are Sequential of {', '.join(sorted(HANDLERS))} and a final Softmax"
        )
    handler(chain, module)


def _linear(chain: Chain, module: torch.nn.Module) -> None:
    weight = _numbers(module.weight)  # type: ignore[arg-type]
    chain.linear(weight, np.zeros(len(weight)) if module.bias is None else _numbers(module.bias))  # type: ignore[arg-type]


def _numbers(parameter: torch.Tensor) -> FloatArray:
    return parameter.detach().cpu().double().numpy().copy()


def _flatten(chain: Chain, module: torch.nn.Module) -> None:
    if [module.start_dim, module.end_dim] != [1, -1]:
        raise TargetFileError(
            f"from_torch: Flatten({module.start_dim}, {module.end_dim}) must keep the batch axis only"
        )


def _leaky_relu(chain: Chain, module: torch.nn.Module) -> None:
    chain.activation(f"leaky_relu({float(module.negative_slope)!r})")  # type: ignore[arg-type]


def _nothing(chain: Chain, module: torch.nn.Module) -> None:
    """Identity, and dropout outside training."""


HANDLERS: dict[str, Callable[[Chain, torch.nn.Module], None]] = {
    "Linear": _linear,
    "Flatten": _flatten,
    "Identity": _nothing,
    "Dropout": _nothing,
    "ReLU": lambda chain, module: chain.activation("relu"),
    "LeakyReLU": _leaky_relu,
    "Tanh": lambda chain, module: chain.activation("tanh"),
    "Sigmoid": lambda chain, module: chain.activation("sigmoid"),
}
