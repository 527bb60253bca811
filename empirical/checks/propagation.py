"""Checks of parameter tolerances and of the helpers of widths: exact attacks on small networks, exact tails.

Sources: docs/error-propagation.md (Lemma 2.8 repaired), docs/widths.md, section 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np

from bounds import LayerSpec, NetworkSpec, parameter_tolerances
from bounds.widths.assignment import Group, open_class_probability, pool_size
from bounds.widths.spares import SPARE_CANDIDATES, row_failure_allowed
from empirical.checks.draws import limits
from empirical.checks.inequality import Inequality

Matrix = list[list[Fraction]]
Vector = list[Fraction]
NORMS: dict[str, Callable[[Vector], Fraction]] = {"l1": lambda gaps: sum(gaps, Fraction(0)), "linf": max}
_NETWORKS = 220
_TRIALS = 1500


@dataclass(frozen=True)
class PositiveNetwork:
    """Non-negative weights and biases, phi_l(h) = T_l max(0, h), inputs in [0, top]: every supremum is at the top."""

    weights: list[Matrix]
    biases: list[Vector]
    slopes: list[Fraction]
    top: Vector

    def values(self, shifts: list[Fraction]) -> list[tuple[Vector, Vector]]:
        """(pre-activations, activations) of each layer at the top, every parameter of layer l raised by shifts[l]."""
        x, found = self.top, []
        for weight, bias, slope, shift in zip(self.weights, self.biases, self.slopes, shifts, strict=True):
            h = [
                sum(((w + shift) * v for w, v in zip(row, x, strict=True)), b + shift)
                for row, b in zip(weight, bias, strict=True)
            ]
            x = [slope * v for v in h]
            found.append((h, x))
        return found

    def spec(self, enlargement: float) -> NetworkSpec:
        """The numbers of this network; dyadic, so exact in float64."""
        still = [self.top, *(x for _, x in self.values([Fraction(0)] * len(self.weights)))]
        layers = [
            _layer(weight, bias, float(slope), x, enlargement)
            for weight, bias, slope, x in zip(self.weights, self.biases, self.slopes, still, strict=False)
        ]
        return NetworkSpec(tuple(layers), ((0.0,) * len(self.top), tuple(map(float, self.top))))


def _layer(weight: Matrix, bias: Vector, slope: float, x: Vector, enlargement: float) -> LayerSpec:
    columns = [sum(column) for column in zip(*weight, strict=True)]
    return LayerSpec(
        n_in=len(x),
        n_out=len(weight),
        activation="relu",
        lipschitz=slope,
        enlargement=enlargement,
        input_sup=float(max(x)),
        input_l1=float(sum(x)),
        support_l1=float(sum(x)),
        row_sum=float(max(sum(row) for row in weight)),
        column_sum=float(max(columns)),
        max_weight=float(max(max(row) for row in weight)),
        max_bias=float(max(bias)),
        nonzero_weights=sum(w != 0 for row in weight for w in row),
        nonzero_biases=sum(b != 0 for b in bias),
        row_nonzeros=max(sum(w != 0 for w in row) for row in weight),
        one_signed_inputs=len(x),
        two_signed_inputs=0,
    )


def random_network(generator: np.random.Generator) -> PositiveNetwork:
    """Dyadic entries, so that every number of the specification is exact; wide, narrow, flat and steep ones."""

    def dyadic(choices: list[float]) -> Fraction:
        return Fraction(float(generator.choice(choices)))

    widths = [int(generator.choice([1, 1, 2, 5])) for _ in range(int(generator.integers(2, 5)))]
    sizes = [[0.0, 0.25, 1.0, 2.0], [0.125, 0.25], [1.0]][int(generator.integers(3))]
    weights = [[[dyadic(sizes) for _ in range(a)] for _ in range(b)] for a, b in pairwise(widths)]
    biases = [[dyadic([0.0, 0.5]) for _ in range(b)] for b in widths[1:]]
    slopes = [dyadic([0.25, 0.5, 1.0, 2.0]) for _ in widths[1:]]
    return PositiveNetwork(weights, biases, slopes, [dyadic([0.25, 1.0, 2.0]) for _ in range(widths[0])])


def repaired_tolerances(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Lemma 2.8 repaired, l1 and linf: every parameter off by its tolerance, exact error at most eps, range kept."""
    for _ in range(_NETWORKS):
        network = random_network(generator)
        enlargement = float(generator.choice([math.inf, math.inf, 0.25, 2.0**-6]))
        eps = float(generator.choice([0.9, 0.4, 0.05]))
        spec = network.spec(enlargement)
        still = network.values([Fraction(0)] * spec.depth)
        for norm, measure in NORMS.items():
            shifts = [Fraction(value) for value in parameter_tolerances(spec, eps, norm=norm)]
            moved = network.values(shifts)
            gaps = [abs(a - b) for a, b in zip(moved[-1][1], still[-1][1], strict=True)]
            where = f"{norm}, widths {spec.widths}, eps {eps}"
            yield Inequality(f"error of the output, {where}", measure(gaps), Fraction(eps))
            if math.isfinite(enlargement):
                layers = zip(still, moved, strict=True)
                shift = max(b - a for (h, _), (g, _) in layers for a, b in zip(h, g, strict=True))
                yield Inequality(f"shift of a pre-activation, {where}", shift, Fraction(enlargement))


