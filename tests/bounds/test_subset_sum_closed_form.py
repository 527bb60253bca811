"""Closed-form sizes: provable, not one too many, and what is asked of whom."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.arithmetic import ball, lower, upper
from bounds.laws import LAWS
from bounds.subset_sum.closed_form import closed_form, contained_uniform_size, failure_bound
from bounds.subset_sum.queries import Query

LEVELS = st.floats(1e-13, 0.5)


def exact_bound(size: int, tolerance: float, weight: Fraction, half_width: Fraction) -> Fraction:
    return 8 * (1 - weight / 4) ** size * (half_width / Fraction(tolerance)) ** 2


@given(eta=LEVELS, delta=LEVELS, weight=st.integers(1, 64), half_width=st.integers(32, 64))
def test_the_size_is_the_least_that_satisfies_the_inequality(
    eta: float, delta: float, weight: int, half_width: int
) -> None:
    """Against exact rationals, no logarithm in sight: m satisfies the inequality and m - 1 does not."""
    p, a = Fraction(weight, 64), Fraction(half_width, 64)
    size = contained_uniform_size(eta, delta, p, a)
    assert exact_bound(size, eta, p, a) <= Fraction(delta)
    assert size > 0 and exact_bound(size - 1, eta, p, a) > Fraction(delta)


@pytest.mark.parametrize(
    ("law", "quantifier", "level", "window", "expected"),
    [
        ("uniform", "all", 0.01, 1.0, 56),
        ("uniform", "all", 0.001, 1.0, 80),
        ("uniform", "fixed", 0.01, 1.0, 56),
        ("product", "all", 0.01, 1.0, 368),
        ("product", "fixed", 0.01, 1.0, 162),
        ("product", "all", 0.01, 0.25, 143),
    ],
)
def test_known_sizes(law: str, quantifier: str, level: float, window: float, expected: int) -> None:
    assert closed_form(Query(level, level, law, quantifier, window)).size == expected


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("quantifier", ["fixed", "all"])
@given(eta=LEVELS, delta=LEVELS, window=st.floats(0.51, 1))
def test_the_plan_is_admissible_and_provable(
    law: str, quantifier: str, eta: float, delta: float, window: float
) -> None:
    """The block's contained uniform is wide enough for its share of the targets, and its inequality holds."""
    plan = closed_form(Query(eta, delta, law, quantifier, window))
    share, tolerance = Fraction(window) / plan.blocks, Fraction(eta) / plan.blocks
    needed = share if quantifier == "all" else (share + tolerance) / 2
    assert Fraction(plan.half_width) >= needed and plan.size % plan.blocks == 0
    weight = LAWS[law].weight(ball(plan.half_width))
    per_block = plan.size // plan.blocks
    proved = failure_bound(per_block, tolerance, weight, plan.half_width)
    assert upper(proved - ball(Fraction(delta) / plan.blocks)) <= 0
    one_less = failure_bound(per_block - 1, tolerance, weight, plan.half_width)
    assert lower(one_less - ball(Fraction(delta) / plan.blocks)) > 0


def test_blocks_are_used_where_one_window_is_too_wide() -> None:
    """UU contains no U[-1, 1]: all |z| <= 1 need two blocks; one target needs one, its window between 0 and z."""
    assert closed_form(Query(0.01, 0.01, "product", "all")).blocks == 2
    fixed = closed_form(Query(0.01, 0.01, "product", "fixed"))
    assert fixed.blocks == 1 and 0.505 <= fixed.half_width < 0.52


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((float("nan"), 0.1, 1, 1), "nan"),
        ((0.0, 0.1, 1, 1), "tolerance=0.0"),
        ((0.1, 1.5, 1, 1), "failure_probability=1.5"),
        ((0.1, 0.1, 0, 1), "weight=0"),
        ((0.1, 0.1, 1.1, 1), "weight=1.1"),
        ((0.1, 0.1, 1, float("inf")), "half_width=inf"),
        ((0.1, -0.1, 1, 1), "failure_probability=-0.1"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple[float, float, float, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        contained_uniform_size(*arguments)
