"""Target networks: the given function that a ticket has to imitate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

import bounds
from bounds.network import LayerSpec, NetworkSpec
from constructions.evaluation import FloatArray, evaluate_dense, is_tensor
from constructions.layer_numbers import layer_spec, output_signs, signs_of
from constructions.mask import IntArray
from constructions.outward import affine_image
from constructions.validation import checked_biases, checked_domain, checked_weights

if TYPE_CHECKING:
    import torch

Box = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False, init=False)
class TargetNetwork:
    """A fully connected network ``x^l = phi_l(W_l x^(l-1) + b_l)``, l = 1..L, on a box.

    Arguments: ``weights[l]`` of shape (n_out, n_in), finite; ``biases[l]`` of shape (n_out,) or ``None`` for
    zeros; ``activations[l]`` a name that ``bounds.scalar_function`` knows, parameters in the name
    (``"leaky_relu(0.2)"``); ``domain`` the pair (lower, upper) of arrays of length n_0, finite, lower <= upper
    (a single number stands for all inputs); ``output_head`` ``"softmax"`` when a final softmax was cut off, so
    that the callable returns logits.

    Raises ``ValueError`` for non-finite entries, shapes that do not chain, empty layers, an unbounded or
    inverted domain and unknown activations.

    >>> target = TargetNetwork([[[1.0, -1.0]]], [None], ["relu"], ([0.0, 0.0], [1.0, 2.0]))
    >>> target([[1.0, 0.25]]).tolist(), target.widths, target.depth
    ([[0.75]], (2, 1), 1)
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    activations: tuple[str, ...]
    domain: Box
    output_head: str | None

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike | None] | None,
        activations: Sequence[str],
        domain: tuple[ArrayLike, ArrayLike],
        output_head: str | None = None,
    ) -> None:
        arrays = checked_weights(weights)
        if activations is None or isinstance(activations, str) or len(activations) != len(arrays):
            raise ValueError(
                f"TargetNetwork: activations={activations!r} must be one name per layer, {len(arrays)} in all; "
                "write 'identity' for a linear layer"
            )
        if output_head not in (None, "softmax"):
            raise ValueError(f"TargetNetwork: output_head={output_head!r} must be None or 'softmax'; cut others off")
        names = tuple(bounds.scalar_function(name).name for name in activations)
        object.__setattr__(self, "weights", arrays)
        object.__setattr__(self, "biases", checked_biases(biases, arrays))
        object.__setattr__(self, "activations", names)
        object.__setattr__(self, "domain", checked_domain(domain, arrays[0].shape[1]))
        object.__setattr__(self, "output_head", output_head)

    @classmethod
    def from_torch(cls, module: torch.nn.Module, domain: tuple[ArrayLike, ArrayLike]) -> TargetNetwork:
        """Read a ``torch.nn.Sequential`` of linear layers and activations; see ``readers.torch_modules``."""
        from constructions.readers.torch_modules import read_sequential

        return read_sequential(module, domain)

    @property
    def depth(self) -> int:
        """Number of weight layers L."""
        return len(self.weights)

    @property
    def widths(self) -> tuple[int, ...]:
        """(n_0, ..., n_L)."""
        return (self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights))

    @property
    def parameter_count(self) -> int:
        """Number of nonzero weights and nonzero biases."""
        return sum(int(np.count_nonzero(array)) for array in (*self.weights, *self.biases))

    def __call__(self, inputs: Any) -> Any:
        """Evaluate in float64, (batch, n_0) to (batch, n_L): NumPy in, NumPy out, torch in, torch out."""
        if is_tensor(inputs):
            return evaluate_dense(self, inputs)
        return evaluate_dense(self, np.asarray(inputs, dtype=np.float64))

    def preactivation_ranges(self) -> tuple[Box, ...]:
        """Enclose ``W_l x^(l-1) + b_l`` over the domain, l = 1..L: arrays (lower, upper), rounded outward."""
        return self._propagated[0]

    def ranges(self) -> tuple[Box, ...]:
        """Enclose ``x^l`` over the domain, l = 0..L: entry 0 is the domain itself, all others are rounded outward."""
        return self._propagated[1]

    def spec(self) -> NetworkSpec:
        """Return the numbers of this network that the theory needs, every supremum rounded up."""
        return NetworkSpec(self._layer_specs, (tuple(self.domain[0].tolist()), tuple(self.domain[1].tolist())))

    @cached_property
    def input_signs(self) -> tuple[IntArray, ...]:
        """Signs of the inputs of layers 1..L: +1 or -1 where one sign is certain, 0 otherwise.

        Above layer 1 they hold for every network whose pre-activations differ by at most ``ENLARGEMENT``.
        """
        hidden = zip(self.activations[:-1], self.preactivation_ranges()[:-1], strict=True)
        return (signs_of(*self.domain), *(output_signs(name, ranges) for name, ranges in hidden))

    @cached_property
    def _propagated(self) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
        before: list[Box] = []
        after: list[Box] = [self.domain]
        for index, (weight, bias, name) in enumerate(zip(self.weights, self.biases, self.activations, strict=True)):
            low, high = affine_image(weight, bias, *after[-1])
            if not (np.isfinite(low).all() and np.isfinite(high).all()):
                raise ValueError(
                    f"TargetNetwork: the pre-activations of layer {index + 1} overflow float64 on the domain; "
                    "rescale the weights or shrink the domain"
                )
            function = bounds.scalar_function(name)
            images = np.array([function.range(float(a), float(b)) for a, b in zip(low, high, strict=True)])
            before.append((_frozen(low), _frozen(high)))
            after.append((_frozen(images[:, 0].copy()), _frozen(images[:, 1].copy())))
        return tuple(before), tuple(after)

    @cached_property
    def _layer_specs(self) -> tuple[LayerSpec, ...]:
        before, after = self._propagated
        layers = zip(self.weights, self.biases, self.activations, after[:-1], before, self.input_signs, strict=True)
        return tuple(layer_spec(*layer) for layer in layers)


def _frozen(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array
