"""Base-set claims: the stated sizes are proved again by the checker, and the trap of the polygon stays visible."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

import bounds
from bounds.arithmetic import ball
from bounds.artefacts import base_set, check_artefact
from bounds.artefacts.base_sets import CHECKED_LAWS, Problem, claim_of
from bounds.laws import LAWS
from bounds.subset_sum.dynamic_program import Recursion
from bounds.subset_sum.growth import Steps
from tests.bounds.artefacts.claims import accepted, changed, sizes


@pytest.mark.parametrize(
    ("law", "level", "size"),
    [("uniform", 0.01, 25), ("uniform", 0.001, 40), ("product", 0.01, 38), ("product", 0.001, 57)],
)
def test_the_headline_sizes_are_proved_again(law: str, level: float, size: int) -> None:
    """The checker's grids prove what the package states at most, and at least these numbers."""
    claim = sizes(level, level, law)
    stated = bounds.sufficient_size(level, level, law).size
    assert claim["size"] <= stated <= size
    assert claim["kind"] == "dynamic-program" and accepted(claim)
    assert len(json.dumps(claim)) < 40_000


@pytest.mark.parametrize("law", CHECKED_LAWS)
@pytest.mark.parametrize("quantifier", ["fixed", "all"])
def test_other_levels_and_quantifiers(law: str, quantifier: str) -> None:
    claim = sizes(0.1, 0.02, law, quantifier)
    assert claim["size"] <= bounds.sufficient_size(0.1, 0.02, law, quantifier).size
    assert accepted(claim)


@pytest.mark.parametrize("seed", range(6))
def test_random_questions_about_uniform_variables(seed: int) -> None:
    """Whatever is asked, what is written is accepted, and one variable less than the grid proves is not."""
    draw = random.Random(seed)
    tolerance, failure_probability = 10 ** -draw.uniform(0.5, 2.5), 10 ** -draw.uniform(0.3, 4)
    quantifier, window = draw.choice(["fixed", "all"]), draw.choice([0.3, 0.75, 1])
    claim = base_set(tolerance, failure_probability, "uniform", quantifier, window)
    assert accepted(claim)
    assert claim["size"] <= bounds.sufficient_size(
        tolerance, failure_probability, "uniform", quantifier, window=window
    ).size + (1 if quantifier == "all" else 0)
    assert claim["size"] == 0 or not accepted(changed(claim, size=claim["size"] - 1))


def test_a_small_tolerance_of_a_small_weight() -> None:
    level = Fraction(1, 10**5)
    claim = claim_of(Problem("uniform", level, Fraction(1, 100), window=Fraction(1, 50)), 20)
    assert accepted(claim)


@pytest.mark.parametrize("law", CHECKED_LAWS)
def test_the_laws_of_the_checker_contain_the_package(law: str) -> None:
    record = LAWS[law]
    for numerator in range(1, 60):
        t = Fraction(numerator, 37)
        exact = arb(fmpq(t.numerator, t.denominator))
        for function, expected in zip(
            check_artefact.LAWS[law],
            (record.mass(exact), record.mass_integral(exact), record.weight(exact)),
            strict=True,
        ):
            value = function(t)
            low, high = ball(value.lo), ball(value.hi)
            if not (expected < low or expected > high):
                continue
            assert (
                t >= 1 and function is check_artefact.LAWS[law][2] and value.size() == 0
            )  # the package's ball is wide


@pytest.mark.parametrize(("law", "quantifier"), [("uniform", "fixed"), ("uniform", "all"), ("product", "all")])
def test_closed_forms(law: str, quantifier: str) -> None:
    stated = bounds.sufficient_size(0.01, 0.01, law, quantifier, method="closed_form").size
    claim = closed(law, quantifier)
    assert claim["size"] == stated and accepted(claim)
    assert not accepted(changed(claim, size=stated - 1))


def closed(law: str, quantifier: str) -> dict[str, Any]:
    """The closed-form claim, which ``base_set`` writes only where it wins."""
    from bounds.artefacts import base_sets

    problem = Problem(law, Fraction(1, 100), Fraction(1, 100), quantifier)
    claim = base_sets._closed_form_claim(problem)
    assert claim is not None
    return claim


