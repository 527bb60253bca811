r"""The sum S_k of k independent U[-1, 1], exactly, in integers.

With y = (x + k)/2:  P(S_k <= x) = (1/k!) sum_{j <= y} (-1)^j C(k, j) (y - j)^k   (Irwin-Hall).
Its terms alternate and cancel, so floats are useless beyond k = 20; here everything is an exact fraction.
"""

from __future__ import annotations

import math
from fractions import Fraction


def distribution(k: int, x: Fraction, integrals: int = 0) -> Fraction:
    """Return P(S_k <= x), integrated ``integrals`` more times from -oo to x; k >= 1.

    >>> distribution(2, Fraction(0)), distribution(1, Fraction(1), integrals=1)
    (Fraction(1, 2), Fraction(1, 1))
    """
    shifted = (x + k) / 2
    if shifted <= 0:
        return Fraction(0)
    power = k + integrals
    n, d = shifted.numerator, shifted.denominator
    total = sum((-1) ** j * math.comb(k, j) * (n - j * d) ** power for j in range(min(k, n // d) + 1))
    return Fraction(total * 2**integrals, math.factorial(power) * d**power)


def near(k: int, target: Fraction, tolerance: Fraction) -> Fraction:
    """Return P(|S_k - target| <= tolerance), k >= 1."""
    return distribution(k, target + tolerance) - distribution(k, target - tolerance)


def near_on_average(k: int, tolerance: Fraction) -> Fraction:
    """Return P(|S_k - z| <= tolerance) for z ~ U[-1, 1] independent of S_k, k >= 1."""
    high = distribution(k, 1 + tolerance, 1) - distribution(k, -1 + tolerance, 1)
    low = distribution(k, 1 - tolerance, 1) - distribution(k, -1 - tolerance, 1)
    return (high - low) / 2


def out_of_reach(size: int, distance: Fraction) -> Fraction:
    """Return P(the positive ones among ``size`` independent U[-1, 1] sum to less than ``distance``), 0 < distance <= 1.

    K of them are positive with probability C(size, K)/2^size, and then P(sum < x) = x^K/K! for x <= 1.
    """
    n, d = distance.numerator, distance.denominator
    total = sum(math.comb(size, k) * n**k * d ** (size - k) * math.perm(size, size - k) for k in range(size + 1))
    return Fraction(total, math.factorial(size) * (2 * d) ** size)
