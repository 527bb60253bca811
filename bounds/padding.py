r"""Identity padding: a target of small depth written as a target of any larger depth (B22 Lemma 2.4 and section 4).

Between two layers, identity layers are inserted. With phi(x) ~ m_plus x + d or m_minus x + d near 0, m = m_plus +
m_minus, an input x of the next layer is rebuilt from an inserted layer as

    difference   x ~ (phi(s x) - phi(-s x)) / (m s)     two neurons, d cancels; off by 2 sup|e_odd| / (|m| s)
    single       x ~ phi(s x) / (mu s)                  one neuron, m_plus = m_minus = mu, d = 0; by sup|e| / (|mu| s)
    one-sided    x = phi(+-s x) / (m_+- s)              one neuron, phi piecewise linear, x of one sign; exact

with suprema over |y| <= s sup|x|. The scale s is a power of two: 1 where phi is piecewise linear, else the largest for
which the error at the output stays below a share of the tolerance. Outgoing weights are W / (|m| s).

A :class:`PaddedSpec` holds the numbers of the padded network, exact weights and all: a plan that is within ``tolerance
- error`` of it is within ``tolerance`` of the target. Proofs: ``docs/padding.md``. Source: B22 Lemma 2.4; numbers ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

from bounds.named import activation as activation_by_name
from bounds.network import SIGN_MARGIN, LayerSpec, NetworkSpec
from bounds.tolerances import check_open_unit
from bounds.widths.blocks import SIGN_SPLIT, UNSPLIT, Block, choose_block, odd_part
from bounds.widths.constructions import construction_named
from bounds.widths.planning import default_first_activation

_UP = 1 + 2.0**-40
_SMALLEST_SCALE_EXPONENT = -60
_EVERYWHERE = 2.0**60
ERROR_SHARE = 1 / 16
"""Of the tolerance, what padding may use up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddedSpec:
    """A target of larger depth and how far it is from the original.

    ``spec``        numbers of the padded network.
    ``error``       bound of sup over the domain of the largest |padded - target|, rounded up; 0 where phi is exact.
    ``position``    layers are inserted between target layers ``position`` and ``position + 1`` (0: before layer 1).
    ``inserted``    widths of the inserted layers.
    ``activation``  phi of the inserted layers; ``scale`` s.
    ``slopes``      (m_plus, m_minus, m) of phi.
    ``neurons``     neurons per (input of one sign, input of both signs).
    ``passing``     whether the second and later inserted layers pass the neurons of the first on one by one (phi = 0 on
                    one side and linear on the other) instead of rebuilding x.
    """

    spec: NetworkSpec
    error: float
    position: int
    inserted: tuple[int, ...]
    activation: str
    scale: float
    slopes: tuple[float, float, float]
    neurons: tuple[int, int]
    passing: bool


