"""How many variables are enough for a given number of usable ones: binomial tails, certified."""

from __future__ import annotations

from functools import lru_cache

from flint import arb

from bounds.arithmetic import ball, certainly_at_most, working_precision

_MOST_TRIALS = 1 << 40
_STEP = 1 + 2.0**-20


@lru_cache(maxsize=65536)
def least_trials(successes: int, probability: float, failure_probability: float) -> int:
    """Return m with P(Bin(m, p) < ``successes``) <= ``failure_probability`` for every p >= ``probability``.

    ``successes`` >= 1, ``probability`` and ``failure_probability`` in (0, 1]. The least such m is looked for in float64
    and the inequality then proved in ball arithmetic, for a larger m if need be.
    Raises ValueError when m would be beyond 2^40.

    >>> least_trials(1, 0.5, 0.01), least_trials(10, 1.0, 0.01), least_trials(10, 0.5, 0.01)
    (7, 10, 33)
    """
    if probability >= 1:
        return successes
    found = _least_in_floats(successes, probability, failure_probability)
    while not enough_trials(found, successes, probability, failure_probability):
        found = max(found + 1, round(found * _STEP))
    return found


def _least_in_floats(successes: int, probability: float, failure_probability: float) -> int:
    """The least m by bisection on the binomial distribution function in float64."""
    from scipy.special import bdtr  # takes a tenth of a second to import

    low, high = successes - 1, max(successes, round(successes / probability))
    while bdtr(successes - 1, high, probability) > failure_probability:
        low, high = high, 2 * high
        if high > _MOST_TRIALS:
            raise ValueError(
                f"least_trials: probability={probability!r} needs more than 2^40 trials; use variables of a wider law"
            )
    while high - low > 1:
        middle = (low + high) // 2
        enough = bdtr(successes - 1, middle, probability) <= failure_probability
        low, high = (low, middle) if enough else (middle, high)
    return high


@working_precision
def enough_trials(trials: int, successes: int, probability: float, failure_probability: float) -> bool:
    """Return whether P(Bin(trials, p) < successes) <= failure_probability is proved for every p >= probability."""
    return trials >= successes and _proved(trials, successes, probability, failure_probability)


def _proved(trials: int, successes: int, probability: float, failure_probability: float) -> bool:
    """Whether P(Bin(trials, probability) < successes) <= failure_probability is certain."""
    miss = 1 - ball(probability)
    tail = miss.beta_lower(ball(trials - successes + 1), ball(successes), regularized=True)
    return certainly_at_most(tail if tail.is_finite() else arb(1), ball(failure_probability)) is True
