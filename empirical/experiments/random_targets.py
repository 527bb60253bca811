"""Random sparse targets: the setting in which published code can be compared with ours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from constructions.target import TargetNetwork


def random_sparse_target(
    widths: tuple[int, ...] = (64, 32, 10),
    parameters: int = 300,
    activation: str = "relu",
    seed: int = 0,
    zero_biases: bool = False,
) -> TargetNetwork:
    """A network with ``parameters`` nonzero parameters drawn from U(-1, 1) at random positions, domain [0, 1]^n_0.

    Every neuron gets one incoming weight and, if it is hidden, one outgoing weight first, so that none is dead;
    the other positions are drawn without replacement from all weights and (unless ``zero_biases``) all biases.
    Raises ValueError when ``parameters`` is too small for that or larger than the number of positions.
    """
    generator = np.random.default_rng(seed)
    chosen = _positions(generator, widths, parameters, zero_biases)
    values = np.zeros(chosen.shape)
    values[chosen] = generator.uniform(-1.0, 1.0, size=parameters)
    weights, biases = _split(values, widths)
    return TargetNetwork(
        weights=weights,
        biases=biases,
        activations=(activation,) * (len(widths) - 2) + ("identity",),
        domain=(np.zeros(widths[0]), np.ones(widths[0])),
    )


def _positions(
    generator: np.random.Generator, widths: tuple[int, ...], parameters: int, zero_biases: bool
) -> NDArray[np.bool_]:
    """Mask of the nonzero positions in the flat order W1, b1, W2, b2, ..."""
    needed, allowed = [], []
    for layer, (n_in, n_out) in enumerate(pairwise(widths)):
        needed.append(_connected(generator, n_in, n_out, cover_inputs=layer > 0))
        needed.append(np.zeros(n_out, dtype=bool))
        allowed.append(np.ones(n_in * n_out, dtype=bool))
        allowed.append(np.full(n_out, not zero_biases))
    mask = np.concatenate(needed)
    free = np.flatnonzero(np.concatenate(allowed) & ~mask)
    extra = parameters - int(mask.sum())
    if not 0 <= extra <= free.size:
        raise ValueError(
            f"random_sparse_target: parameters={parameters} must lie between {int(mask.sum())} (one weight into and "
            f"out of every neuron of widths {widths}) and {int(mask.sum()) + free.size}"
        )
    mask[generator.choice(free, size=extra, replace=False)] = True
    return mask


def _connected(generator: np.random.Generator, n_in: int, n_out: int, cover_inputs: bool) -> NDArray[np.bool_]:
    """Flat mask with one weight in every row, and in every column too when asked."""
    mask = np.zeros((n_out, n_in), dtype=bool)
    mask[np.arange(n_out), generator.integers(n_in, size=n_out)] = True
    if cover_inputs:
        empty = np.flatnonzero(~mask.any(axis=0))
        mask[generator.integers(n_out, size=empty.size), empty] = True
    return mask.ravel()


def _split(
    values: NDArray[np.float64], widths: tuple[int, ...]
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    weights, biases, start = [], [], 0
    for n_in, n_out in pairwise(widths):
        weights.append(values[start : start + n_in * n_out].reshape(n_out, n_in))
        start += n_in * n_out
        biases.append(values[start : start + n_out])
        start += n_out
    return weights, biases