@dataclass(frozen=True, slots=True)
class _Identity:
    """How inputs are rebuilt: the block of phi, whether its remainder is 0, and the scale s."""

    block: Block
    exact: bool
    scale: float = 1.0

    @property
    def neurons(self) -> tuple[int, int]:
        """Neurons per input of one sign, of both signs."""
        if self.block.rule is UNSPLIT:
            return 1, 1
        return (1, 2) if self.one_sided else (2, 2)

    @property
    def one_sided(self) -> bool:
        """Whether inputs of one sign need one neuron: phi is linear on either side and phi(0) = 0."""
        return self.exact and self.block.rule is SIGN_SPLIT

    @property
    def passing(self) -> bool:
        """Whether neurons of an inserted layer are never negative and pass through further ones: relu."""
        return self.one_sided and min(abs(slope) for slope in self.block.slopes[:2]) == 0

    @property
    def factor(self) -> float:
        """Largest outgoing weight per unit of weight, times s: 1/|mu|, 1/|m|, or 1/(steeper slope) if that is more."""
        steeper, total = max(abs(slope) for slope in self.block.slopes[:2]), abs(self.block.slopes[2])
        if self.block.rule is UNSPLIT:
            return 1 / steeper * _UP
        return 1 / (min(steeper, total) if self.one_sided else total) * _UP

    def error(self, reach: float) -> float:
        """Return the error of one identity layer on |x| <= reach."""
        if self.exact:
            return 0.0
        single = self.block.rule is UNSPLIT
        phi = self.block.activation if single else odd_part(self.block.activation)
        return (1 if single else 2) * phi.remainder_bound(self.scale * reach * _UP) * self.factor / self.scale * _UP

    def sup(self, reach: float) -> float:
        """Return sup |phi(y)| over |y| <= s reach."""
        low, high = self.block.activation.function.range(-self.scale * reach * _UP, self.scale * reach * _UP)
        return max(-low, high)

    def l1(self, total: float, units: float, reach: float) -> float:
        """Return a bound of the summed |neurons| of ``units`` inputs with summed |x| at most ``total``."""
        plus, minus = (abs(slope) for slope in self.block.slopes[:2])
        each = max(self.neurons)
        slope = plus + minus if each == 2 else max(plus, minus)
        rest = self.block.intercept + self.block.activation.remainder_bound(self.scale * reach * _UP)
        return min(slope * self.scale * total + units * each * rest, units * each * self.sup(reach)) * _UP

    def keeps_sign(self, reach: float) -> bool:
        """Return whether all its neurons have one sign, also when pre-activations move by the margin of signs."""
        end = self.scale * reach * _UP + SIGN_MARGIN
        low, high = self.block.activation.function.range(-end, end)
        return low >= 0 or high <= 0

    def lipschitz(self, reach: float) -> tuple[float, float]:
        """Return (T, how far beyond |y| <= s reach it holds)."""
        function = self.block.activation.function
        end = self.scale * reach * _UP + 1.0
        local = function.lipschitz_on(-end, end)
        everywhere = float(function.lipschitz) * _UP if not function.lipschitz.is_infinite else math.inf
        return (everywhere, math.inf) if everywhere <= local * (1 + 2.0**-30) else (local, 1.0)


def pad(
    spec: NetworkSpec,
    depth: int,
    tolerance: float,
    first_activation: str | None = None,
    position: int | None = None,
) -> PaddedSpec:
    """Return a target of depth ``depth`` that is within ``.error`` (linf) of the one given.

    ``depth``             L' >= L, the depth of the padded target (``target_depth`` computes it from a source's).
    ``tolerance``         of the final promise; ``.error`` is at most a sixteenth of it.
    ``first_activation``  phi of the inserted layers; default: the target's first hidden activation. It must satisfy
                          Assumption 2.3 and be the source's activation in those layers.
    ``position``          0..L-1, where to insert; default: where the fewest neurons are needed, the later the better.

    Then ``width_requirement(padded.spec, construction, tolerance - padded.error, ...)`` promises ``tolerance`` for the
    target itself. Raises ValueError for a smaller depth, a position outside, or a tolerance no scale reaches.

    >>> from bounds import LayerSpec
    >>> layer = LayerSpec(n_in=2, n_out=1, activation="relu", lipschitz=1.0, enlargement=float("inf"), input_sup=1.0,
    ...     input_l1=2.0, support_l1=2.0, row_sum=1.0, column_sum=0.5, max_weight=0.5, max_bias=0.0, nonzero_weights=2,
    ...     nonzero_biases=0, row_nonzeros=2, one_signed_inputs=0, two_signed_inputs=2)
    >>> padded = pad(NetworkSpec((layer,), ((-1.0, -1.0), (1.0, 1.0))), depth=3, tolerance=0.1)
    >>> padded.spec.widths, padded.inserted, padded.error
    ((2, 4, 4, 1), (4, 4), 0.0)
    """
    check_open_unit("tolerance", tolerance, "pad")
    if not isinstance(depth, int) or depth < spec.depth:
        raise ValueError(f"pad: depth={depth!r} must be a whole number >= the target's depth {spec.depth}")
    block = choose_block(activation_by_name(first_activation or default_first_activation(spec)))
    rule = _Identity(block, exact=_is_exact(block))
    where = _cheapest(spec, rule) if position is None else position
    if where not in range(spec.depth):
        raise ValueError(f"pad: position={position!r} must lie in 0..{spec.depth - 1}; leave it out for the cheapest")
    count = depth - spec.depth
    chosen = _scaled(spec, where, rule, count, tolerance)
    layers, error = _inserted(spec, where, chosen, count)
    return PaddedSpec(
        spec=NetworkSpec(layers, spec.domain),
        error=error,
        position=where,
        inserted=tuple(layer.n_out for layer in layers[where : where + count]),
        activation=block.activation.name,
        scale=chosen.scale,
        slopes=block.slopes,
        neurons=chosen.neurons,
        passing=chosen.passing,
    )


