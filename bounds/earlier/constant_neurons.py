r"""A target without biases that computes the same function: one more target neuron per hidden layer carries a constant.

Layer 1 reads its biases as weights on a constant input 1 (the source's own bias column). Where a layer above has
biases, the layer below it gets a neuron with pre-activation 1 (all weights 0 but the one on the constant below), so its
value is c = phi(1), and a bias b becomes a weight b / c. The constant neuron counts in every width, sum and supremum.

Proof: substitute. Source: ours (theory notes, section 4, the first of its two ways).
"""

from __future__ import annotations

import math
from dataclasses import replace

from bounds.named import scalar_function
from bounds.network import LayerSpec, NetworkSpec

_ROOM = 1.0
_UP = 1 + 2.0**-40


def without_biases(spec: NetworkSpec) -> NetworkSpec:
    """Return the numbers of the same function written without biases (``spec`` itself if it has none).

    ``widths[0]`` counts the constant input, which a source with biases in layer 1 offers for free. Lipschitz constants
    are enlarged so that they hold on 1 +- 1 too, where the constant neurons' pre-activations lie.
    Raises ValueError where phi may vanish at 1.
    """
    if not any(layer.nonzero_biases for layer in spec.layers):
        return spec
    top = max(number for number, layer in enumerate(spec.layers, start=1) if layer.nonzero_biases)
    below: str | None = None
    layers = []
    for number, layer in enumerate(spec.layers, start=1):
        layers.append(_with_constant(layer, below, carries=number < top) if number <= top else layer)
        below = layer.activation
    low, high = spec.domain
    return NetworkSpec(tuple(layers), ((*low, 1.0), (*high, 1.0)))


def _with_constant(layer: LayerSpec, below: str | None, carries: bool) -> LayerSpec:
    """Return the layer with one more input c = phi(1), phi = ``below`` (None: the input 1), and one more neuron."""
    least, most = _magnitude_at_one(below)
    one_signed = _keeps_its_sign(below)
    most_bias = layer.max_bias / least * _UP
    heaviest = max(most_bias, 1.0 / least * _UP if carries else 0.0)
    own = 1 if carries else 0
    reached = scalar_function(layer.activation).lipschitz_on(1 - _ROOM, 1 + _ROOM) if carries else 0.0
    return replace(
        layer,
        n_in=layer.n_in + 1,
        n_out=layer.n_out + own,
        lipschitz=max(layer.lipschitz, reached),
        enlargement=min(layer.enlargement, _ROOM if carries else math.inf),
        input_sup=max(layer.input_sup, most),
        input_l1=(layer.input_l1 + most) * _UP,
        support_l1=(layer.support_l1 + most) * _UP,
        row_sum=max(layer.row_sum + most_bias, heaviest) * _UP,
        column_sum=max(layer.column_sum, (layer.nonzero_biases * most_bias + own / least) * _UP),
        max_weight=max(layer.max_weight, heaviest),
        max_bias=0.0,
        nonzero_weights=layer.nonzero_weights + layer.nonzero_biases + own,
        nonzero_biases=0,
        row_nonzeros=layer.row_nonzeros + 1,
        one_signed_inputs=layer.one_signed_inputs + one_signed,
        two_signed_inputs=layer.two_signed_inputs + (not one_signed),
    )


def _magnitude_at_one(activation: str | None) -> tuple[float, float]:
    """Return (min, max) of |phi(1)|, outward; (1, 1) for the input. Raises ValueError if phi(1) may be 0."""
    if activation is None:
        return 1.0, 1.0
    low, high = scalar_function(activation).range(1.0, 1.0)
    if low <= 0 <= high:
        raise ValueError(
            f"without_biases: a constant neuron of {activation} has the value phi(1) = 0, so it carries no bias; "
            "use a target without those biases or another activation"
        )
    return (low, high) if low > 0 else (-high, -low)


def _keeps_its_sign(activation: str | None) -> bool:
    """Return whether phi has one sign on 1 +- 1, wherever the constant neuron of a ticket lies."""
    if activation is None:
        return True
    low, high = scalar_function(activation).range(1 - _ROOM, 1 + _ROOM)
    return low >= 0 or high <= 0
