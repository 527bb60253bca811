"""Checks of what is made of one activation: blocks of helper neurons, constants, whole tickets.

Sources: B22 Thms 2.5 and 2.6; docs/widths.md, sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import mpmath
import numpy as np

import bounds
import constructions
from bounds import Activation
from bounds.widths.blocks import Block, choose_block
from bounds.widths.constants import Constant, constant_target, helper_constant, pruned_constant
from empirical.checks.inequality import Inequality, true
from empirical.checks.point_values import PointValues, number

_FLOATS = 1e-12
_SCALE = 2.0**-3
_WEIGHT = mpmath.mpf(5) / 8
_BELOW = Constant(0.5, 0.875)
_DRAWS = 96
_PROMISED, _FAILURE = 0.1, 0.1

Neurons = list[tuple[Any, Any]]


def blocks_of(activation: Activation) -> list[Block]:
    """The block the package chooses, and looks-linear pairs."""
    return [choose_block(activation), choose_block(activation, force_pairs=True)]


def value(block: Block, phi: Callable[[Any], Any], neurons: Neurons, x: Any) -> Any:
    """What helper neurons (u, v) compute from x; for pairs also (-u, -v)."""
    single = sum(v * phi(u * x) for u, v in neurons)
    return single if block.rule.neurons_per_variable == 1 else single - sum(v * phi(-u * x) for u, v in neurons)


def neurons_with_sum(product_sum: Any, sign: int, generator: np.random.Generator) -> Neurons:
    """Three neurons of one sign of u, |u| <= s, with sum v u as asked."""
    scales = [sign * _SCALE, *(sign * _SCALE * float(t) for t in generator.uniform(0.3, 1, 2))]
    parts = [mpmath.mpf(float(t)) for t in generator.uniform(-1, 1, 2)]
    parts.insert(0, product_sum - sum(parts))
    return [(mpmath.mpf(u), part / u) for u, part in zip(scales, parts, strict=True)]


def blocks(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """|block(x) - w x| <= eta kappa |x| + N sigma r, whenever every base set's sum is within eta of w."""
    phi = PointValues.of(activation.expression).phi
    for block in blocks_of(activation):
        for eta in (mpmath.mpf(0), mpmath.mpf(1) / 50):
            yield from _two_signed(block, phi, eta, generator)
            yield from _one_signed(block, phi, eta, generator)


def _two_signed(block: Block, phi: Any, eta: Any, generator: np.random.Generator) -> Iterator[Inequality]:
    """Inputs of both signs: every combination of errors of the base sets."""
    signs = (1, -1) if block.rule.split else (1,)
    factor = block.two_signed_factor * mpmath.sign(number(block.activation.m_plus + block.activation.m_minus))
    for errors in product((-eta, eta), repeat=len(signs)):
        neurons = [
            neuron
            for sign, error in zip(signs, errors, strict=True)
            for neuron in neurons_with_sum((_WEIGHT + error) / factor, sign, generator)
        ]
        for x in (-1.0, -0.5, 0.25, 1.0):
            yield _close(block, phi, neurons, x, eta * block.amplification)


def _one_signed(block: Block, phi: Any, eta: Any, generator: np.random.Generator) -> Iterator[Inequality]:
    """Inputs of one sign: one base set, on the steeper side if the block splits signs."""
    side = 1 if block.positive_side else -1
    slope = block.activation.m_plus if block.positive_side else block.activation.m_minus
    exact = slope if block.rule.neurons_per_variable == 1 else block.activation.m_plus + block.activation.m_minus
    factor = block.one_signed_factor * mpmath.sign(number(exact))
    for error in (-eta, eta):
        neurons = neurons_with_sum((_WEIGHT + error) / factor, side, generator)
        for x in (0.25, 1.0):
            yield _close(block, phi, neurons, x, eta)


def _close(block: Block, phi: Any, neurons: Neurons, x: float, slack: Any) -> Inequality:
    """The promise of one block at one input."""
    reach = max(abs(u) for u, _ in neurons) * abs(x)
    sigma = sum(abs(v) for _, v in neurons) * block.rule.neurons_per_variable
    allowed = slack * abs(x) + sigma * block.remainder(float(reach) * (1 + 2.0**-50)) + _FLOATS * (1 + sigma)
    found = abs(value(block, phi, neurons, mpmath.mpf(x)) - _WEIGHT * x)
    return Inequality(f"{block.rule.name} block of {block.activation.name} at x = {x:g}", found, allowed)


def constants(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """Helper constants: a drawn neuron has |c| in [low, high] with probability at least ``fits``; aimed rows too."""
    phi = PointValues.of(activation.expression).phi
    draws = [(2 * k + 1) / (2 * _DRAWS) for k in range(_DRAWS)]
    for block in blocks_of(activation):
        claimed = helper_constant(block, _SCALE, _BELOW)
        if claimed is None:
            continue
        for below in (_BELOW.low, _BELOW.high):
            values = [value(block, phi, [(t * side, 1)], _SCALE * below) for t in draws for side in (1, -1)]
            share = sum(claimed.low <= abs(c) <= claimed.high for c in values) / len(values)
            yield Inequality(f"{block.rule.name}: P(constant fits) for {below}", claimed.fits, share)
            inner = [value(block, phi, [(t, 1)], _SCALE * below) for t in (0.5, 1.0)]
            if claimed.sign >= 0:
                yield Inequality(f"{block.rule.name}: least constant", claimed.low, min(map(abs, inner)))
                yield Inequality(f"{block.rule.name}: largest constant", max(map(abs, inner)), claimed.high)
    yield from _row_constants(activation, phi)


def _row_constants(activation: Activation, phi: Any) -> Iterator[Inequality]:
    """Constants of rows: phi(0) when pruned, phi near the pre-activation they aim at."""
    pruned, aimed = pruned_constant(activation.function), constant_target(activation.function)
    ranges = [(pruned, [0.0])] if pruned else []
    ranges += [(aimed[1], [aimed[0] + k / 32 for k in range(-8, 9)])] if aimed else []
    for claimed, places in ranges:
        for place in places:
            yield Inequality(f"constant at {place:g}, lower end", claimed.low, abs(phi(place)))
            yield Inequality(f"constant at {place:g}, upper end", abs(phi(place)), claimed.high)


def is_registered(activation: Activation) -> str | None:
    """Return why no network can be named after this activation, if none can."""
    try:
        known = bounds.activation(activation.name).expression == activation.expression
    except ValueError:
        known = False
    return None if known else "networks know their activations by name, and this one is not registered"


def tickets(activation: Activation, generator: np.random.Generator) -> Iterator[Inequality]:
    """Planned tickets of a 1-2-1 network with this activation: largest error seen on the domain <= promised."""
    weights = [[[0.75], [-0.5]], [[0.5, -0.625]]]
    target = constructions.TargetNetwork(
        weights, [[0.25, 0.0], [0.125]], [activation.name, "identity"], ([-1.0], [1.0])
    )
    inputs = np.linspace(-1, 1, 201)[:, None]
    for construction in ("2L", "L+1", "looks-linear"):
        try:
            built = constructions.build(
                target,
                construction,
                tolerance=_PROMISED,
                failure_probability=_FAILURE,
                first_activation=activation.name,
                seed=int(generator.integers(2**32)),
            )
        except ValueError:
            continue  # refused before anything was promised
        yield true(f"{construction}: every subset sum of the plan is solved", built.success)
        gap = float(np.abs(built.ticket(inputs) - target(inputs)).max())
        yield Inequality(f"{construction}: sup error of the ticket", gap, _PROMISED)
