"""The artefact "these widths suffice": the stages of a requirement, with every lemma they rest on.

The lemmas (base sets, linearisations of phi_0) are artefacts of their own kind inside the file, proved by
``check_artefact.py``; ``check_width.py`` derives the widths from their statements. Numbers of the plan are written
exactly; tolerances and probabilities of lemmas are rounded to 24 bits, to the side that keeps them sufficient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bounds.arithmetic import ball as to_ball
from bounds.arithmetic import exact_fraction, lower, upper, working_precision
from bounds.artefacts.base_sets import Problem, claim_of
from bounds.artefacts.enclosures import NoProofError, enclosure_claim
from bounds.artefacts.files import Artefact, least_reading, rational
from bounds.artefacts.function_trees import Tree
from bounds.artefacts.layer_tolerances import layer_numbers
from bounds.first_activation import Activation
from bounds.functions import x
from bounds.network import LayerSpec, NetworkSpec
from bounds.requirement import Stage, WidthRequirement
from bounds.widths.blocks import PAIRS, Block, odd_part
from bounds.widths.subsets import ANY

_LAYER = (
    "n_in",
    "n_out",
    "lipschitz",
    "enlargement",
    "input_sup",
    "support_l1",
    "row_sum",
    "max_weight",
    "max_bias",
    "nonzero_weights",
    "nonzero_biases",
    "row_nonzeros",
    "one_signed_inputs",
    "two_signed_inputs",
)
_BITS = 24
_ROOM = 1 + Fraction(1, 2**16)
"""Room between a remainder in float64 and its lemma, for slopes rounded to float64."""


@dataclass(slots=True)
class _Lemmas:
    """The lemmas of one artefact, each once."""

    claims: list[Artefact] = field(default_factory=list)
    known: dict[Any, int] = field(default_factory=dict)

    def base_set(self, problem: Problem, size: int) -> int:
        """The index of the lemma that ``size`` variables suffice for the problem."""
        if (problem, size) not in self.known:
            self.known[problem, size] = self.add(claim_of(problem, size))
        return self.known[problem, size]

    def add(self, claim: Artefact) -> int:
        self.claims.append(claim)
        return len(self.claims) - 1


def width(requirement: WidthRequirement, spec: NetworkSpec | None = None) -> Artefact:
    """The artefact that the requirement's widths suffice for its target, tolerance and failure probability.

    ``spec``  the target's numbers; default: those of the requirement.

    Returns kind "width" (docs/artefacts.md), a statement about weights that are real numbers. Raises: ValueError for a
    family of subsets outside the artefact format; NoProofError (a ValueError) when a linearisation cannot be written.
    """
    if requirement.subsets != ANY.name:
        raise ValueError(
            f"width: subsets={requirement.subsets!r} is not in the artefact format; plan with subsets={ANY.name!r}"
        )
    layers = (spec or requirement.spec).layers
    lemmas, records, error = _Lemmas(), [], Fraction(0)
    for layer, stage in zip(layers, requirement.stages, strict=True):
        records.append(_record(layer, stage, error, lemmas))
        shift = Fraction(stage.own_error) + Fraction(stage.amplification) * error
        error = Fraction(layer.lipschitz) * shift
    tolerance = least_reading(requirement.tolerance)
    return {
        "kind": "width",
        "construction": requirement.construction,
        "tolerance": rational(tolerance if error <= tolerance else requirement.tolerance),
        "failure_probability": rational(least_reading(requirement.failure_probability)),
        "widths": list(requirement.widths),
        "layers": [layer_numbers(layer, _LAYER) for layer in layers],
        "stages": records,
        "lemmas": lemmas.claims,
    }


def _record(layer: LayerSpec, stage: Stage, error: Fraction, lemmas: _Lemmas) -> dict[str, Any]:
    sizes, constants, given = stage.sizes, stage.constants, stage.sizes.helper_constant
    aim = abs(constants.target) if constants is not None and constants.target is not None else 0
    record: dict[str, Any] = {
        "own_error": rational(stage.own_error),
        "amplification": rational(stage.amplification),
        "tolerance": rational(sizes.tolerance),
        "sigma": rational(sizes.sigma),
        "probability": rational(stage.problem_probability),
        "two_signed": sizes.two_signed,
        "one_signed": sizes.one_signed,
        "constant": sizes.constant,
        "copies": stage.copies,
        "spares": stage.spare_rows,
        "constants": constants.needed if constants is not None else 0,
        "aim": rational(aim),
        "low": rational(given.low if given is not None else 1),
        "high": rational(given.high if given is not None else 1),
        "helper": None,
    }
    target = max(layer.max_bias, aim)
    if target > 0 and given is not None:
        scale, weight = Fraction(sizes.sigma) * Fraction(given.low), Fraction(given.low) / Fraction(given.high)
        problem = _problem("uniform", stage, scale, target, _rounded(weight, down=True))
        record["biases"] = lemmas.base_set(problem, sizes.constant)
    if stage.block is not None:
        return record | _two_for_one(layer, stage, stage.block, error, lemmas)
    if layer.nonzero_weights:
        problem = _problem("uniform", stage, Fraction(sizes.sigma), layer.max_weight)
        record["weights"] = lemmas.base_set(problem, sizes.two_signed)
    return record


def _two_for_one(layer: LayerSpec, stage: Stage, block: Block, error: Fraction, lemmas: _Lemmas) -> dict[str, Any]:
    """The helper layer: linearisation of phi_0 (of its odd part, for pairs) and base sets of the products v u."""
    sizes, scale = stage.sizes, Fraction(stage.sizes.helper_scale or 1)
    pairs = block.rule is PAIRS
    linear = odd_part(block.activation) if pairs else block.activation
    line = _linearised(linear, block, scale * (Fraction(layer.input_sup) + error))
    minus, plus = Fraction(line["slope_minus"]), Fraction(line["slope_plus"])
    neurons = block.rule.neurons_per_variable
    steep = max(abs(minus), abs(plus)) * neurons
    both = abs(minus + plus) if block.rule.split else steep
    record: dict[str, Any] = {
        "helper": {
            "scale": rational(scale),
            "width": stage.helper_width,
            "pairs": pairs,
            "fits": rational(sizes.helper_constant.fits if sizes.helper_constant is not None else 1),
            "linearisation": lemmas.add(line),
        }
    }
    uses = [("weights", layer.two_signed_inputs, sizes.two_signed, both)]
    uses += [("one_signed_weights", layer.one_signed_inputs, sizes.one_signed, steep)]
    for name, count, size, factor in uses:
        if count:
            problem = _problem("product", stage, factor * Fraction(sizes.sigma) * scale, layer.max_weight)
            record[name] = lemmas.base_set(problem, size)
    return record


def _problem(law: str, stage: Stage, scale: Fraction, target: Any, weight: Fraction = Fraction(1)) -> Problem:
    """The subset-sum problem of a stage in units of its variables' scale."""
    return Problem(
        law=law,
        tolerance=_rounded(min(Fraction(stage.sizes.tolerance) / scale, Fraction(1)), down=True),
        failure_probability=_rounded(Fraction(stage.problem_probability), down=True),
        window=_rounded(max(Fraction(target) / scale, Fraction(1, 2**20)), down=False),
        weight=weight,
    )


