"""The command line: ``ticketproof report | bounds | build | verify``.

Nothing heavy is imported here: ``--help`` answers without torch, scipy.stats and matplotlib. Each command lives in one
file of ``reports.commands`` and imports what it needs when it runs. Only this module turns errors into exit codes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from reports.commands import COMMANDS
from reports.exit_codes import ExitCode

SIBLINGS = ("bounds", "constructions", "empirical")
DESCRIPTION = """\
Strong lottery tickets: how wide must a random network be so that pruning alone turns it into a given network?
ticketproof derives those statements, builds the tickets and puts necessary <= measured <= sufficient side by side.
"""
EPILOG = """\
examples:
  ticketproof report                                       the whole report, in ./report
  ticketproof bounds tanh --tolerance 1e-3                 radii and base-set sizes of one activation
  ticketproof build net.onnx --tolerance 0.05 --failure-probability 0.01 --output net.ticket
  ticketproof verify net.ticket --target net.onnx

exit status: 0 ok, 1 a claim the suite relies on is violated, 2 usage or bad input, 3 incomplete
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; a usage error leaves through argparse, with status 2."""
    try:
        refuse_foreign_packages()
    except ImportError as error:
        return _fail(error)
    options = parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains once more when it exits
        return ExitCode.INCOMPLETE
    except (ValueError, OSError) as error:
        if options.traceback:
            raise
        return _fail(error)
    except KeyboardInterrupt:
        print("ticketproof: interrupted; nothing that existed before was changed", file=sys.stderr)
        return ExitCode.INCOMPLETE


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    top = argparse.ArgumentParser(
        prog="ticketproof",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_options(own)
        own.add_argument("--traceback", action="store_true", help="show where in the program bad input was found")
        own.set_defaults(run=command.run)
    return top


def refuse_foreign_packages() -> None:
    """Raise ImportError, naming the file, when one of the sibling packages is not the one installed beside this file.

    The names are common words: a ``bounds.py`` in the working directory or on PYTHONPATH would otherwise be imported
    silently in place of ours.
    """
    home = Path(__file__).resolve().parents[1]
    for name in SIBLINGS:
        spec = find_spec(name)
        if spec is None:
            raise ImportError(f"the package {name!r} is missing beside {home}; install ticketproof again")
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        for place in places:
            if not Path(place).resolve().is_relative_to(home / name):
                raise ImportError(
                    f"{place} hides ticketproof's own package {name!r} in {home / name}; rename it, "
                    "or run the command from another folder and without it on PYTHONPATH"
                )


def _fail(error: Exception) -> ExitCode:
    message = str(error) or type(error).__name__
    print(f"ticketproof: {message}", file=sys.stderr)
    return ExitCode.USAGE
