"""The verifier's own forward pass, in balls, and its comparison with what the ticket object returns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import arb

import bounds
from bounds.arithmetic import lower, upper, working_precision
from constructions.verifier.checks import Check, PlainLayer, PlainTicket
from constructions.verifier.target import slope_bound

UNIT_ROUNDOFF = 2.0**-53
LIBRARY_ERROR = 2.0**-45


def row_entries(layer: PlainLayer, weights: np.ndarray, row: int) -> tuple[list[int], list[float]]:
    """Return the surviving columns and weights of one row."""
    start, stop = int(layer.indptr[row]), int(layer.indptr[row + 1])
    return layer.indices[start:stop].tolist(), weights[start:stop].tolist()


def live_rows(layers: tuple[PlainLayer, ...]) -> list[list[int]]:
    """Return per layer the neurons that the outputs depend on, outputs included."""
    live = [list(range(layers[-1].n_out))]
    for layer in reversed(layers[1:]):
        below: set[int] = set()
        for row in live[0]:
            below.update(layer.indices[int(layer.indptr[row]) : int(layer.indptr[row + 1])].tolist())
        live.insert(0, sorted(below))
    return live


@working_precision
def ball_outputs(ticket: PlainTicket, source: list[np.ndarray], point: list[float]) -> list[tuple[arb, arb]]:
    """Return per output its exact value at ``point`` and a bound on the rounding errors of a float64
    evaluation.

    The bound follows Higham, section 3.1, sum by sum, and grants every activation a relative error of 2^-45.
    """
    values: dict[int, tuple[arb, arb]] = {column: (arb(value), arb(0)) for column, value in enumerate(point)}
    for layer, weights, rows in zip(ticket.layers, source, live_rows(ticket.layers), strict=True):
        if layer.bias:
            values[layer.n_in] = (arb(1), arb(0))
        values = {row: _neuron(layer, *row_entries(layer, weights, row), values) for row in rows}
    return [values[row] for row in range(ticket.layers[-1].n_out)]


def _neuron(
    layer: PlainLayer, columns: list[int], weights: list[float], values: dict[int, tuple[arb, arb]]
) -> tuple[arb, arb]:
    exact, size, error = arb(0), arb(0), arb(0)
    for column, weight in zip(columns, weights, strict=True):
        value, deviation = values[column]
        term = value * weight
        exact, size, error = exact + term, size + abs(term), error + deviation * abs(weight)
    rounding = (len(columns) + 2) * 2 * UNIT_ROUNDOFF
    error = error + (size + error) * rounding
    result = bounds.scalar_function(layer.activation).value(exact)
    slope = slope_bound(layer.activation, lower(exact - error), upper(exact + error))
    return result, error * slope + (abs(result) + abs(exact) * slope) * LIBRARY_ERROR + UNIT_ROUNDOFF**2


def check_forward(
    ticket: PlainTicket, source: list[np.ndarray], call: Callable[[np.ndarray], np.ndarray], seed: int = 0
) -> Check:
    """The ticket's own outputs lie within rounding of the verifier's forward pass, at the box's corners and inside."""
    least, greatest = np.array(ticket.lower), np.array(ticket.upper)
    inside = np.random.default_rng(seed).random((2, len(least)))
    fractions = np.vstack([np.zeros_like(least), np.ones_like(least), inside])
    points = np.clip(least + fractions * (greatest - least), least, greatest)
    found = np.asarray(call(points))
    if found.shape != (len(points), ticket.layers[-1].n_out):
        return Check("forward", False, "outputs", f"shape {found.shape} for {len(points)} points")
    worst = 0.0
    for sample, point in enumerate(points):
        for output, (value, allowed) in enumerate(ball_outputs(ticket, source, point.tolist())):
            distance = abs(value - float(found[sample, output]))
            if not distance <= allowed:
                detail = f"the ticket returns {found[sample, output]!r} at sample {sample}, the exact value is {value}"
                return Check("forward", False, f"output {output}", detail)
            worst = max(worst, upper(distance))
    return Check("forward", True, "", f"{len(points)} points agree within {worst:.1e}, rounding explains it")