def target_depth(construction: str, source_depth: int) -> int:
    """Return the depth L' of the targets that a construction builds in a source of exactly this depth.

    Raises ValueError where there is none (odd depths, for two layers per target layer) or the construction is unknown.

    >>> target_depth("L+1", 6), target_depth("2L", 6)
    (5, 3)
    """
    rule = construction_named(construction)
    needed, depth = 0, 0
    while needed < source_depth:
        depth += 1
        needed += 2 if rule.two_for_one(depth) else 1
    if needed != source_depth or depth == 0:
        raise ValueError(
            f"target_depth: no target makes {construction!r} need exactly source_depth={source_depth!r} layers; "
            f"use {needed} layers, or another construction"
        )
    return depth


def _is_exact(block: Block) -> bool:
    """Whether phi is piecewise linear with its only kink at 0, as far as any input reaches."""
    return block.intercept == 0 and block.activation.remainder_bound(_EVERYWHERE) == 0


def _units(layer: LayerSpec) -> tuple[int, int]:
    return layer.one_signed_inputs, layer.two_signed_inputs


def _layer_width(layer: LayerSpec, rule: _Identity) -> int:
    return max(1, sum(units * each for units, each in zip(_units(layer), rule.neurons, strict=True)))


def _cheapest(spec: NetworkSpec, rule: _Identity) -> int:
    """Return the position with the fewest neurons per inserted layer; the last one among equals."""
    return min(reversed(range(spec.depth)), key=lambda position: _layer_width(spec.layers[position], rule))


def _scaled(spec: NetworkSpec, position: int, rule: _Identity, count: int, tolerance: float) -> _Identity:
    """Return the rule with the largest s that keeps the error and the shifts of pre-activations small."""
    if rule.exact or count == 0:
        return rule
    for exponent in range(0, _SMALLEST_SCALE_EXPONENT, -1):
        scaled = replace(rule, scale=math.ldexp(1.0, exponent))
        shifts, error = _shifts(spec, position, _rebuilding_error(spec.layers[position], scaled, count))
        above = spec.layers[position:]
        small = all(shift <= 0.25 * _room(layer) for shift, layer in zip(shifts, above, strict=True))
        if error <= tolerance * ERROR_SHARE and small:
            return scaled
    raise ValueError(
        f"pad: no scale s >= 2^{_SMALLEST_SCALE_EXPONENT} makes identity layers of {rule.block.activation.name} "
        f"accurate to {tolerance * ERROR_SHARE:.3g}; ask for a larger tolerance or pad with another first_activation"
    )


def _room(layer: LayerSpec) -> float:
    return min(layer.enlargement, SIGN_MARGIN)


def _rebuilding_error(layer: LayerSpec, rule: _Identity, count: int) -> float:
    """Return the error of every input of ``layer`` after ``count`` identity layers."""
    error = 0.0
    for _ in range(count):
        error = (error + rule.error(layer.input_sup + error)) * _UP
    return error


def _shifts(spec: NetworkSpec, position: int, error: float) -> tuple[list[float], float]:
    """Return (shift of the pre-activations of layers position + 1..L, error of the output)."""
    shifts = []
    for layer in spec.layers[position:]:
        shifts.append(layer.row_sum * error * _UP)
        error = layer.lipschitz * shifts[-1] * _UP
    return shifts, error


def _inserted(spec: NetworkSpec, position: int, rule: _Identity, count: int) -> tuple[tuple[LayerSpec, ...], float]:
    """Return the layers of the padded network and its error."""
    if count == 0:
        return spec.layers, 0.0
    upper = spec.layers[position]
    reaches, error = [], 0.0
    for _ in range(count):
        reaches.append((upper.input_sup + error) * _UP)
        error = (error + rule.error(upper.input_sup + error)) * _UP
    identities = [_first_identity(upper, rule, reaches[0])]
    for below, reach in pairwise(reaches):
        identities.append(_next_identity(upper, rule, below, reach))
    shifts, output_error = _shifts(spec, position, error)
    reading = _reading(upper, rule, reaches[-1], shifts[0])
    above, below_error = [], upper.lipschitz * shifts[0] * _UP
    for layer, shift in zip(spec.layers[position + 1 :], shifts[1:], strict=True):
        above.append(_shifted(layer, below_error, shift))
        below_error = layer.lipschitz * shift * _UP
    return (*spec.layers[:position], *identities, reading, *above), output_error


