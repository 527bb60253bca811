r"""Per-layer tolerances: the error budget split over the layers so that the ticket needs the fewest variables.

The repaired forms give every layer the share eps/L. A subset sum for a parameter of layer l needs about log(1/eps_l)
variables, so the split that minimises

    sum_l N_l log(1/eps_l),   N_l the number of nonzero parameters of layer l,   subject to  e_L <= eps,

is better: e_L is the end of the error recursion itself, e_0 = 0 and

    linf  e_l = T_l (eps_l (1 + M_{l-1}) + (R_l + n_{l-1} eps_l) e_{l-1})
    l1    e_l = T_l (n_l eps_l (1 + M_{l-1}) + (C_l + n_l eps_l) e_{l-1}).

e_L is a polynomial with non-negative coefficients, so in log eps_l the problem is convex; at the optimum the share
of layer l in d e_L / d log eps_l is N_l / N. A float iteration looks for it; the result is then scaled so that the
recursion, evaluated exactly in rationals, ends below eps. Proofs: ``docs/error-propagation.md``. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bounds.network import LayerSpec, NetworkSpec

_ROUNDS = 80
_DAMPING = 0.7
_BISECTIONS = 48
_LARGEST_SCALE = 4


@dataclass(frozen=True, slots=True)
class Recursion:
    """One norm's recursion: e = T (count eps (1 + M) + (size + width eps) e_below)."""

    count: Callable[[LayerSpec], int]
    size: Callable[[LayerSpec], float]
    width: Callable[[LayerSpec], int]

    def errors(self, spec: NetworkSpec, tolerances: Sequence[Fraction]) -> list[Fraction]:
        """Return e_1, ..., e_L, exactly."""
        error, errors = Fraction(0), []
        for layer, eps in zip(spec.layers, tolerances, strict=True):
            own = self.count(layer) * eps * (1 + Fraction(layer.input_l1))
            passed = (Fraction(self.size(layer)) + self.width(layer) * eps) * error
            error = Fraction(layer.lipschitz) * (own + passed)
            errors.append(error)
        return errors

    def elasticities(self, spec: NetworkSpec, tolerances: Sequence[float]) -> tuple[float, list[float]]:
        """Return e_L and eps_l d e_L / d eps_l, in float64."""
        below, error = [], 0.0
        for layer, eps in zip(spec.layers, tolerances, strict=True):
            below.append(error)
            own = self.count(layer) * eps * (1 + layer.input_l1)
            error = layer.lipschitz * (own + (self.size(layer) + self.width(layer) * eps) * error)
        final, gain, result = error, 1.0, []
        for layer, eps, error in zip(reversed(spec.layers), reversed(tolerances), reversed(below), strict=True):
            gain *= layer.lipschitz
            result.append(eps * gain * (self.count(layer) * (1 + layer.input_l1) + self.width(layer) * error))
            gain *= self.size(layer) + self.width(layer) * eps
        return final, result[::-1]


RECURSIONS: dict[str, Recursion] = {
    "linf": Recursion(lambda layer: 1, lambda layer: layer.row_sum, lambda layer: layer.n_in),
    "l1": Recursion(lambda layer: layer.n_out, lambda layer: layer.column_sum, lambda layer: layer.n_out),
}


def variables_needed(spec: NetworkSpec, tolerances: Sequence[Fraction | float]) -> float:
    """Return sum_l N_l log(1/eps_l), the number of variables up to a constant factor."""
    counts = _counts(spec)
    return math.fsum(-count * math.log(eps) for count, eps in zip(counts, tolerances, strict=True))


def per_layer(
    spec: NetworkSpec,
    eps: Fraction,
    norm: str,
    repaired: Sequence[Fraction],
    within_range: Callable[[Sequence[Fraction]], bool],
) -> list[Fraction]:
    """Return tolerances whose recursion ends at most at ``eps``, with :func:`variables_needed` at most the repaired's.

    ``repaired`` are proved tolerances to fall back to; ``within_range`` says whether Lipschitz constants still hold.
    """
    recursion = RECURSIONS[norm]
    direction = [Fraction(value) for value in _direction(spec, float(eps), recursion)]

    def allowed(scale: Fraction) -> bool:
        tolerances = [scale * value for value in direction]
        return recursion.errors(spec, tolerances)[-1] <= eps and within_range(tolerances)

    low, high = Fraction(0), Fraction(_LARGEST_SCALE)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    found = [low * value for value in direction]
    better = low > 0 and variables_needed(spec, found) < variables_needed(spec, repaired)
    return found if better else list(repaired)


def _counts(spec: NetworkSpec) -> list[int]:
    return [max(1, layer.nonzero_weights + layer.nonzero_biases) for layer in spec.layers]


def _direction(spec: NetworkSpec, eps: float, recursion: Recursion) -> list[float]:
    """Return tolerances near the optimum; layers that do not reach the output get ``eps``."""
    total = sum(_counts(spec))
    shares = [count / total for count in _counts(spec)]
    tolerances = [eps / spec.depth] * spec.depth
    for _ in range(_ROUNDS):
        error, parts = recursion.elasticities(spec, tolerances)
        if error == 0:
            return [eps] * spec.depth
        wanted = (
            math.fsum(parts) * eps / error
        )  # the fixed point has the parts in the ratio of the shares and e_L = eps
        triples = zip(tolerances, shares, parts, strict=True)
        tolerances = [t * (share * wanted / part) ** _DAMPING if part > 0 else eps for t, share, part in triples]
    return tolerances
