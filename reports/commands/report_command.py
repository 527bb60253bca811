"""``ticketproof report``: run the experiments, write the records, make the pages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reports.commands.command import Command
from reports.exit_codes import ExitCode
from reports.options import positive_integer, seed

if TYPE_CHECKING:
    from empirical.records import Record

DESCRIPTION = """\
Derive the theory for four activations, measure base sets, train sparse networks on handwritten digits, build and
verify their tickets, and write report.md, index.html, CSV, JSON and SVG files. An existing report is replaced only when
the new one is complete.
"""
EXAMPLES = """\
examples:
  ticketproof report
  ticketproof report --target net.onnx --output results
  ticketproof report --seed 10 --seeds 5

exit status: 0 ok, 1 a ticket is not verified or a bound is violated, 2 bad input, 3 a cell could not be filled
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where to write, which seeds, which further target."""
    parser.add_argument("--output", type=Path, default=Path("report"), help="folder of the report (default ./report)")
    parser.add_argument("--target", help="one more target network: ONNX, NPZ or safetensors file")
    parser.add_argument("--seed", type=seed, default=0, help="first seed of the source networks (default 0)")
    parser.add_argument("--seeds", type=positive_integer, default=3, help="how many seeds (default 3)")
    parser.add_argument("--workers", type=positive_integer, help="processes for the tickets (default: the cores)")


def run(options: argparse.Namespace) -> int:
    """Experiments, then pages, then the verdicts on standard output."""
    from reports.folder import checked_output, replaced

    output = checked_output(options.output)
    with replaced(output) as folder:
        from empirical.experiments.conclusions import concluded
        from empirical.experiments.default import default_experiments, default_workers
        from reports.page import write_report
        from reports.progress import progress

        _check_target(options.target)
        records: list[Record] = []
        workers = options.workers or default_workers()
        for experiment in default_experiments(options.seed, options.seeds, options.target, folder, workers):
            with progress(experiment.title, experiment.cells) as advance:
                records.extend(experiment.run(advance))
        complete = concluded(tuple(records))
        write_report(folder, complete, _command(options))
    print(f"report: {output / 'index.html'}")
    return _conclude(complete[-1])


def _check_target(name: str | None) -> None:
    """Refuse an unreadable target at once, not after minutes of work."""
    if name is not None:
        from empirical.experiments.targets import open_target

        open_target(name)


def _command(options: argparse.Namespace) -> str:
    """What to type to get the same numbers; a path is given by its file name."""
    parts = ["ticketproof report", f"--seed {options.seed}", f"--seeds {options.seeds}"]
    if options.target:
        parts.append(f"--target {Path(options.target).name}")
    return " ".join(parts)


def _conclude(verdicts: Record) -> ExitCode:
    """Print one line per statement; the exit status is that of the worst."""
    from empirical.experiments.verdicts import HOLDS, VIOLATED, worst

    for row in verdicts.rows:
        where = f" ({row['where']})" if row["where"] else ""
        stream = sys.stdout if row["status"] == HOLDS else sys.stderr
        print(f"{row['status']:10} {row['holds']} of {row['cells']}: {row['statement']}{where}", file=stream)
    status = worst(verdicts)
    return ExitCode.OK if status == HOLDS else ExitCode.VIOLATED if status == VIOLATED else ExitCode.INCOMPLETE


COMMAND = Command("report", "write the report", DESCRIPTION, EXAMPLES, add_options, run)
