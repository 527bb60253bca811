"""``ticketproof verify``: check a saved ticket with code that shares nothing with the builder."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from reports.commands.command import Command
from reports.exit_codes import ExitCode
from reports.options import tolerance

DESCRIPTION = """\
Read a ticket file (seed, architecture record, mask), draw its weights again with a separate generator and check every
statement about it: format, mask, stored weights and, with --target, the certified error against the target network.
"""
EXAMPLES = """\
examples:
  ticketproof verify net.ticket
  ticketproof verify net.ticket --target net.onnx --tolerance 0.05
  ticketproof verify digits.ticket --target digits:tanh --json

exit status: 0 every check holds, 1 a check fails, 2 the file cannot be read
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The ticket, its target and the error that is claimed."""
    parser.add_argument("ticket", type=Path, help="ticket file")
    parser.add_argument("--target", help="target network: ONNX, NPZ or safetensors file, or digits:ACTIVATION")
    parser.add_argument("--tolerance", type=tolerance, help="claimed sup error on the domain (needs --target)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print one line per check."""
    from constructions import verify_ticket
    from empirical.experiments.targets import open_target

    if options.tolerance is not None and options.target is None:
        raise ValueError(f"verify: --tolerance {options.tolerance} is an error against a target; add --target")
    if not options.ticket.is_file():
        raise ValueError(f"verify: {options.ticket} is not a file; check the path")
    target = open_target(options.target).network if options.target else None
    verification = verify_ticket(options.ticket, target=target, tolerance=options.tolerance)
    if options.json:
        checks = [asdict(check) for check in verification.checks]
        print(json.dumps({"ok": verification.ok, "error": verification.error, "checks": checks}, indent=1))
    else:
        print(verification)
        print("verified" if verification.ok else "NOT verified")
    return ExitCode.OK if verification.ok else ExitCode.VIOLATED


COMMAND = Command("verify", "check a saved ticket", DESCRIPTION, EXAMPLES, add_options, run)
