"""Tables: which columns of which record are shown, under which headings, and why a cell is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from empirical.records import Record, Row
from reports.cells import Form, text

NO_REASON = "not recorded"
EMPTY = "\u2013"


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` in the record's rows, heading, how a value is written, and the reason for a missing value.

    ``markup`` names a second key whose value is MathML (pages), ``latex`` one whose value is LaTeX (markdown), ``link``
    one whose value is a file of the report.
    """

    key: str
    heading: str
    form: Form = text
    missing: str | None = None
    markup: str | None = None
    latex: str | None = None
    link: str | None = None
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows: plain text for markdown, MathML or None for the page, a link, the number of its footnote."""

    plain: str
    markup: str | None = None
    link: str | None = None
    footnote: int | None = None
    numeric: bool = True
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class TableDesign:
    """A table before it has rows.

    ``record``   the record it shows, and the stem of the CSV file.
    ``command``  how to make the numbers again.
    ``notes``    (heading, key): values of the rows that are shown once, below the table.
    ``folded``   shown only when unfolded on the page: long tables.
    """

    record: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    command: str
    notes: tuple[tuple[str, str], ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A design filled with a record's rows."""

    design: TableDesign
    rows: tuple[tuple[Cell, ...], ...]
    footnotes: tuple[str, ...] = field(default=())
    notes: tuple[tuple[str, str], ...] = field(default=())

    @property
    def headings(self) -> tuple[str, ...]:
        """The column headings."""
        return tuple(column.heading for column in self.design.columns)


def table(design: TableDesign, record: Record) -> Table:
    """Fill a design; every empty cell gets a footnote with its reason."""
    footnotes: list[str] = []
    rows = tuple(tuple(_cell(column, row, footnotes) for column in design.columns) for row in record.rows)
    notes = tuple((heading, value) for heading, key in design.notes for value in _distinct(record, key))
    return Table(design, rows, tuple(footnotes), notes)


def markdown(filled: Table) -> str:
    """The table in GitHub's markdown."""
    from tabulate import tabulate

    body = [[_markdown_cell(cell) for cell in row] for row in filled.rows]
    alignment = ["right" if column.numeric else "left" for column in filled.design.columns]
    return tabulate(body, headers=filled.headings, tablefmt="pipe", colalign=alignment, disable_numparse=True)


def _cell(column: Column, row: Row, footnotes: list[str]) -> Cell:
    value = row.get(column.key)
    if value is None:
        reason = column.missing or row.get("note") or NO_REASON
        return Cell(EMPTY, footnote=_footnote(reason, footnotes), numeric=column.numeric)
    return Cell(
        plain=f"${row[column.latex]}$" if column.latex else column.form(value),
        markup=row[column.markup] if column.markup else None,
        link=row[column.link] if column.link else None,
        numeric=column.numeric,
        alarm=_alarming(value),
    )


def _distinct(record: Record, key: str) -> list[str]:
    """The values of one key in order of first appearance."""
    return list(dict.fromkeys(row[key] for row in record.rows if row[key] is not None))


def _alarming(value: Any) -> bool:
    """A false check or a bad status, to be seen at a glance (its text says so too)."""
    return value is False or value in ("violated", "refuted", "incomplete", "open")


def _footnote(reason: str, footnotes: list[str]) -> int:
    """The number of a reason, counted from 1 in order of appearance."""
    if reason not in footnotes:
        footnotes.append(reason)
    return footnotes.index(reason) + 1


def _markdown_cell(cell: Cell) -> str:
    escaped = cell.plain.replace("|", r"\|") if not cell.plain.startswith("$") else cell.plain.replace("|", r"\vert ")
    linked = f"[{escaped}]({cell.link})" if cell.link else escaped
    return linked + (f" [{cell.footnote}]" if cell.footnote else "")


def filled_tables(designs: Sequence[TableDesign], records: dict[str, Record]) -> tuple[Table, ...]:
    """Every design whose record exists, in order."""
    return tuple(table(design, records[design.record]) for design in designs if design.record in records)
