"""Pages: a folder of records becomes report.md, index.html, figures and the CSV and JSON files they link to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from empirical.files import write_text_atomically
from empirical.records import SCHEMA_VERSION, Record, read_record, write_record
from reports.canvas import Figure
from reports.designs import DESIGNS
from reports.figures import figures
from reports.folder import MARKER
from reports.tables import Table, filled_tables, markdown

SECTION_FIGURES = {"base_sets": "sizes_", "ticket_summary": "errors", "activations": "approximation_", "radii": "radii"}


@dataclass(frozen=True, slots=True)
class Section:
    """One table with the figures that belong to it."""

    table: Table
    figures: tuple[Figure, ...]


def write_report(folder: Path, records: Sequence[Record], command: str) -> None:
    """Write everything into an existing, empty folder; ``command`` is what to type to get it again."""
    for record in records:
        write_record(folder / "records", record)
    drawn = figures({record.name: record for record in records})
    for figure in drawn:
        write_text_atomically(folder / "figures" / f"{figure.name}.svg", figure.standalone)
    for name, template in (("report.md", "report.md.j2"), ("index.html", "index.html.j2")):
        write_text_atomically(folder / name, render(template, records, drawn, command))
    marker = {"schema_version": SCHEMA_VERSION, "records": sorted(record.name for record in records)}
    write_text_atomically(folder / MARKER, json.dumps(marker, indent=1) + "\n")


def read_records(folder: Path) -> tuple[Record, ...]:
    """The records of a report, as its marker lists them."""
    names = json.loads((folder / MARKER).read_text(encoding="utf-8"))["records"]
    return tuple(read_record(folder / "records" / f"{name}.json") for name in names)


def render(template: str, records: Sequence[Record], drawn: Sequence[Figure], command: str) -> str:
    """One page as text."""
    by_name = {record.name: record for record in records}
    return (
        _environment()
        .get_template(template)
        .render(
            sections=sections(by_name, drawn),
            provenance=records[0].provenance,
            seeds=_seeds(records),
            command=command,
            verdicts=by_name["verdicts"].rows if "verdicts" in by_name else (),
        )
    )


def sections(records: dict[str, Record], drawn: Sequence[Figure]) -> tuple[Section, ...]:
    """The tables in reading order, each with its figures."""
    return tuple(
        Section(table, tuple(figure for figure in drawn if _belongs(figure, table.design.record)))
        for table in filled_tables(DESIGNS, records)
    )


def _seeds(records: Sequence[Record]) -> list[int]:
    """Every seed that something was drawn from."""
    own = {record.seed for record in records if record.seed is not None}
    return sorted(own.union(*(record.configuration.get("seeds", ()) for record in records)))


def _belongs(figure: Figure, record: str) -> bool:
    prefix = SECTION_FIGURES.get(record)
    return prefix is not None and figure.name.startswith(prefix)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["markdown_table"] = markdown
    environment.filters["inline_svg"] = lambda figure: Markup(figure.inline)
    environment.filters["mathml"] = Markup
    return environment
