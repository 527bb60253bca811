"""Tolerance claims: the recursion is checked, not the product formula they come from."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest

import bounds
from bounds.artefacts import tolerances
from tests.bounds.artefacts.claims import accepted, changed, layer, network, propagated


@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_the_repaired_tolerances_are_accepted(norm: str) -> None:
    claim = propagated(norm)
    assert accepted(claim)
    assert [Fraction(t) for t in claim["tolerances"]] == [
        Fraction(t)
        for t in bounds.parameter_tolerances(
            network(layer(3, 5, lipschitz=1.5), layer(5, 4, lipschitz=0.75), layer(4, 2, lipschitz=2.0)), 0.01, norm
        )
    ]


@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_random_networks(norm: str) -> None:
    draw = random.Random(norm)
    for _ in range(30):
        widths = [draw.randint(1, 9) for _ in range(draw.randint(2, 6))]
        layers = [layer(a, b, lipschitz=draw.uniform(0.1, 3)) for a, b in pairwise(widths)]
        assert accepted(tolerances(network(*layers), draw.choice([0.3, 0.01, 1e-6]), norm))


def test_a_restricted_lipschitz_constant_shrinks_the_tolerances_and_is_checked() -> None:
    claim = propagated("linf", 0.01, 0.0001)
    assert accepted(claim)
    assert Fraction(claim["tolerances"][0]) < Fraction(propagated("linf")["tolerances"][0])
    narrow = [changed(claim["layers"][0], enlargement="1/20000"), *claim["layers"][1:]]
    assert not accepted(changed(claim, layers=narrow))
    assert not accepted(changed(propagated("linf"), layers=claim["layers"]))


@pytest.mark.parametrize("norm", ["linf", "l1"])
def test_the_recursion_to_its_last_digit(norm: str) -> None:
    """Against the sums over the layers, written out: what the recursion ends at is accepted, any less is not."""
    claim, total = propagated(norm, 0.3), Fraction(0)
    layers = [{key: Fraction(v) for key, v in numbers.items() if v != "inf"} for numbers in claim["layers"]]
    for index, (own, t) in enumerate(zip(layers, map(Fraction, claim["tolerances"]), strict=True)):
        term = t * (1 + own["input_l1"]) * (own["n_out"] if norm == "l1" else 1) * own["lipschitz"]
        for above, s in zip(layers[index + 1 :], map(Fraction, claim["tolerances"][index + 1 :]), strict=True):
            sums = {"linf": above["row_sum"] + above["n_in"] * s, "l1": above["column_sum"] + above["n_out"] * s}
            term *= above["lipschitz"] * sums[norm]
        total += term
    assert accepted(changed(claim, tolerance=str(total)))
    assert not accepted(changed(claim, tolerance=str(total * (1 - Fraction(1, 10**9)))))


def test_the_printed_form_is_rejected() -> None:
    """The counterexample of docs/error-propagation.md: W1 = 1, W2 = ones(10 x 1), l1."""
    first = layer(1, 1, input_l1=1.0, row_sum=1.0, column_sum=1.0)
    second = layer(1, 10, input_l1=1.0, row_sum=1.0, column_sum=10.0)
    spec = network(first, second)
    claim = tolerances(spec, 0.1, "l1")
    printed = bounds.parameter_tolerances(spec, 0.1, norm="l1", form="printed")
    assert accepted(claim)
    assert not accepted(changed(claim, tolerances=[str(Fraction(t)) for t in printed]))
