r"""One tolerance per neuron: how far the parameters of a row may be off, from the weights instead of their norms.

If all parameters of row i of layer l differ by at most eps_{l,i}, the errors of the neurons satisfy, row by row,

    e_{l,i} <= T_l (eps_{l,i} (1 + M_{l-1}) + sum_j (|w_ij| + eps_{l,i}) e_{l-1,j}),   e_0 = 0,

which is never more than the recursion with row sums, column sums and one eps_l. So the repaired tolerances are allowed
for every row, and what they leave of eps is given to the rows: eps_{l,i} = max(repaired eps_l, theta d_{l,i}), d_{l,i}
inversely proportional to the output's sensitivity |W_L| ... |W_{l+1}| to that neuron and proportional to its number of
parameters (the split that needs the fewest variables), theta the largest scale for which the recursion, evaluated in
float64 with outward rounding, stays at most eps. Without the repaired ones below them, eps_{l,i} = theta d_{l,i}.
Proofs: ``docs/error-propagation.md``. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bounds.arithmetic import is_finite_real
from bounds.network import LayerSpec, NetworkSpec
from bounds.tolerances import check_open_unit, parameter_tolerances

_BISECTIONS = 40
_LARGEST_SCALE = 64.0
_LARGEST_TOLERANCE = 1.0
"""No row is allowed more, however little it matters."""
_TINY = 2.0**-1000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Network:
    """|W_l|, numbers of nonzero parameters per row, T_l, enlargements, M_{l-1}; norm of the output."""

    weights: tuple[Array, ...]
    parameters: tuple[Array, ...]
    lipschitz: tuple[float, ...]
    enlargement: tuple[float, ...]
    input_l1: tuple[float, ...]
    norm: str

    def error(self, tolerances: Sequence[Array]) -> float:
        """Return an upper bound of the output's error; inf where a Lipschitz constant may not hold."""
        below = np.zeros(self.weights[0].shape[1])
        for weight, own, lipschitz, room, total in zip(
            self.weights, tolerances, self.lipschitz, self.enlargement, self.input_l1, strict=True
        ):
            shift = _up(own * (1 + total) + _up(weight @ below, below.size) + own * _up(below.sum(), below.size), 4)
            if shift.max() > room:
                return math.inf
            below = _up(lipschitz * shift, 1)
        return float(below.max() if self.norm == "linf" else _up(below.sum(), below.size))


def neuron_tolerances(
    weights: Sequence[Any],
    biases: Sequence[Any],
    tolerance: float,
    *,
    lipschitz: Sequence[float],
    input_l1: Sequence[float],
    enlargement: Sequence[float] | None = None,
    norm: str = "linf",
    at_least_repaired: bool = True,
) -> tuple[tuple[float, ...], ...]:
    """Return eps_{l,i}: how far every parameter of row i of layer l may be off.

    ``weights``      per layer an array or nested list of shape (n_out, n_in); ``biases`` of shape (n_out,).
    ``tolerance``    eps in (0, 1), in the norm "linf" (largest output) or "l1" (sum over outputs).
    ``lipschitz``    T_l per layer, on the pre-activations of both networks.
    ``input_l1``     M_{l-1} = sup ||x^(l-1)||_1 per layer.
    ``enlargement``  per layer, how far beyond the target's pre-activations T_l holds; default: everywhere.

    ``at_least_repaired``  True: no row gets less than ``parameter_tolerances`` gives its layer. False: rows share eps
                     freely, so that the fewest variables are needed in total.

    Zero parameters may be off too. Returns one tuple per layer, no value above 1. Raises ValueError for shapes that do
    not fit and values out of range.

    >>> weights = [[[1.0], [1.0]], [[1.0, 0.0], [0.0, 0.25]], [[0.0, 1.0]]]
    >>> found = neuron_tolerances(weights, [[0, 0], [0, 0], [0]], 0.1, lipschitz=[1, 1, 1], input_l1=[1, 2, 2])
    >>> [[round(row, 4) for row in layer] for layer in found]
    [[0.299, 0.016], [0.299, 0.0109], [0.0111]]
    """
    check_open_unit("tolerance", tolerance, "neuron_tolerances")
    matrices = [_array(f"weights[{k}]", value, 2) for k, value in enumerate(weights)]
    offsets = [_array(f"biases[{k}]", value, 1) for k, value in enumerate(biases)]
    rooms = [math.inf] * len(matrices) if enlargement is None else list(enlargement)
    _check_shapes(matrices, offsets, lipschitz, input_l1, rooms)
    counts = [1.0 + np.count_nonzero(w, axis=1) for w in matrices]
    network = _Network(
        weights=tuple(np.abs(w) for w in matrices),
        parameters=tuple(counts),
        lipschitz=tuple(float(value) for value in lipschitz),
        enlargement=tuple(float(value) for value in rooms),
        input_l1=tuple(float(value) for value in input_l1),
        norm=norm,
    )
    repaired = parameter_tolerances(_numbers(network), tolerance, norm)  # refuses norms and constants out of range
    floor = repaired if at_least_repaired else [0.0] * len(matrices)
    return tuple(tuple(rows.tolist()) for rows in _raised(network, floor, tolerance))


