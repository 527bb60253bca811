"""Cells and tables: values read as they are, and no cell is empty without a reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import cells
from reports.designs import DESIGNS
from reports.tables import Column, Table, TableDesign, filled_tables, markdown, table
from tests.reports.synthetic import all_records, record

DESIGN = TableDesign(
    "things",
    "Things",
    "Some things.",
    (
        Column("name", "name", numeric=False),
        Column("size", "size", cells.number),
        Column("part", "part", missing="why"),
    ),
    "command",
)


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        (cells.number, 0.0123456, "0.0123"),
        (cells.number, 1.5e-7, "1.50·10⁻⁷"),
        (cells.number, 123456.0, "1.23·10⁵"),
        (cells.number, 0.0, "0"),
        (cells.number, math.inf, "∞"),
        (cells.number, -math.inf, "-∞"),
        (cells.tolerance, 1e-12, "10⁻¹²"),
        (cells.tolerance, 0.01, "0.01"),
        (cells.tolerance, 0.00025, "2.50·10⁻⁴"),
        (cells.integer, 1234567, "1\u202f234\u202f567"),
        (cells.integers, [64, 1600], "64 · 1\u202f600"),
        (cells.integers, 20, "20"),
        (cells.percent, 0.9583, "95.8 %"),
        (cells.ratio, 1.0649, "1.06"),
        (cells.ratio, 59.489, "59.5"),
        (cells.ratio, math.inf, "∞"),
        (cells.yes_no, False, "NO"),
    ],
)
def test_forms(form: cells.Form, value: float, shown: str) -> None:
    assert form(value) == shown


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_a_shown_number_is_the_number_to_three_digits(value: float) -> None:
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    shown = cells.number(value).replace("·10", "e").translate(digits)
    assert float(shown) == pytest.approx(value, rel=6e-3)


def filled(rows: list[dict[str, object]]) -> Table:
    return table(DESIGN, record("things", ("name", "size", "part"), rows))


def test_empty_cells_carry_their_reason() -> None:
    made = filled(
        [
            {"name": "one", "size": None, "part": None, "note": "too heavy"},
            {"name": "two", "size": None, "part": 1, "note": "too heavy"},
            {"name": "three", "size": None, "part": 1},
        ]
    )
    assert made.footnotes == ("too heavy", "why", "not recorded")
    assert [row[1].footnote for row in made.rows] == [1, 1, 3]
    assert made.rows[0][2].footnote == 2


def test_markdown_is_a_table_and_bars_are_escaped() -> None:
    text = markdown(filled([{"name": "a|b", "size": 1.0, "part": None}]))
    lines = text.splitlines()
    assert len(lines) == 3 and r"a\|b" in lines[2] and "\u2013 [1]" in lines[2]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {4}


def test_alarms_are_seen() -> None:
    records = {made.name: made for made in all_records()}
    verdict_cells = [cell for row in table(DESIGNS[0], records["verdicts"]).rows for cell in row]
    assert {cell.plain for cell in verdict_cells if cell.alarm} == {"incomplete"}


def test_every_design_fits_its_record() -> None:
    """A column that no row has would show as empty for a wrong reason."""
    records = {made.name: made for made in all_records()}
    assert {design.record for design in DESIGNS} <= set(records)
    for design in DESIGNS:
        for column in design.columns:
            for key in (column.key, column.markup, column.latex):
                assert key is None or all(key in row for row in records[design.record].rows), (design.record, key)
    assert all("not recorded" not in made.footnotes for made in filled_tables(DESIGNS, records))
