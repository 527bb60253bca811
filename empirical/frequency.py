"""How often random subset sums succeed, with truly conservative intervals, and the size from which on it suffices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirical.binomial import clopper_pearson
from empirical.first_sizes import first_sizes

__all__ = ["Frequency", "MeasuredSize", "clopper_pearson", "measured_size", "success_frequency"]


@dataclass(frozen=True, slots=True)
class Frequency:
    """``successes`` out of ``trials``; the success probability lies in [lower, upper] at the confidence asked for."""

    successes: int
    trials: int
    lower: float
    upper: float

    @classmethod
    def of(cls, successes: int, trials: int, confidence: float = 0.95) -> Frequency:
        """Return the frequency with its Clopper-Pearson interval."""
        return cls(successes, trials, *clopper_pearson(successes, trials, confidence))


@dataclass(frozen=True, slots=True)
class MeasuredSize:
    """The least size whose success frequency's lower limit reaches what was asked; None if no size tried does.

    ``successes[m]`` counts the trials that size m serves; all sizes use the same trials, so it never decreases with m.
    """

    size: int | None
    successes: tuple[int, ...]
    trials: int
    confidence: float

    def frequency(self, size: int) -> Frequency:
        """Return the frequency of one of the sizes tried."""
        return Frequency.of(self.successes[size], self.trials, self.confidence)


def success_frequency(
    size: int,
    tolerance: float,
    law: str = "uniform",
    trials: int = 10_000,
    seed: int = 0,
    target: float | None = 1.0,
    confidence: float = 0.95,
) -> Frequency:
    """Return how often ``size`` i.i.d. variables have a subset sum within ``tolerance`` of ``target``.

    Every subset is searched. Draws depend on (seed, trial, position) alone: the same for any number of threads.

    ``law``     a key of ``bounds.laws.LAWS``.
    ``size``    0 to 44.
    ``target``  any finite number; None: z ~ U[-1, 1], drawn for each trial.

    Returns a :class:`Frequency` at ``confidence``. Raises ValueError for bad arguments.

    >>> success_frequency(0, 0.5, trials=10, target=0.1).successes
    10
    """
    sizes = first_sizes(law, tolerance, trials, seed, target, max_size=size)
    return Frequency.of(int(np.count_nonzero(sizes <= size)), trials, confidence)


def measured_size(
    tolerance: float,
    failure_probability: float,
    law: str = "uniform",
    target: float | None = 1.0,
    trials: int = 10_000,
    seed: int = 0,
    max_size: int = 36,
    confidence: float = 0.95,
) -> MeasuredSize:
    """Return the least size whose success frequency's lower limit reaches 1 - ``failure_probability``.

    With few trials the lower limit may never get there: then ``.size`` is None. Arguments as in
    :func:`success_frequency`; ``max_size`` is the largest size tried.
    """
    sizes = first_sizes(law, tolerance, trials, seed, target, max_size)
    successes = np.cumsum(np.bincount(sizes, minlength=max_size + 2))[: max_size + 1].tolist()
    wanted = 1 - failure_probability
    likely = (size for size, count in enumerate(successes) if count >= wanted * trials)
    reached = (size for size in likely if clopper_pearson(successes[size], trials, confidence)[0] >= wanted)
    return MeasuredSize(next(reached, None), tuple(successes), trials, confidence)
