"""The numbers of one target layer that the theory needs, every supremum rounded up."""

from __future__ import annotations

import numpy as np

import bounds
from bounds.arithmetic import ball, upper
from bounds.network import SIGN_MARGIN, LayerSpec
from constructions.evaluation import FloatArray
from constructions.mask import IntArray
from constructions.outward import sum_up

ENLARGEMENT = SIGN_MARGIN


def signs_of(lower: FloatArray, upper_ends: FloatArray) -> IntArray:
    """Return +1 where [lower, upper] is non-negative, -1 where it is non-positive, 0 where both signs occur."""
    return np.where(lower >= 0.0, 1, np.where(upper_ends <= 0.0, -1, 0)).astype(np.int64)


def output_signs(activation: str, preactivations: tuple[FloatArray, FloatArray]) -> IntArray:
    """Return the signs of phi on pre-activations enlarged by ``ENLARGEMENT``: a ticket's neurons share them."""
    function = bounds.scalar_function(activation)
    low = np.nextafter(preactivations[0] - ENLARGEMENT, -np.inf)
    high = np.nextafter(preactivations[1] + ENLARGEMENT, np.inf)
    images = np.array([function.range(float(a), float(b)) for a, b in zip(low, high, strict=True)])
    return signs_of(images[:, 0], images[:, 1])


def layer_spec(
    weight: FloatArray,
    bias: FloatArray,
    activation: str,
    inputs: tuple[FloatArray, FloatArray],
    preactivations: tuple[FloatArray, FloatArray],
    signs: IntArray,
) -> LayerSpec:
    """Return the :class:`LayerSpec` of ``x -> phi(W x + b)`` for x in the box ``inputs`` of the given ``signs``."""
    used = weight != 0.0
    magnitudes = np.abs(weight)
    suprema = np.maximum(np.abs(inputs[0]), np.abs(inputs[1]))
    active = used.any(axis=0)
    one_signed = signs != 0
    lipschitz, enlargement = lipschitz_constant(activation, preactivations)
    return LayerSpec(
        n_in=weight.shape[1],
        n_out=weight.shape[0],
        activation=activation,
        lipschitz=lipschitz,
        enlargement=enlargement,
        input_sup=float(suprema.max()),
        input_l1=sum_up(suprema),
        support_l1=max(sum_up(suprema[row]) for row in used),
        row_sum=max(sum_up(row) for row in magnitudes),
        column_sum=max(sum_up(column) for column in magnitudes.T),
        max_weight=float(magnitudes.max()),
        max_bias=float(np.abs(bias).max()),
        nonzero_weights=int(used.sum()),
        nonzero_biases=int(np.count_nonzero(bias)),
        row_nonzeros=int(used.sum(axis=1).max()),
        one_signed_inputs=int((active & one_signed).sum()),
        two_signed_inputs=int((active & ~one_signed).sum()),
    )


def lipschitz_constant(activation: str, preactivations: tuple[FloatArray, FloatArray]) -> tuple[float, float]:
    """Return (T, enlargement): T holds on the pre-activations enlarged by ``enlargement`` on either side.

    The constant on the whole line where it is finite (enlargement ``inf``), otherwise the one on the enlarged
    range. Raises ValueError where that is not a float64 number.
    """
    function = bounds.scalar_function(activation)
    if function.lipschitz.is_finite:
        return upper(ball(function.lipschitz)), np.inf
    low = np.nextafter(preactivations[0].min() - ENLARGEMENT, -np.inf)
    high = np.nextafter(preactivations[1].max() + ENLARGEMENT, np.inf)
    slope = function.lipschitz_on(float(low), float(high))
    if not np.isfinite(slope):
        raise ValueError(
            f"TargetNetwork: the slope of {activation} overflows float64 on the pre-activations of its layer, enlarged "
            f"by {ENLARGEMENT:g}: [{low:g}, {high:g}]; rescale the weights below it or shrink the domain"
        )
    return slope, ENLARGEMENT
