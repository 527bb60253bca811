"""Tolerances and widths for a target network of which the architecture and some norms are known."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from reports.commands.theory.earlier import earlier_dict
from reports.commands.theory.facts import NO_ANSWER, PROVED, number
from reports.commands.theory.network_options import CONSTRUCTIONS, EARLIER, norms, target

if TYPE_CHECKING:
    from bounds import EarlierRow, NetworkSpec, WidthRequirement

_REPAIRED = "B22 Lemma 2.8, repaired; docs/error-propagation.md"
_PER_LAYER = "B22 Lemma 2.8, repaired and eps shared by need; docs/error-propagation.md"
_PRINTED = "B22 Lemma 2.8; docs/error-propagation.md, The printed form"
WIDTHS = "docs/widths.md; B22 Thms 2.5 to 2.9 with explicit constants"
_REFUTED = "as printed: refuted"


@dataclass(frozen=True, slots=True)
class ToleranceRow:
    """One form of Lemma 2.8: how it is called, how it is asked for, and what it is worth."""

    label: str
    arguments: dict[str, str]
    status: str
    source: str


TOLERANCES: tuple[ToleranceRow, ...] = (
    ToleranceRow("largest output (linf)", {"norm": "linf"}, PROVED, _REPAIRED),
    ToleranceRow("largest output, by need", {"norm": "linf", "form": "per_layer"}, PROVED, _PER_LAYER),
    ToleranceRow("sum of outputs (l1)", {"norm": "l1"}, PROVED, _REPAIRED),
    ToleranceRow("sum of outputs, by need", {"norm": "l1", "form": "per_layer"}, PROVED, _PER_LAYER),
    *(
        ToleranceRow(f"printed, ||W|| as {reading}", {"form": "printed", "reading": reading}, _REFUTED, _PRINTED)
        for reading in ("row-sum", "column-sum", "max-entry")
    ),
)


@dataclass(frozen=True, slots=True)
class WidthAnswer:
    """The requirement of one construction, or why there is none."""

    construction: str
    requirement: WidthRequirement | None
    reason: str

    @property
    def status(self) -> str:
        """ "proved", or "no answer"."""
        return PROVED if self.requirement is not None else NO_ANSWER


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """Everything about one target network at one tolerance."""

    spec: NetworkSpec
    tolerance: float
    failure_probability: float
    layers: list[tuple[float, ...] | str]
    widths: tuple[WidthAnswer, ...]
    earlier: tuple[EarlierRow, ...] | str

    @property
    def complete(self) -> bool:
        """Whether every construction has a width, and earlier rows were found."""
        return all(answer.requirement is not None for answer in self.widths) and not isinstance(self.earlier, str)


def ask_network(options: argparse.Namespace, activation: str) -> list[NetworkAnswer]:
    """One answer per tolerance."""
    spec = target(options, activation)
    return [_at(options, spec, activation, tolerance) for tolerance in options.tolerance]


def _at(options: argparse.Namespace, spec: NetworkSpec, activation: str, tolerance: float) -> NetworkAnswer:
    import bounds

    everything = options.construction in (None, "all")
    chosen = [name for name in CONSTRUCTIONS if everything or name == options.construction]
    first = bounds.activation(options.first_activation or activation).name
    probability = options.failure_probability
    layers = [_message_or(partial(bounds.parameter_tolerances, spec, tolerance, **row.arguments)) for row in TOLERANCES]
    answers = [
        (name, _message_or(partial(bounds.width_requirement, spec, name, tolerance, probability, first)))
        for name in chosen
    ]
    found = tuple(WidthAnswer(n, None, a) if isinstance(a, str) else WidthAnswer(n, a, "") for n, a in answers)
    earlier: tuple[EarlierRow, ...] | str = ()
    if everything or options.construction == EARLIER:
        earlier = _message_or(partial(bounds.earlier_rows, spec, tolerance, probability, first_activation=first))
    return NetworkAnswer(spec, tolerance, probability, layers, found, earlier)


def _message_or(ask: Callable[[], Any]) -> Any:
    """The answer, or the message of the ValueError that stands in its place."""
    try:
        return ask()
    except ValueError as error:
        return str(error)


def network_dict(options: argparse.Namespace, answers: list[NetworkAnswer]) -> dict[str, Any]:
    """Everything for JSON."""
    from dataclasses import asdict

    return {
        "widths": list(options.width),
        "assumed": norms(options),
        "layers": [{name: number_or_text(v) for name, v in asdict(layer).items()} for layer in answers[0].spec.layers],
        "answers": [_answer_dict(answer) for answer in answers],
    }


def number_or_text(value: Any) -> Any:
    """Infinite numbers as text, everything else as it is."""
    return number(value) if isinstance(value, float) else value


def _answer_dict(answer: NetworkAnswer) -> dict[str, Any]:
    tolerances = [
        {"label": row.label, **row.arguments, "status": row.status, "source": row.source} | _value_or_message(found)
        for row, found in zip(TOLERANCES, answer.layers, strict=True)
    ]
    return {
        "tolerance": answer.tolerance,
        "failure_probability": answer.failure_probability,
        "parameter_tolerances": tolerances,
        "constructions": [_width_dict(width) for width in answer.widths],
        "earlier": answer.earlier if isinstance(answer.earlier, str) else list(map(earlier_dict, answer.earlier)),
    }


def _value_or_message(found: Any) -> dict[str, Any]:
    return {"values": None, "message": found} if isinstance(found, str) else {"values": list(found)}


def _width_dict(width: WidthAnswer) -> dict[str, Any]:
    head = {"construction": width.construction, "status": width.status, "source": WIDTHS}
    found = width.requirement
    if found is None:
        return {**head, "message": width.reason}
    return {
        **head,
        "widths": list(found.widths),
        "base_set_sizes": list(found.base_set_sizes),
        "tolerances": list(found.tolerances),
        "spare_rows": list(found.spare_rows),
        "problems": found.problems,
        "slack": [{"step": item.step, "neurons": item.neurons, "total": item.total} for item in found.slack],
        "steps": [
            {"statement": s.statement, "value": number_or_text(s.value), "source": s.source} for s in found.steps
        ],
    }
