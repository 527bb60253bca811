"""The numbers of a target network of which only the architecture and a few norms are known.

Every number of the result is an upper bound for all networks of that architecture within the given norms, derived
layer by layer: |pre-activation| <= R X + B with X = sup |x_j| of the layer's input, then X of the next layer from the
range of phi on that interval. A network given with its weights has smaller numbers (``TargetNetwork.spec()``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.arithmetic import ball, is_finite_real, upper
from bounds.functions import ScalarFunction
from bounds.named import scalar_function
from bounds.network import SIGN_MARGIN, LayerSpec, NetworkSpec
from bounds.tolerances import round_up


@dataclass(frozen=True, slots=True)
class _Norms:
    """What is known of every layer."""

    row_sum: Fraction
    max_weight: Fraction
    max_bias: Fraction
    row_nonzeros: int | None


def dense_spec(
    widths: Sequence[int],
    activation: str,
    output_activation: str = "identity",
    *,
    row_sum: float = 1.0,
    max_weight: float = 1.0,
    max_bias: float = 1.0,
    row_nonzeros: int | None = None,
    input_sup: float = 1.0,
    nonnegative_input: bool = False,
) -> NetworkSpec:
    """Return a NetworkSpec that covers every network of the architecture whose layers keep to the norms.

    ``widths``             (n_0, ..., n_L), at least two positive integers.
    ``activation``         of the hidden layers, ``output_activation`` of the last one.
    ``row_sum``            R: every row of |W| sums to at most R; ``max_weight`` |w| at most this (and at most R).
    ``max_bias``           |b| at most this; 0 for layers without biases.
    ``row_nonzeros``       nonzero weights per row, default all.
    ``input_sup``          the domain is [-X, X]^n_0, or [0, X]^n_0 if ``nonnegative_input``.

    Returns upper bounds of every number; column sums are bounded by n_l max|w|.
    Raises ValueError naming the argument that is out of range.

    >>> spec = dense_spec((784, 300, 10), "tanh", row_sum=2)
    >>> spec.widths, spec.layers[1].row_sum, spec.layers[1].input_sup < 0.996
    ((784, 300, 10), 2.0, True)
    """
    sizes = _checked_widths(widths)
    norms = _checked_norms(row_sum, max_weight, max_bias, row_nonzeros)
    supremum = Fraction(_checked("input_sup", input_sup, strict=True))
    hidden, output = scalar_function(activation).name, scalar_function(output_activation).name
    names = [hidden] * (len(sizes) - 2) + [output]
    one_signed, layers = bool(nonnegative_input), []
    for n_in, n_out, name in zip(sizes, sizes[1:], names, strict=False):
        layer, function = _layer(n_in, n_out, name, norms, supremum, one_signed)
        layers.append(layer)
        reach = _reach(layer)
        supremum = Fraction(_largest(function, reach))
        one_signed = _keeps_sign(function, reach)
    low = 0.0 if nonnegative_input else -float(input_sup)
    return NetworkSpec(layers=tuple(layers), domain=((low,) * sizes[0], (float(input_sup),) * sizes[0]))


def _layer(
    n_in: int, n_out: int, name: str, norms: _Norms, supremum: Fraction, one_signed: bool
) -> tuple[LayerSpec, ScalarFunction]:
    """The numbers of one layer whose inputs have |x_j| <= supremum."""
    function = scalar_function(name)
    nonzeros = min(n_in, norms.row_nonzeros or n_in)
    weight = min(norms.max_weight, norms.row_sum)
    used = min(n_in, nonzeros * n_out)
    row_sum = min(norms.row_sum, nonzeros * weight)
    lipschitz, enlargement = _lipschitz(function, round_up(row_sum * supremum + norms.max_bias))
    layer = LayerSpec(
        n_in=n_in,
        n_out=n_out,
        activation=function.name,
        lipschitz=lipschitz,
        enlargement=enlargement,
        input_sup=round_up(supremum),
        input_l1=round_up(n_in * supremum),
        support_l1=round_up(nonzeros * supremum),
        row_sum=round_up(row_sum),
        column_sum=round_up(n_out * weight),
        max_weight=round_up(weight),
        max_bias=round_up(norms.max_bias),
        nonzero_weights=nonzeros * n_out,
        nonzero_biases=n_out if norms.max_bias else 0,
        row_nonzeros=nonzeros,
        one_signed_inputs=used if one_signed else 0,
        two_signed_inputs=0 if one_signed else used,
    )
    return layer, function


def _reach(layer: LayerSpec) -> float:
    """R X + B, rounded up: no pre-activation is larger."""
    return round_up(Fraction(layer.row_sum) * Fraction(layer.input_sup) + Fraction(layer.max_bias))


def _largest(function: ScalarFunction, reach: float) -> float:
    low, high = function.range(-reach, reach)
    largest = max(-low, high)
    if not math.isfinite(largest):
        raise ValueError(
            f"dense_spec: {function.name} overflows float64 on pre-activations up to {reach:g}; "
            "lower row_sum, max_bias or input_sup"
        )
    return largest


def _keeps_sign(function: ScalarFunction, reach: float) -> bool:
    """Whether phi has one sign on the pre-activations enlarged by ``SIGN_MARGIN``, which the widths rely on."""
    end = math.nextafter(reach + SIGN_MARGIN, math.inf)
    low, high = function.range(-end, end)
    return low >= 0 or high <= 0


def _lipschitz(function: ScalarFunction, reach: float) -> tuple[float, float]:
    """(T, how far beyond the pre-activations it holds): on the whole line where finite, else on a margin of 1."""
    if function.lipschitz.is_finite:
        return upper(ball(function.lipschitz)), math.inf
    end = math.nextafter(reach + SIGN_MARGIN, math.inf)
    slope = function.lipschitz_on(-end, end)
    if not math.isfinite(slope):
        raise ValueError(
            f"dense_spec: no finite slope of {function.name} on [-{end:g}, {end:g}]; "
            "lower row_sum, max_bias or input_sup, or choose another activation"
        )
    return slope, SIGN_MARGIN


def _checked_widths(widths: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(widths)
    whole = all(isinstance(size, int) and not isinstance(size, bool) and size >= 1 for size in sizes)
    if len(sizes) < 2 or not whole:
        raise ValueError(
            f"dense_spec: widths={sizes} must be two or more positive integers, input first, as in (784, 300, 10)"
        )
    return sizes


def _checked_norms(row_sum: Any, max_weight: Any, max_bias: Any, row_nonzeros: Any) -> _Norms:
    whole = isinstance(row_nonzeros, int) and not isinstance(row_nonzeros, bool) and row_nonzeros >= 1
    if row_nonzeros is not None and not whole:
        raise ValueError(f"dense_spec: row_nonzeros={row_nonzeros!r} must be an integer of at least 1, or None for all")
    return _Norms(
        row_sum=Fraction(_checked("row_sum", row_sum, strict=True)),
        max_weight=Fraction(_checked("max_weight", max_weight, strict=True)),
        max_bias=Fraction(_checked("max_bias", max_bias, strict=False)),
        row_nonzeros=row_nonzeros,
    )


def _checked(name: str, value: Any, strict: bool) -> Any:
    """A finite number, above 0 if ``strict``, at least 0 otherwise."""
    if not (is_finite_real(value) and (value > 0 if strict else value >= 0)):
        raise ValueError(
            f"dense_spec: {name}={value!r} must be a finite number {'above' if strict else 'of at least'} 0"
        )
    return value