def _up(value: Any, terms: int) -> Any:
    """Return an upper bound of a non-negative quantity computed with at most ``terms`` + 2 roundings in a row."""
    return value * (1 + (terms + 4) * 2.0**-52) + _TINY


def _raised(network: _Network, floor: Sequence[float], tolerance: float) -> list[Array]:
    """Return max(floor, theta d) for the largest theta found whose error is at most the tolerance."""
    base = [np.full(len(weight), value) for weight, value in zip(network.weights, floor, strict=True)]
    directions = _directions(network, tolerance)

    def rows(scale: float) -> list[Array]:
        return [
            np.maximum(least, np.minimum(_LARGEST_TOLERANCE, scale * direction))
            for least, direction in zip(base, directions, strict=True)
        ]

    low, high = 0.0, _LARGEST_SCALE
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if network.error(rows(middle)) <= tolerance else (low, middle)
    return rows(low) if low > 0 else base


def _directions(network: _Network, tolerance: float) -> list[Array]:
    """Return d_{l,i} = eps N_{l,i} / (N s_{l,i}), s the largest derivative of an output's error by eps_{l,i}."""
    total = sum(float(count.sum()) for count in network.parameters)
    outputs = len(network.weights[-1])
    sensitivity = np.eye(outputs) if network.norm == "linf" else np.ones((1, outputs))
    found = []
    for weight, count, lipschitz, l1 in reversed(
        list(zip(network.weights, network.parameters, network.lipschitz, network.input_l1, strict=True))
    ):
        sensitivity = sensitivity * lipschitz
        per_row = sensitivity.max(axis=0) * (1 + l1)
        with np.errstate(divide="ignore"):
            found.append(np.minimum(_LARGEST_TOLERANCE, tolerance * count / total / per_row))
        sensitivity = sensitivity @ weight
    return found[::-1]


def _numbers(network: _Network) -> NetworkSpec:
    """Return the numbers that the repaired forms read; the others are not used."""
    layers = []
    for weight, lipschitz, room, l1 in zip(
        network.weights, network.lipschitz, network.enlargement, network.input_l1, strict=True
    ):
        n_out, n_in = weight.shape
        layers.append(
            LayerSpec(
                n_in=n_in,
                n_out=n_out,
                activation="identity",
                lipschitz=lipschitz,
                enlargement=room,
                input_sup=l1,
                input_l1=l1,
                support_l1=l1,
                row_sum=float(_up(weight.sum(axis=1).max(), n_in)),
                column_sum=float(_up(weight.sum(axis=0).max(), n_out)),
                max_weight=float(weight.max()),
                max_bias=0.0,
                nonzero_weights=int(np.count_nonzero(weight)),
                nonzero_biases=0,
                row_nonzeros=n_in,
                one_signed_inputs=0,
                two_signed_inputs=n_in,
            )
        )
    n_0 = network.weights[0].shape[1]
    return NetworkSpec(tuple(layers), ((-1.0,) * n_0, (1.0,) * n_0))


def _array(name: str, value: Any, dimensions: int) -> Array:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != dimensions or array.size == 0 or not np.all(np.isfinite(array)):
        raise ValueError(
            f"neuron_tolerances: {name} of shape {array.shape} must be a finite, non-empty array of {dimensions} "
            "dimensions; weights have shape (n_out, n_in), biases (n_out,)"
        )
    return array


def _check_shapes(
    weights: Sequence[Array],
    biases: Sequence[Array],
    lipschitz: Sequence[float],
    l1: Sequence[float],
    rooms: list[float],
) -> None:
    lengths = {len(weights), len(biases), len(lipschitz), len(l1), len(rooms)}
    if lengths != {len(weights)} or not weights:
        raise ValueError(f"neuron_tolerances: one entry per layer each is needed, got the lengths {sorted(lengths)}")
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        below = weights[k - 1].shape[0] if k else weight.shape[1]
        if weight.shape[1] != below or bias.shape != weight.shape[:1]:
            raise ValueError(
                f"neuron_tolerances: layer {k} has weights {weight.shape} and biases {bias.shape} on {below} inputs; "
                "give shapes (n_out, n_in) and (n_out,)"
            )
    for k, value in enumerate(l1):
        if not (is_finite_real(value) and value >= 0):
            raise ValueError(f"neuron_tolerances: input_l1[{k}]={value!r} must be a finite number >= 0")
