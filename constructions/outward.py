"""Float64 bounds with proven outward rounding: sums, and affine images of boxes.

Everything returned here encloses the exact real value. Two facts are used: a floating-point sum of products of
n terms, in any order and with or without fused operations, differs from the exact value by at most gamma_n = n
u / (1 - n u) times the sum of the absolute terms, plus half the smallest subnormal per product (Higham,
Accuracy and Stability, section 3.1, u = 2^-53); and ``math.fsum`` is correctly rounded, so the sign of the
residual it returns is the true one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

UNIT_ROUNDOFF = 2.0**-53
SMALLEST = 2.0**-1074


def gamma(terms: int) -> float:
    """Return an upper bound of ``gamma_n = n u / (1 - n u)``."""
    scaled = terms * UNIT_ROUNDOFF
    if scaled >= 0.25:
        raise ValueError(f"gamma: {terms} terms are too many for a float64 error bound; sum in blocks")
    return math.nextafter(scaled / (1.0 - scaled) * (1.0 + 4 * UNIT_ROUNDOFF), math.inf)


def sum_up(values: Iterable[float]) -> float:
    """Return the least float64 that is not below the exact sum (``inf`` when the sum overflows)."""
    terms = [float(value) for value in values]
    try:
        rounded = math.fsum(terms)
        return rounded if math.fsum([*terms, -rounded]) <= 0.0 else math.nextafter(rounded, math.inf)
    except OverflowError:
        return math.inf


def affine_image(
    weight: FloatArray, bias: FloatArray, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Enclose ``{W x + b : lower <= x <= upper}`` coordinate by coordinate, rounded outward.

    ``weight`` (n_out, n_in), ``bias`` (n_out,), ``lower <= upper`` (n_in,). Returns two arrays of length n_out.
    """
    positive, negative = np.maximum(weight, 0.0), np.minimum(weight, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        magnitude = np.abs(weight) @ np.maximum(np.abs(lower), np.abs(upper)) + np.abs(bias)
        terms = 2 * weight.shape[1] + 1
        # twice the terms' own gamma: covers the rounding of ``magnitude`` and of the slack itself
        slack = gamma(2 * terms + 6) * magnitude + (terms + 1) * SMALLEST
        low = np.nextafter(positive @ lower + negative @ upper + bias - slack, -np.inf)
        high = np.nextafter(positive @ upper + negative @ lower + bias + slack, np.inf)
    return low, high