def rounding(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """One layer, n inputs at 1: the tolerance, rounded down, still keeps the exact error below eps."""
    one = Fraction(1)
    for inputs in range(1, 30):
        network = PositiveNetwork([[[one] * inputs]], [[one]], [one], [one] * inputs)
        (shift,) = parameter_tolerances(network.spec(math.inf), 0.1)
        yield Inequality(f"{inputs} inputs", (inputs + 1) * Fraction(shift), Fraction(0.1))


# ---------------------------------------------------------------- pools and spare rows

GROUPS = (
    [Group(1, 1, 5, 0.25)],
    [Group(2, 2, 3, 0.5)],
    [Group(1, 1, 4, 0.25), Group(3, 2, 4, 0.5)],
    [Group(2, 1, 6, 0.5)],
    [Group(1, 8, 1, 0.125)],
    [Group(8, 1, 1, 0.125)],
    [Group(1, 1, 8, 1.0), Group(1, 1, 1, 0.125)],
)


def pools(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Pools filled by drawing classes: some class stays open no more often than bounded, and than delta at the size."""
    for groups in GROUPS:
        for pool in (pool_size(groups, 0.2), pool_size(groups, 0.5)):
            low, _ = limits(np.array([not filled(groups, pool, generator) for _ in range(_TRIALS)]))
            yield Inequality(f"{groups}: open in a pool of {pool}", low, open_class_probability(groups, pool))
        for delta in (0.05, 1e-6):
            pool = pool_size(groups, delta)
            yield Inequality(f"{groups}: open with {delta}", exact_open(groups[-1], groups[:-1], pool), delta)


def filled(groups: list[Group], pool: int, generator: np.random.Generator) -> bool:
    """Whether all classes of all groups are filled when neurons are looked at in order and taken once."""
    free = np.ones(pool, dtype=bool)
    for group in groups:
        for _ in range(group.count):
            drawn = np.floor(generator.uniform(0, 1, pool) / group.probability).astype(int)
            for kind in range(group.classes):
                fitting = np.flatnonzero(free & (drawn == kind))
                if fitting.size < group.need:
                    return False
                free[fitting[: group.need]] = False
    return True


def exact_open(group: Group, before: list[Group], pool: int) -> float:
    """P(the first class of the last single group stays open): a binomial tail, with what others took already gone."""
    left = pool - sum(other.total for other in before) - (group.count - 1) * group.classes * group.need
    return float(binomial_at_most(left, group.probability, group.need - 1))


def binomial_at_most(trials: int, probability: float, most: int) -> mpmath.mpf:
    """P(Bin(trials, probability) <= most), summed at the precision of the checks."""
    return _binomial(trials, probability, range(min(most, trials) + 1))


def binomial_above(trials: int, probability: float, most: int) -> mpmath.mpf:
    """P(Bin(trials, probability) > most), summed at the precision of the checks."""
    return _binomial(trials, probability, range(most + 1, trials + 1))


def _binomial(trials: int, probability: float, counts: range) -> mpmath.mpf:
    p = mpmath.mpf(probability)
    return mpmath.fsum(mpmath.binomial(trials, k) * p**k * (1 - p) ** (trials - k) for k in counts)


def spare_rows(subject: None, generator: np.random.Generator) -> Iterator[Inequality]:
    """Rows failing with the allowed probability: too many fail with at most the share, independent or all together."""
    for need in (1, 4, 30):
        for spares in (s for s in SPARE_CANDIDATES if s <= need):
            for share in (0.2, 1e-3, 1e-9):
                rows = need + spares
                p = row_failure_allowed(need, spares, share, independent=True)
                too_many = float(binomial_above(rows, p, spares))
                yield Inequality(f"{rows} independent rows, {spares} spare", too_many, share * (1 + 1e-9))
                p = row_failure_allowed(need, spares, share, independent=False)
                together = min(p * rows / (spares + 1), 1.0)
                yield Inequality(f"{rows} rows failing {spares + 1} at a time", together, share * (1 + 1e-9))