def _rounded(value: Fraction, down: bool) -> Fraction:
    """The value rounded to 24 significant bits."""
    shift = _BITS + value.denominator.bit_length() - value.numerator.bit_length()
    scaled = value * Fraction(2) ** shift
    return (math.floor(scaled) if down else math.ceil(scaled)) / Fraction(2) ** shift


def _linearised(activation: Activation, block: Block, radius: Fraction) -> Artefact:
    """The lemma |phi - slopes x| <= r up to the radius, with rational slopes and r = 0 where phi is linear."""
    minus, plus = (_rational_slope(slope) for slope in (activation.m_minus, activation.m_plus))
    line = (0, rational(minus), rational(plus))
    end = upper(to_ball(radius))
    remainder = Fraction(block.remainder(end))
    exact = (minus, plus) == (_known(activation.m_minus), _known(activation.m_plus))
    if remainder == 0 and exact:
        return _linear(activation, line, end)
    missing = Fraction(0) if exact else Fraction(end) * max(abs(minus), abs(plus)) / 2**50
    return enclosure_claim(activation, line, _rounded(remainder * _ROOM + missing, down=False), exact_fraction(end))


def _linear(activation: Activation, line: tuple[Tree, Tree, Tree], end: float) -> Artefact:
    """The lemma with r = 0, everywhere if possible.

    Where intervals cannot see that phi is linear (the odd part of softplus is x/2), the linear function is written:
    that it is phi is then an identity for the reader.
    """
    for reach in (math.inf, exact_fraction(end)):
        try:
            return enclosure_claim(activation, line, Fraction(0), reach)
        except NoProofError:
            continue
    linear = Activation.from_expression(activation.m_plus * x, name=f"{activation.name}, which is linear")
    return enclosure_claim(linear, line, Fraction(0), math.inf)


@working_precision
def _rational_slope(slope: Any) -> Fraction:
    """The slope, or the float64 below it where it is irrational."""
    known = _known(slope)
    return Fraction(lower(to_ball(slope))) if known is None else known


def _known(number: Any) -> Fraction | None:
    """A sympy number as a fraction when it is rational."""
    return exact_fraction(number) if number.is_Rational else None
