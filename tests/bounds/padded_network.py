"""The padded network itself, built from a target and its padded spec: the oracle of the numbers."""

import numpy as np
from numpy.typing import NDArray

from bounds.padding import PaddedSpec
from constructions.target import TargetNetwork

Matrix = NDArray[np.float64]


def units(target: TargetNetwork, padded: PaddedSpec) -> tuple[Matrix, Matrix]:
    """Return (E, D): signs of the arguments of the inserted neurons, and the matrix that rebuilds x from them (s = 1).

    Inputs without a weight are left out; ``E`` has one row per neuron, ``D`` one column per neuron.
    """
    position, (plus, minus, m) = padded.position, padded.slopes
    used = np.flatnonzero(np.any(target.weights[position] != 0, axis=0))
    signs = target.input_signs[position]
    rows, columns = [], []
    for j in used:
        each = padded.neurons[0] if signs[j] != 0 else padded.neurons[1]
        if each == 2:
            rows += [(j, 1.0), (j, -1.0)]
            columns += [(j, 1 / m), (j, -1 / m)]
        elif padded.neurons == (1, 1):
            rows.append((j, 1.0))
            columns.append((j, 1 / plus))
        else:
            steep, side = (plus, 1.0) if abs(plus) >= abs(minus) else (minus, -1.0)
            turn = side * float(signs[j])
            rows.append((j, turn))
            columns.append((j, turn / steep))
    n_in = target.widths[position]
    arguments, rebuild = np.zeros((len(rows), n_in)), np.zeros((n_in, len(rows)))
    for k, ((j, sign), (_, value)) in enumerate(zip(rows, columns, strict=True)):
        arguments[k, j], rebuild[j, k] = sign, value
    return arguments, rebuild


def padded_network(target: TargetNetwork, padded: PaddedSpec) -> TargetNetwork:
    """Return the padded network with its real weights."""
    arguments, rebuild = units(target, padded)
    steep = max(padded.slopes[:2], key=abs)
    further = np.eye(len(arguments)) / steep if padded.passing else arguments @ rebuild
    count, position = len(padded.inserted), padded.position
    inner = [padded.scale * arguments, *[further] * (count - 1)]
    weights, biases = list(target.weights), list(target.biases)
    weights[position : position + 1] = [*inner, weights[position] @ rebuild / padded.scale]
    biases[position:position] = [np.zeros(len(arguments))] * count
    activations = list(target.activations)
    activations[position:position] = [padded.activation] * count
    return TargetNetwork(weights, biases, tuple(activations), target.domain)
