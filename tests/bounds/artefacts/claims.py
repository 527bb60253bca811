"""Artefacts that several tests use, each built once, and the checker's verdict on a claim."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import bounds
from bounds.artefacts import activation_enclosure, base_set, check_artefact, tolerances

INFINITE = float("inf")


def accepted(claim: Any) -> bool:
    """Whether the checker accepts the claim; anything it raises is a rejection, as on its command line."""
    try:
        check_artefact.KINDS[claim["kind"]](claim)
    except Exception:
        return False
    return True


def changed(claim: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A deep copy with some values replaced."""
    return copy.deepcopy(claim) | values


@lru_cache(maxsize=64)
def enclosure(name: str, tolerance: float, kind: str = "closed_form") -> dict[str, Any]:
    phi = bounds.activation(name)
    return activation_enclosure(phi, tolerance, phi.radius(tolerance, kind=kind))


@lru_cache(maxsize=64)
def sizes(
    tolerance: float, failure_probability: float, law: str = "uniform", quantifier: str = "fixed"
) -> dict[str, Any]:
    return base_set(tolerance, failure_probability, law, quantifier)


def layer(n_in: int, n_out: int, **values: Any) -> bounds.LayerSpec:
    """Numbers of a layer with plausible defaults."""
    numbers: dict[str, Any] = {
        "activation": "tanh",
        "lipschitz": 1.0,
        "enlargement": INFINITE,
        "input_sup": 1.0,
        "input_l1": 0.75 * n_in,
        "support_l1": 0.75 * n_in,
        "row_sum": 0.4 * n_in,
        "column_sum": 0.6 * n_out,
        "max_weight": 0.9,
        "max_bias": 0.0,
        "nonzero_weights": n_in * n_out,
        "nonzero_biases": 0,
        "row_nonzeros": n_in,
        "one_signed_inputs": 0,
        "two_signed_inputs": n_in,
    }
    return bounds.LayerSpec(n_in=n_in, n_out=n_out, **(numbers | values))


def network(*layers: bounds.LayerSpec) -> bounds.NetworkSpec:
    size = layers[0].n_in
    return bounds.NetworkSpec(layers, ((-1.0,) * size, (1.0,) * size))


@lru_cache(maxsize=16)
def propagated(norm: str = "linf", tolerance: float = 0.01, enlargement: float = INFINITE) -> dict[str, Any]:
    spec = network(
        layer(3, 5, lipschitz=1.5, enlargement=enlargement), layer(5, 4, lipschitz=0.75), layer(4, 2, lipschitz=2.0)
    )
    return tolerances(spec, tolerance, norm)
