"""A chain of linear maps, constant shifts and scalings, and activations, brought into the form of a target network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from constructions.evaluation import FloatArray

Exact = np.ndarray[Any, np.dtype[np.object_]]


class TargetFileError(ValueError):
    """A file or module does not describe a target network; the message says what and where."""


@dataclass(frozen=True, slots=True, eq=False)
class RawNetwork:
    """What a reader found: the arguments of ``TargetNetwork``, the domain only where the file has one."""

    weights: list[FloatArray]
    biases: list[FloatArray]
    activations: list[str]
    output_head: str | None = None
    domain: tuple[Any, Any] | None = None


class Chain:
    """Collects operations in the order of evaluation; every folded parameter is rounded once, from its exact
    value.

    Constants before a linear layer are folded into its weights, constants after it into its rows; two linear
    layers in a row stay two layers with the identity between them; a scaling or an activation without a linear
    layer of its own gets a diagonal one.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._layers: list[tuple[FloatArray, FloatArray, str]] = []
        self._weight: FloatArray | None = None
        self._bias: FloatArray = np.zeros(width)
        self._below = _Diagonal(width)
        self._above = _Diagonal(width)

    def linear(self, weight: FloatArray, bias: FloatArray) -> None:
        """Append ``x -> weight x + bias``, weight (n_out, width)."""
        if weight.ndim != 2 or weight.shape[1] != self.width or bias.shape != weight.shape[:1]:
            raise TargetFileError(f"weight {weight.shape} and bias {bias.shape} do not fit {self.width} inputs")
        if self._weight is not None:
            self._close("identity")
        self._weight, self._bias = weight, bias
        self.width = weight.shape[0]
        self._above = _Diagonal(self.width)

    def scale(self, factors: Exact) -> None:
        """Append ``x -> factors * x``, one exact factor per coordinate."""
        (self._below if self._weight is None else self._above).scale(factors)

    def shift(self, constants: Exact) -> None:
        """Append ``x -> x + constants``."""
        (self._below if self._weight is None else self._above).shift(constants)

    def activation(self, name: str) -> None:
        """Append the elementwise activation ``name``."""
        self._close(name)

    def finish(self, output_head: str | None = None) -> RawNetwork:
        """Return the network; an open linear layer or scaling gets the identity activation."""
        if self._weight is not None or self._below.changed:
            self._close("identity")
        if not self._layers:
            raise TargetFileError("the network has no layer; it must contain at least one linear map")
        weights, biases, activations = zip(*self._layers, strict=True)
        return RawNetwork(list(weights), list(biases), list(activations), output_head)

    def _close(self, activation: str) -> None:
        if self._weight is None:  # no linear map of its own: the diagonal is applied after the identity matrix
            self._weight, self._bias = np.eye(self.width), np.zeros(self.width)
            self._above, self._below = self._below, _Diagonal(self.width)
        self._layers.append((*_folded(self._weight, self._bias, self._below, self._above), activation))
        self._weight = None
        self._below = _Diagonal(self.width)


class _Diagonal:
    """``x -> factors * x + constants`` in exact rationals."""

    def __init__(self, width: int) -> None:
        self.factors: Exact = np.full(width, Fraction(1), dtype=object)
        self.constants: Exact = np.full(width, Fraction(0), dtype=object)
        self.changed = False

    def scale(self, factors: Exact) -> None:
        self.factors, self.constants, self.changed = self.factors * factors, self.constants * factors, True

    def shift(self, constants: Exact) -> None:
        self.constants, self.changed = self.constants + constants, True


def _folded(weight: FloatArray, bias: FloatArray, below: _Diagonal, above: _Diagonal) -> tuple[FloatArray, FloatArray]:
    """Return weight and bias of ``above(W below(x) + b)``, each entry rounded once."""
    if not (below.changed or above.changed):
        return weight, bias
    matrix = exact(weight)
    offset = matrix @ below.constants + exact(bias)
    folded = above.factors[:, None] * matrix * below.factors[None, :]
    return rounded(folded), rounded(above.factors * offset + above.constants)


_to_fraction: Callable[[Any], Exact] = np.vectorize(Fraction, otypes=[object])
_to_float: Callable[[Any], FloatArray] = np.vectorize(float, otypes=[np.float64])


def exact(values: FloatArray) -> Exact:
    """Return the array's entries as rationals; refuse NaN and infinity."""
    if not np.isfinite(values).all():
        raise TargetFileError(f"a constant is {values[~np.isfinite(values)].ravel()[0]}, but constants must be finite")
    return _to_fraction(values.tolist() if values.ndim else float(values)) if values.size else values.astype(object)


def rounded(values: Exact) -> FloatArray:
    """Return the rationals rounded to nearest float64."""
    try:
        return _to_float(values) if values.size else values.astype(np.float64)
    except OverflowError as error:
        raise TargetFileError("a folded constant exceeds the range of float64; rescale the network") from error
