"""What is printed about a target network: tolerances and widths as tables with a column per layer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reports.commands.theory.earlier import earlier_text
from reports.commands.theory.layout import Sources, figure, figure_down, paragraph, table
from reports.commands.theory.network import TOLERANCES, WIDTHS, NetworkAnswer, WidthAnswer
from reports.commands.theory.network_options import assumptions, norms

if TYPE_CHECKING:
    from bounds import WidthRequirement

_LAYERS_AT_ONCE = 5


def network_text(options: argparse.Namespace, answers: list[NetworkAnswer], activation: str, sources: Sources) -> str:
    """The tables of all answers."""
    shape = "-".join(map(str, options.width))
    heading = f"target network {shape}, {activation}, {norms(options)['output_activation']} at the output"
    parts = [f"{heading}\n{paragraph(assumptions(options))}"]
    for answer in answers:
        parts.append(_tolerances_text(answer, sources))
        parts.extend(_width_text(answer, width, sources) for width in answer.widths)
        if answer.earlier:
            parts.append(answer.earlier if isinstance(answer.earlier, str) else earlier_text(answer.earlier, sources))
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
        return f"{what}: {width.status} {sources.mark(WIDTHS)}\n{paragraph(width.reason, '  ')}"
    found = width.requirement
    lines = [f"{what}: {width.status} {sources.mark(WIDTHS)}"]
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
