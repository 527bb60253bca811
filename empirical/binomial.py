"""Clopper-Pearson limits that are truly conservative: nudged outward until the binomial tail is proved small enough.

For k successes in n trials at confidence 1 - alpha the limits are the L and U with

    P(Bin(n, L) >= k) = I_L(k, n - k + 1) = alpha/2,      P(Bin(n, U) <= k) = 1 - I_U(k + 1, n - k) = alpha/2.

Library routines return a nearby float, sometimes on the wrong side. Here the float is moved outward until the tail, in
ball arithmetic, is certainly at most alpha/2. Source: Clopper and Pearson 1934.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from flint import arb
from scipy.special import betaincinv

from bounds.arithmetic import ball, certainly_at_most, is_finite_real, working_precision

_FIRST_NUDGE = 2.0**-53


@lru_cache(maxsize=65536)
@working_precision
def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return (lower, upper) with coverage at least ``confidence`` for every success probability.

    Assumptions: independent trials with one success probability. 0 <= ``successes`` <= ``trials``, ``trials`` >= 1,
    0 < ``confidence`` < 1 (read as the decimal it is written as).

    Returns floats with P(Bin(trials, lower) >= successes) <= alpha/2 and P(Bin(trials, upper) <= successes) <= alpha/2,
    both proved.
    Raises ValueError for impossible counts.

    >>> lower, upper = clopper_pearson(0, 100)
    >>> lower, round(upper, 4)
    (0.0, 0.0362)
    """
    if not (0 <= successes <= trials and trials >= 1 and is_finite_real(confidence) and 0 < confidence < 1):
        raise ValueError(
            f"clopper_pearson: successes={successes}, trials={trials}, confidence={confidence!r} must satisfy "
            "0 <= successes <= trials, trials >= 1 and 0 < confidence < 1; check the counts"
        )
    lower, upper = unnudged_limits(successes, trials, confidence)
    tail = (1 - ball(str(confidence))) / 2
    return (
        _outward(lower, -1, lambda p: certainly_at_most(upper_tail(successes, trials, p), tail) is True),
        _outward(upper, 1, lambda p: certainly_at_most(lower_tail(successes, trials, p), tail) is True),
    )


def unnudged_limits(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """Return the limits as the library gives them; either may be on the wrong side in its last digits."""
    half = (1 - confidence) / 2
    lower = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, half))
    upper = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1 - half))
    return lower, upper


def upper_tail(successes: int, trials: int, probability: float) -> arb:
    """Return the ball P(Bin(trials, probability) >= successes)."""
    if successes == 0 or probability in (0.0, 1.0):
        return arb(1 if successes == 0 or probability == 1.0 else 0)
    return ball(probability).beta_lower(ball(successes), ball(trials - successes + 1), regularized=True)


def lower_tail(successes: int, trials: int, probability: float) -> arb:
    """Return the ball P(Bin(trials, probability) <= successes)."""
    return 1 - upper_tail(successes + 1, trials, probability) if successes < trials else arb(1)


def _outward(limit: float, direction: int, proved: Callable[[float], bool]) -> float:
    """Return the first of limit, limit +- 1, 2, 4, ... units of 2^-53 (relative) that is proved; 0 and 1 always are."""
    end = 0.0 if direction < 0 else 1.0
    nudge = 0.0
    while limit != end and not proved(limit):
        nudge = max(_FIRST_NUDGE, 2 * nudge)
        limit = math.nextafter(limit * (1 + direction * nudge), direction * math.inf)
        limit = min(1.0, max(0.0, limit))
    return limit
