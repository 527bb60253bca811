"""The two questions as a user asks them: order, monotonicity, what the answer says, bad input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.subset_sum.queries import QUANTIFIERS
from bounds.subset_sum.size_bound import Status
from bounds.subset_sum.sizes import METHODS, necessary_size, sufficient_size

LAW = st.sampled_from(["uniform", "product", "normal"])
WINDOW = st.sampled_from([0.3, 0.7, 1.0])


@given(law=LAW, quantifier=st.sampled_from(QUANTIFIERS), exponents=st.tuples(st.floats(0.5, 4), st.floats(0.5, 9)))
@settings(max_examples=25)
def test_necessary_at_most_computed_at_most_closed_form(
    law: str, quantifier: str, exponents: tuple[float, float]
) -> None:
    levels = [10.0**-exponent for exponent in exponents]
    necessary = necessary_size(*levels, law=law, quantifier=quantifier)
    computed = sufficient_size(*levels, law=law, quantifier=quantifier)
    closed = sufficient_size(*levels, law=law, quantifier=quantifier, method="closed_form")
    assert 1 <= necessary.size <= computed.size <= closed.size
    assert necessary.status is computed.status is closed.status is Status.PROVED


@given(
    law=LAW,
    quantifier=st.sampled_from(QUANTIFIERS),
    window=WINDOW,
    exponents=st.tuples(st.floats(1, 3), st.floats(0.5, 8)),
    steps=st.tuples(st.floats(0, 1), st.floats(0, 3)),
)
@settings(max_examples=25)
def test_sufficient_is_monotone_in_tolerance_and_failure_probability(
    law: str, quantifier: str, window: float, exponents: tuple[float, float], steps: tuple[float, float]
) -> None:
    loose = [10.0**-exponent for exponent in exponents]
    strict = [level * 10.0**-step for level, step in zip(loose, steps, strict=True)]
    for method in METHODS:
        sizes = [sufficient_size(*levels, law, quantifier, method, window).size for levels in (loose, strict)]
        assert sizes[0] <= sizes[1]


@pytest.mark.parametrize("law", ["uniform", "product", "normal"])
def test_fixed_never_needs_more_than_all_and_small_windows_no_more_than_large(law: str) -> None:
    for level in (0.1, 0.01, 0.001):
        fixed, every = (sufficient_size(level, level, law, quantifier).size for quantifier in QUANTIFIERS)
        assert fixed <= every
        sizes = [sufficient_size(level, level, law, window=window).size for window in (0.25, 0.5, 0.75, 1.0)]
        assert sizes == sorted(sizes)


def test_the_answer_states_what_is_claimed() -> None:
    bound = sufficient_size(0.0125, 0.001, law="product", window=0.5)
    assert (bound.law, bound.quantifier, bound.window, bound.method) == ("product", "fixed", 0.5, "computed")
    assert bound.status == "proved" and "docs/subset-sums.md" in bound.source
    for part in (str(bound.size), "product", "0.0125", "0.001", "|z| <= 0.5"):
        assert part in bound.statement
    needed = necessary_size(0.0125, 0.001, quantifier="all")
    assert needed.method in ("counting", "reach, both ends", "first moment, z = 1", "first moment, average z")
    assert f"fewer than {needed.size} variables" in needed.statement and "0.0125" in needed.statement


def test_a_tolerance_as_large_as_the_window_needs_no_variable() -> None:
    assert sufficient_size(0.3, 0.01, window=0.25).size == 0
    assert sufficient_size(0.24, 0.01, window=0.25).size > 0


def test_extreme_levels_are_answered() -> None:
    """Down to tolerance 1e-13 and failure probability 1e-12, by the program or, beyond its grid, in closed form."""
    for law in ("uniform", "product"):
        for quantifier in QUANTIFIERS:
            bound = sufficient_size(1e-13, 1e-12, law, quantifier)
            assert bound.method == ("computed" if quantifier == "fixed" else "closed_form")
            assert necessary_size(1e-13, 1e-12, law, quantifier).size < bound.size < 2500


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tolerance": 0.0}, "tolerance=0.0 must satisfy 0 < tolerance < 1"),
        ({"tolerance": 1.0}, "tolerance=1.0"),
        ({"tolerance": float("nan")}, "tolerance=nan"),
        ({"tolerance": float("inf")}, "tolerance=inf"),
        ({"failure_probability": -0.1}, "failure_probability=-0.1"),
        ({"failure_probability": 1}, "failure_probability=1"),
        ({"law": "cauchy"}, "law='cauchy' is unknown; choose one of uniform, product, normal, normal_product"),
        ({"quantifier": "some"}, "quantifier='some' is unknown; choose one of fixed, all"),
        ({"method": "guess"}, "method='guess' is unknown; choose one of computed, closed_form"),
        ({"window": 0.0}, "window=0.0 must satisfy 0 < window <= 1"),
        ({"window": 1.5}, "window=1.5"),
        ({"window": float("nan")}, "window=nan"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, float], named: str) -> None:
    arguments = {"tolerance": 0.1, "failure_probability": 0.1} | change
    with pytest.raises(ValueError, match=named):
        sufficient_size(**arguments)
    if not change.keys() & {"method", "window"}:
        with pytest.raises(ValueError, match=named):
            necessary_size(**arguments)