def _first_identity(upper: LayerSpec, rule: _Identity, reach: float) -> LayerSpec:
    """Return the numbers of the layer phi(+-s x) on the inputs of ``upper``."""
    width = _layer_width(upper, rule)
    lipschitz, enlargement = rule.lipschitz(reach)
    return replace(
        upper,
        n_out=width,
        activation=rule.block.activation.name,
        lipschitz=lipschitz,
        enlargement=enlargement,
        support_l1=upper.input_sup,
        row_sum=rule.scale,
        column_sum=rule.scale * max(rule.neurons),
        max_weight=rule.scale,
        max_bias=0.0,
        nonzero_weights=width if any(_units(upper)) else 0,
        nonzero_biases=0,
        row_nonzeros=1,
    )


def _next_identity(upper: LayerSpec, rule: _Identity, below: float, reach: float) -> LayerSpec:
    """Return the numbers of a further identity layer, which reads the neurons of the one below."""
    width = _layer_width(upper, rule)
    lipschitz, enlargement = rule.lipschitz(reach)
    one, two = _units(upper)
    terms = 1 if rule.passing else max(rule.neurons)
    links = width if rule.passing else one * rule.neurons[0] ** 2 + two * rule.neurons[1] ** 2
    signs = rule.keeps_sign(below)
    return LayerSpec(
        n_in=width,
        n_out=width,
        activation=rule.block.activation.name,
        lipschitz=lipschitz,
        enlargement=enlargement,
        input_sup=rule.sup(below) * _UP,
        input_l1=rule.l1(_total(upper, below), one + two, below),
        support_l1=terms * rule.sup(below) * _UP,
        row_sum=terms * rule.factor,
        column_sum=terms * rule.factor,
        max_weight=rule.factor,
        max_bias=0.0,
        nonzero_weights=links,
        nonzero_biases=0,
        row_nonzeros=terms,
        one_signed_inputs=width if signs and links else 0,
        two_signed_inputs=width if links and not signs else 0,
    )


def _total(upper: LayerSpec, reach: float) -> float:
    """Return a bound of the summed |x| after rebuilding, when every |x| is at most ``reach``."""
    return (upper.input_l1 + sum(_units(upper)) * max(0.0, reach - upper.input_sup)) * _UP


def _reading(upper: LayerSpec, rule: _Identity, reach: float, shift: float) -> LayerSpec:
    """Return the numbers of the layer above the identity layers, with weights W/(m s) on their neurons."""
    width = _layer_width(upper, rule)
    most = rule.factor / rule.scale
    each = max(rule.neurons)
    signs = rule.keeps_sign(reach)
    used = width if any(_units(upper)) else 0
    moved = upper.row_nonzeros * max(0.0, reach - upper.input_sup)
    return replace(
        upper,
        n_in=width,
        enlargement=upper.enlargement if shift == 0 else _room(upper) - shift,
        input_sup=rule.sup(reach) * _UP,
        input_l1=rule.l1(_total(upper, reach), sum(_units(upper)), reach),
        support_l1=rule.l1((upper.support_l1 + moved) * _UP, upper.row_nonzeros, reach),
        row_sum=each * upper.row_sum * most * _UP,
        column_sum=upper.column_sum * most * _UP,
        max_weight=upper.max_weight * most * _UP,
        nonzero_weights=upper.nonzero_weights * each,
        row_nonzeros=upper.row_nonzeros * each,
        one_signed_inputs=used if signs else 0,
        two_signed_inputs=0 if signs else used,
    )


def _shifted(layer: LayerSpec, error: float, shift: float) -> LayerSpec:
    """Return the numbers of a layer whose inputs are off by at most ``error``."""
    if shift == 0 and error == 0:
        return layer
    return replace(
        layer,
        enlargement=_room(layer) - shift,
        input_sup=(layer.input_sup + error) * _UP,
        input_l1=(layer.input_l1 + layer.n_in * error) * _UP,
        support_l1=(layer.support_l1 + layer.row_nonzeros * error) * _UP,
    )
