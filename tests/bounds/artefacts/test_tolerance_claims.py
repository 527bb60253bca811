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


def test_the_printed_form_is_rejected() -> None:
    """The counterexample of docs/error-propagation.md: W1 = 1, W2 = ones(10 x 1), l1."""
    first = layer(1, 1, input_l1=1.0, row_sum=1.0, column_sum=1.0)
    second = layer(1, 10, input_l1=1.0, row_sum=1.0, column_sum=10.0)
    spec = network(first, second)
    claim = tolerances(spec, 0.1, "l1")
    printed = bounds.parameter_tolerances(spec, 0.1, norm="l1", form="printed")
    assert accepted(claim)
    assert not accepted(changed(claim, tolerances=[str(Fraction(t)) for t in printed]))
