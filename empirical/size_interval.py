"""The least base-set size for a failure probability, as a confidence interval from one set of trials."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from empirical.binomial import clopper_pearson


@dataclass(frozen=True, slots=True)
class SizeInterval:
    """The least size m* that fails with probability at most delta satisfies ``lower`` <= m* <= ``upper``.

    ``upper`` is None where the trials decide for no size tried. The interval holds with the confidence asked for.
    """

    lower: int
    upper: int | None


def size_interval(
    successes: Sequence[int], trials: int, failure_probability: float, confidence: float = 0.95
) -> SizeInterval:
    """Return the confidence interval of the least size m* with success probability >= 1 - ``failure_probability``.

    ``lower`` = 1 + the last m whose upper Clopper-Pearson limit is below 1 - delta; ``upper`` = the first m whose lower
    limit is at least 1 - delta. ``successes[m]`` counts the trials that m variables serve; all sizes share the trials,
    so it never decreases. Then one interval is enough for all m: ``upper`` < m* needs an error at m* - 1 alone,
    ``lower`` > m* one at m* alone, each of probability at most (1 - ``confidence``)/2.

    Returns a :class:`SizeInterval`. Source: Clopper and Pearson 1934; the two lines above.

    >>> size_interval([0, 500, 899, 940, 990], 1000, 0.1)
    SizeInterval(lower=2, upper=3)
    """
    wanted = 1 - failure_probability
    sizes = range(len(successes))
    excluded = bisect_left(sizes, 1, key=lambda m: clopper_pearson(successes[m], trials, confidence)[1] >= wanted)
    reached = bisect_left(sizes, 1, key=lambda m: clopper_pearson(successes[m], trials, confidence)[0] >= wanted)
    return SizeInterval(excluded, reached if reached < len(successes) else None)


def trials_needed(failure_probability: float, confidence: float = 0.95) -> int:
    """Return the least number of trials that can show a failure probability: all succeed, the lower limit reaches it.

    (alpha/2)^(1/n) >= 1 - delta, n >= ln(2/alpha)/-ln(1 - delta); about 3.7/delta at 95 %.

    >>> trials_needed(0.01), trials_needed(1e-6)
    (368, 3688878)
    """
    return math.ceil(math.log(2 / (1 - confidence)) / -math.log1p(-failure_probability))