def test_variables_that_follow_the_law_only_sometimes() -> None:
    """Corollary 8, as ``contained_size`` states it."""
    from bounds.subset_sum.computed import contained_size

    level, half = Fraction(1, 100), Fraction(1, 2)
    claim = claim_of(Problem("uniform", level, level, weight=half), 55)
    assert claim["size"] <= contained_size(0.01, 0.01, 0.5, 1.0, 1.0) and accepted(claim)
    assert not accepted(changed(claim, weight=1, size=claim["size"] // 2))
    assert not accepted(changed(claim, weight="49/100"))
    always = [2 * mean - node for mean, node in zip(claim["mean"], claim["nodes"], strict=True)]
    assert not accepted(changed(claim, mean=always))
    assert not accepted(changed(claim, hit=[2 * hit for hit in claim["hit"]]))


def test_a_tolerance_as_large_as_the_window_needs_no_variable() -> None:
    claim = base_set(0.25, 0.1, window=0.25)
    assert claim["size"] == 0 and accepted(claim)
    assert not accepted(changed(claim, tolerance="1/5"))


def test_laws_outside_the_format_are_refused() -> None:
    with pytest.raises(ValueError, match="normal"):
        base_set(0.1, 0.1, "normal")


def test_the_recursion_of_the_checker_is_that_of_the_package() -> None:
    """Sixty steps of either on one grid agree to a few digits: neither knows the other's code."""
    claim = sizes(0.01, 0.01)
    unit, nodes = claim["unit"], claim["nodes"]
    last = np.searchsorted(nodes, [min(2 * node, unit) for node in nodes]).astype(np.int64)
    shares = np.array(nodes) / unit
    steps = Steps(shares, np.array(claim["mean"]) / unit, np.array(claim["hit"]) / unit, last)
    rows = Recursion(steps, [np.ones_like(shares)])
    for size in (10, 25, 40):
        bound = Fraction(float(rows.row(size)[0]))
        assert accepted(changed(claim, size=size, failure_probability=str(bound * Fraction(1001, 1000))))
        assert not accepted(changed(claim, size=size, failure_probability=str(bound * Fraction(99, 100))))


def module_with(*replacements: tuple[str, str]) -> ModuleType:
    """The checker with parts of its text replaced."""
    source = Path(check_artefact.__file__).read_text(encoding="utf-8")
    for before, after in replacements:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    module = ModuleType("changed_checker")
    exec(compile(source, "changed_checker", "exec"), module.__dict__)
    return module


def test_the_polygon_through_the_nodes_would_prove_too_much() -> None:
    """The exact recursion converges to 44 variables. The polygon claims 43 on 72 nodes; the steps never go below 44."""
    polygon = module_with(("[W[i], *W[i : i + len(xs) - 1]]", "W[i : i + len(xs)]"))
    assert least(polygon, coarse(8, 2)) < 44
    assert not accepted(changed(coarse(8, 2), size=43)) and least(check_artefact, coarse(16, 16)) >= 44


def least(checker: Any, claim: dict[str, Any]) -> int:
    """The smallest size the checker accepts for the claim."""
    for size in range(30, 200):
        try:
            checker.base_set(changed(claim, size=size))
        except ValueError:
            continue
        return size
    raise AssertionError("no size below 200 is accepted")


def coarse(below: int, above: int) -> dict[str, Any]:
    """All |z| <= 1, U, tolerance and failure probability .01, on a few nodes per halving of v and of 1 - v."""
    unit = 1 << 24
    octave = {round(unit / 2 * 2.0 ** (-k / below)) for k in range(below)}
    lower = {node >> shift for node in octave for shift in range(9)}
    upper = {unit - round(unit * 2.0 ** -(1 + k / above)) for k in range(1, 8 * above + 1)}
    start = unit // 200
    nodes = sorted({start, *(node for node in lower | upper if node > start), unit})
    exact = [Fraction(node, unit) for node in nodes]
    return {
        "kind": "dynamic-program",
        "law": "uniform",
        "weight": 1,
        "quantifier": "all",
        "window": 1,
        "tolerance": "1/100",
        "failure_probability": "1/100",
        "size": 0,
        "half_width": 1,
        "target_offset": 1,
        "origin_offset": 0,
        "unit": unit,
        "nodes": nodes,
        "mean": [int((v + v * (1 - v) / 2) * unit) for v in exact],
        "hit": [0] * len(nodes),
    }
