"""Tolerances and widths for a target network of which the architecture and some norms are known."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from reports.commands.theory.earlier import earlier_dict, earlier_text
from reports.commands.theory.facts import NO_ANSWER, PROVED, number
from reports.commands.theory.layout import Sources, figure, figure_down, paragraph, table
from reports.commands.theory.network_options import CONSTRUCTIONS, EARLIER, assumptions, norms, target

if TYPE_CHECKING:
    from bounds import EarlierRow, NetworkSpec, WidthRequirement

_REPAIRED = "B22 Lemma 2.8, repaired; docs/error-propagation.md"
_PER_LAYER = "B22 Lemma 2.8, repaired and eps shared by need; docs/error-propagation.md"
_PRINTED = "B22 Lemma 2.8; docs/error-propagation.md, The printed form"
_WIDTHS = "docs/widths.md; B22 Thms 2.5 to 2.9 with explicit constants"
_LAYERS_AT_ONCE = 5
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
    earlier: tuple[EarlierRow, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every construction has a width."""
        return all(answer.requirement is not None for answer in self.widths)


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
    earlier: tuple[EarlierRow, ...] = ()
    if everything or options.construction == EARLIER:
        earlier = bounds.earlier_rows(spec, tolerance, probability, first_activation=first)
    return NetworkAnswer(spec, tolerance, probability, layers, found, earlier)


def _message_or(ask: Callable[[], Any]) -> Any:
    """The answer, or the message of the ValueError that stands in its place."""
    try:
        return ask()
    except ValueError as error:
        return str(error)


def network_text(options: argparse.Namespace, answers: list[NetworkAnswer], activation: str, sources: Sources) -> str:
    """The tables of all answers."""
    shape = "-".join(map(str, options.width))
    heading = f"target network {shape}, {activation}, {norms(options)['output_activation']} at the output"
    parts = [f"{heading}\n{paragraph(assumptions(options))}"]
    for answer in answers:
        parts.append(_tolerances_text(answer, sources))
        parts.extend(_width_text(answer, width, sources) for width in answer.widths)
        if answer.earlier:
            parts.append(earlier_text(answer.earlier, sources))
    return "\n\n".join(parts)


def _tolerances_text(answer: NetworkAnswer, sources: Sources) -> str:
    places = [f"layer {k}" for k in range(1, answer.spec.depth + 1)]
    rows = []
    for row, found in zip(TOLERANCES, answer.layers, strict=True):
        cells = [found, *[""] * (len(places) - 1)] if isinstance(found, str) else list(map(figure_down, found))
        rows.append((row.label, cells, row.status, sources.mark(row.source)))
    title = f"how accurate every parameter must be for an error of at most {answer.tolerance:g}"
    return f"{title}\n{_by_layer('form', 28, places, rows)}"


def _by_layer(heading: str, limit: int, places: list[str], rows: list[tuple[str, list[str], str, str]]) -> str:
    """Tables with a column per layer, so many layers at a time that they fit."""
    tables = []
    for start in range(0, len(places), _LAYERS_AT_ONCE):
        part = slice(start, start + _LAYERS_AT_ONCE)
        shown = [(label, *cells[part], status, mark) for label, cells, status, mark in rows]
        limits = (limit, *[11] * len(places[part]), 20, 6)
        tables.append(table((heading, *places[part], "status", "source"), shown, limits))
    return "\n\n".join(tables)


def _width_text(answer: NetworkAnswer, width: WidthAnswer, sources: Sources) -> str:
    what = (
        f"{width.construction}: error at most {answer.tolerance:g} with probability at least "
        f"1 - {answer.failure_probability:g}"
    )
    if width.requirement is None:
        return f"{what}: {width.status} {sources.mark(_WIDTHS)}\n{paragraph(width.reason, '  ')}"
    found = width.requirement
    lines = [f"{what}: {width.status} {sources.mark(_WIDTHS)}"]
    lines += [paragraph(f"{label}: {value}", "  ") for label, value in _summary(found)]
    return "\n".join([*lines, _steps_text(found, width.status, sources)])


def _summary(found: WidthRequirement) -> Iterator[tuple[str, str]]:
    hidden = found.widths[1:-1]
    yield "source widths", "-".join(map(str, found.widths)) + f" ({sum(hidden)} hidden neurons)"
    yield "base-set sizes per target layer", ", ".join(map(str, found.base_set_sizes))
    yield "parameter tolerances per target layer", ", ".join(map(figure_down, found.tolerances))
    yield "spare rows per neuron", ", ".join(map(str, found.spare_rows))
    yield "subset-sum problems", str(found.problems)
    yield "where the hidden neurons go", _slack_text(found)


def _slack_text(found: WidthRequirement) -> str:
    """The slack decomposition as a sum."""
    first, *others = found.slack
    parts = [f"{first.neurons} {first.step}", *(f"{item.neurons:+d} {item.step}" for item in others if item.neurons)]
    return ", ".join(parts) + f" = {found.slack[-1].total}"


def _steps_text(found: WidthRequirement, status: str, sources: Sources) -> str:
    """The steps of the requirement: one row per quantity, one column per layer they speak of."""
    quantities: dict[str, dict[str, str]] = {}
    origins: dict[str, dict[str, None]] = {}
    for step in found.steps:
        layer, separator, rest = step.statement.partition(": ")
        place, quantity = (layer, rest) if separator and layer.startswith("layer ") else ("", step.statement)
        quantities.setdefault(quantity, {})[place] = step.value if isinstance(step.value, str) else figure(step.value)
        origins.setdefault(quantity, {})[sources.mark(step.source)] = None
    places = list(dict.fromkeys(place for cells in quantities.values() for place in cells))
    rows = [
        (quantity, [cells.get(place, "") for place in places], status, " ".join(origins[quantity]))
        for quantity, cells in quantities.items()
    ]
    return _by_layer("step", 31, places, rows)


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
        "earlier": [earlier_dict(row) for row in answer.earlier],
    }


def _value_or_message(found: Any) -> dict[str, Any]:
    return {"values": None, "message": found} if isinstance(found, str) else {"values": list(found)}


def _width_dict(width: WidthAnswer) -> dict[str, Any]:
    head = {"construction": width.construction, "status": width.status, "source": _WIDTHS}
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
