"""``python -m empirical.experiments.size_grid``: run the experiment, print its tables, write them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bounds.laws import LAWS
from empirical.experiments.size_grid import SizeGridConfiguration, experiment
from empirical.files import write_text_atomically
from empirical.records import Record, Row, write_record

MODULE = "empirical.experiments.size_grid"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment with the options of the command line; return the exit status 0."""
    defaults = SizeGridConfiguration()
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description="Base-set sizes over a grid of levels.")
    parser.add_argument("--output", type=Path, default=Path("report"), help="folder of the tables (default report)")
    parser.add_argument("--trials", type=_whole, default=defaults.trials, help=f"trials (default {defaults.trials})")
    parser.add_argument("--laws", nargs="+", choices=tuple(LAWS), default=list(defaults.laws), help="laws to measure")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws (default 0)")
    options = parser.parse_args(arguments)
    configuration = SizeGridConfiguration(laws=tuple(options.laws), trials=options.trials, seed=options.seed)
    chosen = experiment(configuration)
    done = 0

    def advance(message: str) -> None:
        nonlocal done
        done += 1
        print(f"[{done}/{chosen.cells}] {message}", file=sys.stderr, flush=True)

    (record,) = chosen.run(advance)
    text = markdown(record)
    write_record(options.output, record)
    write_text_atomically(options.output / "size_grid.md", text)
    print(text)
    return 0


def _whole(text: str) -> int:
    """A whole number of trials >= 1."""
    try:
        trials = int(text)
    except ValueError:
        trials = 0
    if trials < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number >= 1, for example 1000000")
    return trials


def command(record: Record) -> str:
    """The command that makes the record again."""
    settings = record.configuration
    laws = " ".join(settings["laws"])
    return f"python -m {MODULE} --trials {settings['trials']} --laws {laws} --seed {record.seed}"


def markdown(record: Record) -> str:
    """One table per law: rows are tolerances, columns failure probabilities; reasons for unmeasured cells below."""
    lines = [f"# {record.title}", "", _EXPLANATION, "", f"Made by `{command(record)}`."]
    for law in record.configuration["laws"]:
        lines += ["", f"## {law}", "", *_law_table(record, law)]
    return "\n".join(lines) + "\n"


_EXPLANATION = (
    "Number of variables of one subset-sum problem, target given in advance, |z| <= 1 (measured at z = 1, the worst).\n"
    "A cell: necessary <= measured <= sufficient (measured/necessary, sufficient/measured). Measured is the least\n"
    "size whose lower Clopper-Pearson limit reaches 1 - delta, preceded by the lower end of its 95 % interval where\n"
    "that differs. Cells marked with a letter have no measured size, at most that lower end (and sufficient/necessary)."
)


def _law_table(record: Record, law: str) -> list[str]:
    """The lines of one law's table and of its footnotes."""
    tolerances, deltas = (record.configuration[key] for key in ("tolerances", "failure_probabilities"))
    cells = {(row["tolerance"], row["failure_probability"]): row for row in record.rows if row["law"] == law}
    notes = sorted({row["note"] for row in cells.values() if row["note"]})
    lines = [
        "| eps \\ delta | " + " | ".join(f"{delta:g}" for delta in deltas) + " |",
        "|---" * (len(deltas) + 1) + "|",
    ]
    for tolerance in tolerances:
        shown = [_cell(cells[tolerance, delta], notes) for delta in deltas]
        lines.append(f"| {tolerance:g} | " + " | ".join(shown) + " |")
    footnotes = [f"- [{_letter(index)}] {note}" for index, note in enumerate(notes)]
    return [*lines, "", *footnotes] if footnotes else lines


def _cell(row: Row, notes: list[str]) -> str:
    """One cell of the table."""
    least, most = row["measured_lower"], row["measured"]
    if row["measured"] is None:
        mark = _letter(notes.index(row["note"]))
        known = f"{least}.. " if least > row["necessary"] else ""
        return f"{row['necessary']} <= {known}[{mark}] <= {row['sufficient']} ({row['sufficient_over_necessary']:.2f})"
    measured = str(most) if least == most else f"{least}..{most}"
    ratios = f"{row['measured_over_necessary']:.2f}, {row['sufficient_over_measured']:.2f}"
    return f"{row['necessary']} <= {measured} <= {row['sufficient']} ({ratios})"


def _letter(index: int) -> str:
    """a, b, ..., z, a1, b1, ..."""
    return "abcdefghijklmnopqrstuvwxyz"[index % 26] + (str(index // 26) if index >= 26 else "")
