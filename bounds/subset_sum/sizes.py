"""How many variables suffice and how many are necessary: the two questions, asked of the registered methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from bounds.densities.law import DensityLaw, law_name
from bounds.subset_sum.closed_form import closed_form, find_closed_form, too_narrow
from bounds.subset_sum.computed import computed_size
from bounds.subset_sum.necessary import necessary_bound
from bounds.subset_sum.queries import QUANTIFIERS, Query, check_choice, check_law, check_open_unit, check_window
from bounds.subset_sum.size_bound import SizeBound, Status
from bounds.subset_sum.variants import VARIANTS, checked_subsets, restricted_necessary

_WHO = {
    "fixed": "for every target |z| <= {window!r} given in advance",
    "all": "with one base set for all targets |z| <= {window!r} at once",
}
_FAILING = {
    "fixed": "some |z| <= {window!r} given in advance fails",
    "all": "not all |z| <= {window!r} are served at once",
}
_SOURCES = {
    "closed_form": "docs/subset-sums.md, Theorem R and Corollaries 2-4; for B22 Cor. A.2",
    "computed": "docs/subset-sums.md, Theorem 7",
    "empty": "docs/subset-sums.md: the empty subset",
}


def _by_closed_form(query: Query) -> tuple[int, str]:
    """Return the size in closed form, and that it was this."""
    return closed_form(query).size, "closed_form"


def _by_computation(query: Query) -> tuple[int, str]:
    """Return the better of the dynamic program and the closed form, and which one it was."""
    explicit, computed = find_closed_form(query), computed_size(query)
    sizes = {"closed_form": None if explicit is None else explicit.size, "computed": computed}
    found = [(size, method) for method, size in sizes.items() if size is not None]
    if not found:
        raise too_narrow(query)
    return min(found)


METHODS: dict[str, Callable[[Query], tuple[int, str]]] = {"computed": _by_computation, "closed_form": _by_closed_form}


def sufficient_size(
    tolerance: float,
    failure_probability: float,
    law: str | DensityLaw = "uniform",
    quantifier: str = "fixed",
    method: str = "computed",
    window: float = 1.0,
    subsets: str = "any",
    subset_size: int | None = None,
    smallest: float = 0.0,
) -> SizeBound:
    """Return a proved number of variables that suffices for random subset sums.

    With ``.size`` i.i.d. variables, P(some subset sum is within ``tolerance`` of z) >= 1 - ``failure_probability``.

    ``tolerance``, ``failure_probability``  in (0, 1).
    ``law``         "uniform" U[-1,1], "product" UU, "normal", "normal_product", or a ``Law.from_density(...)``.
    ``quantifier``  "fixed": for every |z| <= window given in advance; "all": one base set serves all |z| <= window.
    ``method``      "computed" (never worse) or "closed_form"; ``.method`` of the result says which argument won.
    ``window``      in (0, 1].
    ``subsets``     "any"; "at_most" or "exactly" ``subset_size`` variables; "one_sign": only variables of z's sign.
    ``smallest``    only |z| >= smallest is asked for ("one_sign" needs about 1/|z| variables more the smaller |z| is).

    Returns a :class:`SizeBound` with status "proved". Sizes never grow with the tolerance or the failure probability.
    Raises ValueError outside these ranges. Source: docs/subset-sums.md.

    >>> sufficient_size(0.01, 0.01, quantifier="all", method="closed_form").size
    56
    >>> from sympy import Abs, exp, Symbol
    >>> from bounds.laws import Law
    >>> sufficient_size(0.01, 0.01, law=Law.from_density(exp(-Abs(Symbol("x", real=True))) / 2, "laplace")).size
    35
    >>> sufficient_size(0.01, 0.01, subsets="at_most", subset_size=5).size
    55
    """
    query = _checked("sufficient_size", tolerance, failure_probability, law, quantifier, window)
    check_choice("sufficient_size", "method", method, METHODS)
    restriction = checked_subsets("sufficient_size", subsets, subset_size, smallest, query.window)
    if restriction.kind in VARIANTS:
        if method != "computed":
            raise ValueError(f"sufficient_size: method={method!r} serves subsets='any' only; use method='computed'")
        return _sufficient_restricted(replace(query, subsets=restriction))
    return _sufficient(query, method)


def _checked(
    call: str, tolerance: float, failure_probability: float, law: str | DensityLaw, quantifier: str, window: float
) -> Query:
    """Return the question after the checks that both entries share."""
    check_open_unit(call, tolerance=tolerance, failure_probability=failure_probability)
    check_window(call, window)
    check_law(call, law)
    check_choice(call, "quantifier", quantifier, QUANTIFIERS)
    return Query(float(tolerance), float(failure_probability), law, quantifier, float(window))


@lru_cache(maxsize=65536)
def _sufficient(query: Query, method: str) -> SizeBound:
    """Answer a checked query about any subset."""
    size, won = (0, "empty") if query.tolerance >= query.window else METHODS[method](query)
    return _sufficient_bound(query, size, won, _SOURCES[won], "")


@lru_cache(maxsize=65536)
def _sufficient_restricted(query: Query) -> SizeBound:
    """Answer a checked query about restricted subsets."""
    variant = VARIANTS[query.subsets.kind]
    empty = variant.serves_zero and query.tolerance >= query.window
    size = 0 if empty else variant.sufficient(query, lambda any_subset: _sufficient(any_subset, "computed").size)
    return _sufficient_bound(query, size, query.subsets.kind, variant.source, variant.who)


def _sufficient_bound(query: Query, size: int, method: str, source: str, which: str) -> SizeBound:
    """Return the bound with its sentence."""
    sums = f"a sum {which.format(size=query.subsets.size)}" if which else "a subset sum"
    least = f", |z| >= {query.subsets.smallest!r}" if query.subsets.smallest else ""
    return SizeBound(
        size=size,
        law=law_name(query.law),
        quantifier=query.quantifier,
        method=method,
        window=query.window,
        status=Status.PROVED,
        source=source,
        statement=(
            f"{size} i.i.d. variables of the law {law_name(query.law)} have {sums} within {query.tolerance!r}, "
            f"{_WHO[query.quantifier].format(window=query.window)}{least}, "
            f"with probability at least 1 - {query.failure_probability!r}"
        ),
    )


def necessary_size(
    tolerance: float,
    failure_probability: float,
    law: str | DensityLaw = "uniform",
    quantifier: str = "fixed",
    window: float = 1.0,
    subsets: str = "any",
    subset_size: int | None = None,
    smallest: float = 0.0,
) -> SizeBound:
    """Return a proved number of variables below which random subset sums fail too often.

    "fixed": with fewer variables some |z| <= window fails with probability > ``failure_probability``.
    "all": with fewer, "one base set serves all |z| <= window" fails with probability > ``failure_probability``.

    Arguments as in :func:`sufficient_size`. Returns a :class:`SizeBound`, ``.method`` naming the bound that won.
    Raises ValueError for bad arguments. Source: docs/subset-sums.md, sections 5 and 9; theory 2.3.

    >>> necessary_size(0.01, 0.01).size, necessary_size(0.01, 0.01, subsets="at_most", subset_size=5).size
    (15, 15)
    """
    query = _checked("necessary_size", tolerance, failure_probability, law, quantifier, window)
    restriction = checked_subsets("necessary_size", subsets, subset_size, smallest, query.window)
    return _necessary(replace(query, subsets=restriction) if restriction.kind in VARIANTS else query)


@lru_cache(maxsize=4096)
def _necessary(query: Query) -> SizeBound:
    """Answer a checked query."""
    restricted = query.subsets.kind in VARIANTS
    size, method = restricted_necessary(query) if restricted else necessary_bound(query)
    which = f", by sums {VARIANTS[query.subsets.kind].who.format(size=query.subsets.size)}," if restricted else ""
    return SizeBound(
        size=size,
        law=law_name(query.law),
        quantifier=query.quantifier,
        method=method,
        window=query.window,
        status=Status.PROVED,
        source=f"docs/subset-sums.md, section {9 if restricted else 5}",
        statement=(
            f"with fewer than {size} variables of the law {law_name(query.law)}{which} "
            f"{_FAILING[query.quantifier].format(window=query.window)} "
            f"at tolerance {query.tolerance!r} with probability > {query.failure_probability!r}"
        ),
    )
