"""``ticketproof bounds NAME``: one activation, and with ``--width`` one architecture."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.commands.theory.artefacts import Written, artefacts_text, check_folder, write_artefacts
from reports.commands.theory.expression import chosen_activation
from reports.commands.theory.facts import Fact
from reports.commands.theory.layout import Sources, table
from reports.commands.theory.network import NetworkAnswer, ask_network, network_dict
from reports.commands.theory.network_text import network_text
from reports.commands.theory.one_activation import CLOSED_FORMS, at_tolerance, formulas
from reports.exit_codes import ExitCode

if TYPE_CHECKING:
    from bounds import Activation

SCHEMA = "ticketproof.bounds/1"
_DEFAULT_TOLERANCE = 1e-2
_LIMITS = (24, 66, 9, 6)
_LABELS = {
    "radius": "radius a(eps)",
    "exact_radius": "largest radius",
    "minimax_radius": "radius, best slopes",
    "verdict": "certificate",
    "necessary_fixed": "necessary size",
    "necessary_all": "necessary size",
    "sufficient_fixed": "sufficient size",
    "sufficient_all": "sufficient size",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that was found: facts by tolerance, the target network, the files written."""

    activation: Activation
    found: dict[float, list[Fact]]
    network: list[NetworkAnswer]
    written: list[Written]

    @property
    def status(self) -> ExitCode:
        """The exit status: the worst verdict, or a missing width."""
        verdicts = {fact.value for facts in self.found.values() for fact in facts if fact.quantity == "verdict"}
        if "refuted" in verdicts:
            return ExitCode.VIOLATED
        complete = all(answer.complete for answer in self.network) and all(entry.file for entry in self.written)
        return ExitCode.OK if verdicts == {"proved"} and complete else ExitCode.INCOMPLETE


def run_one(options: argparse.Namespace) -> int:
    """Gather everything, print it in the form asked for."""
    options.tolerance = options.tolerance or [_DEFAULT_TOLERANCE]
    check_folder(options.artefacts)
    activation = chosen_activation(options)
    if options.width is not None and options.expression is not None:
        raise ValueError(
            "bounds: --width needs an activation by name, since layers refer to it; leave --expression out"
        )
    if options.latex:
        print(activation.derivation().latex())
        return ExitCode.OK
    answer = _gathered(options, activation)
    if options.json:
        print(json.dumps(_as_dict(options, answer), indent=1))
    else:
        print("\n\n".join(_parts(options, answer)))
    return answer.status


def _gathered(options: argparse.Namespace, activation: Activation) -> Answer:
    found = {
        value: at_tolerance(activation, value, options.failure_probability, options.law) for value in options.tolerance
    }
    network = ask_network(options, activation.name) if options.width is not None else []
    spec = network[0].spec if network else None
    written = write_artefacts(options, activation, spec) if options.artefacts is not None else []
    return Answer(activation, found, network, written)


def _parts(options: argparse.Namespace, answer: Answer) -> Iterator[str]:
    """The parts of the printout."""
    sources = Sources()
    if options.derivation:
        yield str(answer.activation.derivation())
    yield f"{answer.activation.name}\n{_facts_text(formulas(answer.activation), sources)}"
    for value, facts in answer.found.items():
        title = f"tolerance {value:g}, failure probability {options.failure_probability:g}, law {options.law}"
        yield f"{title}\n{_facts_text(facts, sources)}"
    if answer.network:
        yield network_text(options, answer.network, answer.activation.name, sources)
    if answer.written:
        yield artefacts_text(options.artefacts, answer.written)
    yield f"sources (B22: Burkholz, NeurIPS 2022)\n{sources.legend()}"


def _facts_text(facts: list[Fact], sources: Sources) -> str:
    rows = [(_LABELS.get(f.quantity, f.quantity), f.shown, f.status, sources.mark(f.source)) for f in facts]
    return table(("quantity", "value", "status", "source"), rows, _LIMITS)


def _as_dict(options: argparse.Namespace, answer: Answer) -> dict[str, Any]:
    """The whole answer for JSON; ``docs/bounds-command.md`` describes it."""
    activation = answer.activation
    shown = {
        "schema": SCHEMA,
        "activation": {"name": activation.name, "expression": str(activation.expression), **_exact(activation)},
        "formulas": [fact.as_dict() for fact in formulas(activation)],
        "tolerances": [
            {
                "tolerance": value,
                "failure_probability": options.failure_probability,
                "law": options.law,
                **{fact.quantity: fact.value for fact in facts},
                "facts": [fact.as_dict() for fact in facts],
            }
            for value, facts in answer.found.items()
        ],
        "network": network_dict(options, answer.network) if answer.network else None,
        "artefacts": [entry.as_dict() for entry in answer.written],
    }
    return {**shown, "derivation": activation.derivation().as_dict()} if options.derivation else shown


def _exact(activation: Activation) -> dict[str, str | None]:
    exact: dict[str, str | None] = {
        name: str(getattr(activation, name)) for name in ("m_plus", "m_minus", "d", "lipschitz")
    }
    closed = activation.has_closed_form
    return exact | {name: str(getattr(activation, name)) if closed else None for name in CLOSED_FORMS}
