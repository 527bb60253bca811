"""Small target networks that the tests of the builder share."""

from itertools import pairwise

import numpy as np

from constructions.target import TargetNetwork


def random_target(
    activation: str,
    widths: tuple[int, ...],
    seed: int,
    lower: float = -1.0,
    density: float = 1.0,
    scale: float = 1.0,
    zero_biases: bool = False,
    output: str = "identity",
) -> TargetNetwork:
    """Return a network with U(-scale, scale) parameters on [lower, 1]^n_0."""
    generator = np.random.default_rng(seed)
    weights, biases = [], []
    for n_in, n_out in pairwise(widths):
        kept = generator.random((n_out, n_in)) < density
        weights.append(generator.uniform(-scale, scale, (n_out, n_in)) * kept)
        biases.append(generator.uniform(-scale, scale, n_out) * (not zero_biases))
    names = [activation] * (len(widths) - 2) + [output]
    return TargetNetwork(weights, biases, names, ([lower] * widths[0], [1.0] * widths[0]))


def samples(target: TargetNetwork, count: int = 500) -> np.ndarray:
    """Return inputs from the target's box, corners included with probability one half each."""
    generator = np.random.default_rng(11)
    lower, upper = target.domain
    inside = generator.uniform(lower, upper, (count, len(lower)))
    corners = np.where(generator.random((count, len(lower))) < 0.5, lower, upper)
    return np.concatenate([inside, corners])
