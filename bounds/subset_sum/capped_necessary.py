r"""How many variables are necessary if sum |X_k| over the subset must stay below a cap: log^2, not log.

X_1..X_m i.i.d. U[-1,1], a target |z| > eta. Union bound over the subsets of k variables; given k - 1 of them the last
one hits with probability at most eta, and the k - 1 satisfy sum |X| <= B with probability at most B^(k-1)/(k-1)!:

    P(some I: |sum_I X - z| <= eta, sum_I |X| <= B) <= eta sum_{k>=1} C(m,k) min(1, B^(k-1)/(k-1)!).

The largest term is about exp(2 sqrt(m B)), so m >= (1 + o(1)) ln^2(1/eta)/(4 B): a bounded amplification costs log^2
many copies, and copies of the order log(1/eta), as printed in B22 Thm 2.9, force an amplification of that order too.
Source: ours (docs/amplification.md, Theorem A1).
"""

from __future__ import annotations

from fractions import Fraction

from bounds.arithmetic import is_finite_real
from bounds.subset_sum.queries import check_open_unit

_NEGLIGIBLE = 2**60
_MOST = 4096


def capped_success_bound(size: int, tolerance: float, cap: float) -> Fraction:
    """Return the upper bound above of the success probability (it may exceed 1), exactly or at most 2^-60 above.

    Once the terms fall by half each and are that small, the last one stands for all that follow.

    >>> float(capped_success_bound(24, 1e-3, 2.5)) > 1 > float(capped_success_bound(10, 1e-3, 1.0))
    True
    """
    _check_cap("capped_success_bound", cap)
    limit, total = Fraction(cap), Fraction(0)
    subsets, volume = 1, Fraction(1)
    for k in range(1, size + 1):
        subsets = subsets * (size - k + 1) // k
        volume *= limit / (k - 1) if k > 1 else 1
        term = subsets * min(Fraction(1), volume)
        total += term
        if volume < 1 and (size - k) * limit <= Fraction(k * (k + 1), 2) and term < total / _NEGLIGIBLE:
            total += term
            break
    return Fraction(tolerance) * total


def _check_cap(call: str, cap: float) -> None:
    if not (is_finite_real(cap) and cap > 0):
        raise ValueError(f"{call}: cap={cap!r} must be a positive number; take for example 2.0")


def capped_necessary_size(tolerance: float, failure_probability: float, cap: float) -> int:
    """Return m such that fewer variables have no subset of sum |X_k| <= ``cap`` with probability 1 - delta.

    For one target |z| > ``tolerance`` given in advance. ``cap`` > 0. At most 4096, which is necessary wherever more is.
    Raises ValueError for values out of range.

    >>> capped_necessary_size(1e-6, 0.01, 2.0), capped_necessary_size(1e-6, 0.01, 8.0)
    (31, 20)
    """
    check_open_unit("capped_necessary_size", tolerance=tolerance, failure_probability=failure_probability)
    _check_cap("capped_necessary_size", cap)
    wanted = 1 - Fraction(failure_probability)
    high = 1
    while high < _MOST and capped_success_bound(high, tolerance, cap) < wanted:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if capped_success_bound(middle, tolerance, cap) < wanted:
            low = middle
        else:
            high = middle
    return high
