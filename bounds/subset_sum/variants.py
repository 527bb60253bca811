"""The registry of which subsets may serve a target: any, of at most or exactly k variables, of one sign."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from bounds.arithmetic import is_finite_real
from bounds.subset_sum.limited_necessary import (
    SuccessBound,
    at_most_bounds,
    exactly_bounds,
    least_size,
    one_sign_bounds,
)
from bounds.subset_sum.limited_size import at_most_size, exactly_size
from bounds.subset_sum.one_sign import one_sign_size
from bounds.subset_sum.queries import ANY, Query, Subsets, check_choice


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of subset.

    ``who``          which subsets, for statements; ``{size}`` is k.
    ``sufficient``   a proved sufficient size, given the size for any subset.
    ``bounds``       upper bounds of the success probability as functions of the number of variables.
    ``takes_size``   whether it is about subsets of k variables.
    ``serves_zero``  whether the empty subset is allowed, so that |z| <= tolerance needs no variable.
    ``source``       where its proof is.
    """

    who: str
    sufficient: Callable[[Query, Callable[[Query], int]], int]
    bounds: Callable[[Query], dict[str, SuccessBound]]
    takes_size: bool
    serves_zero: bool
    source: str


VARIANTS: dict[str, Variant] = {
    "at_most": Variant(
        "of at most {size} of them", at_most_size, at_most_bounds, True, True, "docs/subset-sums.md, Theorem 11"
    ),
    "exactly": Variant(
        "of exactly {size} of them",
        lambda query, unrestricted: exactly_size(query),
        exactly_bounds,
        True,
        False,
        "docs/subset-sums.md, Theorem 11 and Corollary 12",
    ),
    "one_sign": Variant(
        "of variables with the target's sign",
        lambda query, unrestricted: one_sign_size(query),
        one_sign_bounds,
        False,
        True,
        "docs/subset-sums.md, Theorem 13",
    ),
}
KINDS = (ANY.kind, *VARIANTS)


def checked_subsets(call: str, kind: str, size: int | None, smallest: float, window: float) -> Subsets:
    """Return the restriction asked for; ValueError names what does not fit."""
    check_choice(call, "subsets", kind, KINDS)
    takes_size = kind in VARIANTS and VARIANTS[kind].takes_size
    if takes_size != (size is not None):
        raise ValueError(
            f"{call}: subsets={kind!r} "
            + ("needs subset_size=k, the number of variables" if takes_size else f"takes no subset_size={size!r}")
        )
    if size is not None and not _is_whole(size):
        raise ValueError(f"{call}: subset_size={size!r} must be a whole number >= 1; give the number of variables")
    if not (is_finite_real(smallest) and 0 <= smallest <= window):
        raise ValueError(f"{call}: smallest={smallest!r} must satisfy 0 <= smallest <= window={window!r}")
    return Subsets(kind, None if size is None else operator.index(size), float(smallest))


def _is_whole(size: int) -> bool:
    try:
        return not isinstance(size, bool) and operator.index(size) >= 1
    except TypeError:
        return False


def restricted_necessary(query: Query) -> tuple[int, str]:
    """Return the largest lower bound on the size for a restricted kind of subset, and its name."""
    return least_size(VARIANTS[query.subsets.kind].bounds(query), 1 - Fraction(query.failure_probability))
