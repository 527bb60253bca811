"""Pages: complete, self-contained, the same bytes from the same records."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from empirical.records import read_record, to_csv
from reports.figures import figures
from reports.page import read_records, write_report
from tests.reports.synthetic import all_records, ticket_row


class Page(HTMLParser):
    """What a page refers to, names, and shows in its table cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()
        self.cells: list[str] = []
        self._inside = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        values = dict(attributes)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values[key] or "" for key in ("href", "src", "xlink:href") if key in values]
        if tag == "td":
            self.cells.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, all_records(), "ticketproof report --seed 0")
    return folder


@pytest.fixture(scope="module")
def page(report: Path) -> Page:
    return Page((report / "index.html").read_text())


def test_every_link_leads_somewhere(report: Path, page: Page) -> None:
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        else:
            assert (report / link).is_file(), link
    for link in re.findall(r"\]\(([^)]+)\)", (report / "report.md").read_text()):
        assert (report / link).is_file(), link


def test_the_page_needs_no_network(report: Path, page: Page) -> None:
    assert not any("//" in link for link in page.links)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    text = (report / "index.html").read_text()
    assert "@import" not in text and not re.search(r"url\((?!#)", text)


def test_ids_are_unique(page: Page) -> None:
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []


def test_no_cell_is_empty(page: Page) -> None:
    assert page.cells and all(cell.strip() for cell in page.cells)
    dashes = [cell for cell in page.cells if cell.startswith("\u2013")]
    assert dashes and all(cell.removeprefix("\u2013").strip().isdigit() for cell in dashes), "a dash has its footnote"


def test_readable_on_a_phone_and_in_the_dark(report: Path, page: Page) -> None:
    text = (report / "index.html").read_text()
    assert "width=device-width" in text and "prefers-color-scheme: dark" in text
    assert text.count('class="scroll"') == page.tags["table"]
    assert page.tags["math"] >= 8, "formulas are typeset"


def test_every_record_is_there_as_csv_and_json(report: Path) -> None:
    for record in all_records():
        assert (report / "records" / f"{record.name}.csv").read_text() == to_csv(record)
        assert read_record(report / "records" / f"{record.name}.json").key == record.key
    assert {record.name for record in read_records(report)} == {record.name for record in all_records()}


def test_every_seed_is_named(report: Path) -> None:
    assert "- seeds: 0, 1\n" in (report / "report.md").read_text()


def test_the_reason_for_the_missing_target_is_shown(report: Path) -> None:
    for name in ("report.md", "index.html"):
        assert "make report TARGET=path" in (report / name).read_text()


def test_a_violation_is_shown_first(tmp_path: Path) -> None:
    write_report(tmp_path, all_records([ticket_row(error_lower=0.2, holds=False)]), "ticketproof report")
    text = (tmp_path / "index.html").read_text()
    first = text[: text.index("<section")]
    assert 'class="violated"' in first and "digits:relu 2L planned seed 0" in first


def test_tickets_link_to_their_files(tmp_path: Path) -> None:
    write_report(tmp_path, all_records([ticket_row(file="tickets/a.ticket")]), "ticketproof report")
    assert "tickets/a.ticket" in Page((tmp_path / "index.html").read_text()).links
    assert "[0](tickets/a.ticket)" in (tmp_path / "report.md").read_text()


def test_same_records_same_bytes(report: Path, tmp_path: Path) -> None:
    write_report(tmp_path, all_records(), "ticketproof report --seed 0")
    written = sorted(path.relative_to(report) for path in report.rglob("*") if path.is_file())
    assert written == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    for path in written:
        assert (report / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_figures_are_svg_with_text_units_and_captions() -> None:
    drawn = figures({record.name: record for record in all_records()})
    assert {figure.name for figure in drawn} == {
        "approximation_relu",
        "errors",
        "radii",
        "sizes_product_fixed",
        "sizes_uniform_fixed",
    }
    for figure in drawn:
        root = ElementTree.fromstring(figure.standalone)
        text = "".join(root.itertext())
        assert len(figure.caption) > 40
        assert any(word in text for word in ("tolerance", "pre-activation", "error")), figure.name
        assert "currentColor" in figure.inline and "currentColor" not in figure.standalone
        assert not re.search(r"20\d\d-\d\d-\d\d", figure.svg), "no dates"


def test_figures_draw_the_numbers() -> None:
    """One marker per ticket: a dropped row would be a hidden result."""
    tickets = next(record for record in all_records() if record.name == "tickets")
    measured = [row for row in tickets.rows if row["error_lower"] is not None]
    errors = next(figure for figure in figures({"tickets": tickets}) if figure.name == "errors")
    legend = len({(row["construction"], row["mode"]) for row in measured})
    markers = len(re.findall(r'<use [^>]*style="(?![^"]*#010203)[^"]*"', errors.svg))
    assert markers == len(measured) + legend
