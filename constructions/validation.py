"""Checks of the numbers a user hands over as a target network; errors quote value, constraint and remedy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from constructions.evaluation import FloatArray


def real_array(values: ArrayLike, what: str) -> FloatArray:
    """Return a read-only float64 copy of ``values``; refuse what is not a finite real array."""
    try:
        raw = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"TargetNetwork: {what} is not a rectangular array; give rows of equal length") from error
    if raw.dtype.kind not in "fiub":
        raise ValueError(f"TargetNetwork: {what} has dtype {raw.dtype}, but must be real; convert it to float64")
    array = np.array(raw, dtype=np.float64, order="C")
    if not np.isfinite(array).all():
        position = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"TargetNetwork: {what}[{', '.join(map(str, position))}] = {array[position]} must be finite; "
            "replace or retrain the offending parameter"
        )
    array.flags.writeable = False
    return array


def checked_weights(weights: Sequence[ArrayLike]) -> tuple[FloatArray, ...]:
    """Return the weight matrices as a chain: two axes each, no empty layer, the widths fit."""
    if isinstance(weights, str) or not isinstance(weights, (Sequence, np.ndarray)):
        raise ValueError(f"TargetNetwork: weights={weights!r} must be a sequence of matrices, one per layer; give them")
    arrays = tuple(real_array(weight, f"weights[{index}]") for index, weight in enumerate(weights))
    if not arrays:
        raise ValueError("TargetNetwork: weights is empty; a network needs at least one layer, give its matrix")
    for index, array in enumerate(arrays):
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(
                f"TargetNetwork: weights[{index}] has shape {array.shape}, but must be (n_out, n_in), both positive; "
                "remove empty layers and reshape vectors"
            )
        if index and array.shape[1] != arrays[index - 1].shape[0]:
            raise ValueError(
                f"TargetNetwork: weights[{index}] has shape {array.shape}, but layer {index} below has "
                f"{arrays[index - 1].shape[0]} neurons; shapes are (n_out, n_in), perhaps a transpose is missing"
            )
    return arrays


def checked_biases(
    biases: Sequence[ArrayLike | None] | None, weights: tuple[FloatArray, ...]
) -> tuple[FloatArray, ...]:
    """Return one bias vector per layer; ``None`` (for one layer or for all) means zeros."""
    given = [None] * len(weights) if biases is None else list(biases)
    if len(given) != len(weights):
        raise ValueError(
            f"TargetNetwork: {len(given)} biases for {len(weights)} weight matrices; give one per layer, None for zeros"
        )
    arrays = []
    for index, (bias, weight) in enumerate(zip(given, weights, strict=True)):
        array = real_array(np.zeros(weight.shape[0]) if bias is None else bias, f"biases[{index}]")
        if array.shape != weight.shape[:1]:
            raise ValueError(
                f"TargetNetwork: biases[{index}] has shape {array.shape}, but its layer has {weight.shape[0]} neurons; "
                "give a vector of that length or None"
            )
        arrays.append(array)
    return tuple(arrays)


def checked_domain(domain: tuple[ArrayLike, ArrayLike], inputs: int) -> tuple[FloatArray, FloatArray]:
    """Return the box (lower, upper) as arrays of length ``inputs``; single numbers stand for all inputs."""
    if not isinstance(domain, (tuple, list)) or len(domain) != 2:
        raise ValueError(f"TargetNetwork: domain={domain!r} must be a pair (lower, upper) of arrays of length {inputs}")
    lower, upper = (_side(side, name, inputs) for side, name in zip(domain, ("lower", "upper"), strict=True))
    if (lower > upper).any():
        index = int(np.argmax(lower > upper))
        raise ValueError(
            f"TargetNetwork: the domain is inverted at input {index}: "
            f"lower={lower[index]} > upper={upper[index]}; swap them"
        )
    return lower, upper


def _side(values: ArrayLike, name: str, inputs: int) -> FloatArray:
    array = real_array(values, f"domain {name}")
    if array.ndim == 0:
        return real_array(np.full(inputs, float(array)), f"domain {name}")
    if array.shape != (inputs,):
        raise ValueError(
            f"TargetNetwork: domain {name} has shape {array.shape}, but the network has {inputs} inputs; "
            "give one finite bound per input"
        )
    return array
