"""``ticketproof build``: prune a random source network into a ticket for a given target network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from reports.commands.command import Command
from reports.exit_codes import ExitCode
from reports.options import positive_integer, probability, seed, tolerance

DESCRIPTION = """\
Build a strong lottery ticket. Planned: --tolerance is the promised sup error on the target's domain and
--failure-probability the chance that the draw does not allow it; theory chooses every size before the draw.
As published: --base-set-size variables per subset-sum problem, --tolerance per parameter, no promise.
"""
EXAMPLES = """\
examples:
  ticketproof build net.onnx --tolerance 0.05 --failure-probability 0.01 --output net.ticket
  ticketproof build net.npz --construction 2L --tolerance 0.01 --base-set-size 20 --seed 7 --output net.ticket
  ticketproof build digits:sigmoid --construction looks-linear --tolerance 0.1 --failure-probability 0.01

exit status: 0 built, 2 bad input, 3 some subset-sum problems have no solution (the ticket is written and says which)
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The target, the construction and the two modes."""
    parser.add_argument("target", help="ONNX, NPZ or safetensors file, or digits:ACTIVATION")
    parser.add_argument("--construction", default="L+1", help="2L, L+1 (default) or looks-linear")
    parser.add_argument("--tolerance", type=tolerance, required=True, help="promised sup error, or error per parameter")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--failure-probability", type=probability, help="planned mode: chance that the draw fails")
    mode.add_argument("--base-set-size", type=positive_integer, help="as published: variables per subset-sum problem")
    parser.add_argument("--objective", default="best", help="as published: which subset is kept, best or smallest")
    parser.add_argument("--first-activation", help="activation of the helper layers (default: the target's)")
    parser.add_argument("--seed", type=seed, default=0, help="seed of the source network (default 0)")
    parser.add_argument("--device", default="cpu", help="device of the solver (default cpu)")
    parser.add_argument("--output", type=Path, help="file for the ticket")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Build, save, print the numbers."""
    from constructions import build
    from constructions.ticket_file import check_replaceable
    from empirical.experiments.targets import open_target

    if options.output:
        check_replaceable(options.output)
    result = build(
        open_target(options.target).network,
        construction=options.construction,
        tolerance=options.tolerance,
        failure_probability=options.failure_probability,
        base_set_size=options.base_set_size,
        first_activation=options.first_activation,
        seed=options.seed,
        device=options.device,
        objective=options.objective,
    )
    if options.output:
        result.ticket.save(options.output)
    unsolved = sum(failure.fatal for failure in result.failures)
    _show({**result.stats, "unsolved_problems": unsolved, "file": str(options.output or "not written")}, options.json)
    return ExitCode.OK if result.success else ExitCode.INCOMPLETE


def _show(numbers: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(numbers, indent=1, default=str))
        return
    width = max(len(name) for name in numbers)
    for name, value in numbers.items():
        print(f"{name.replace('_', ' '):{width}}  {value}")


COMMAND = Command("build", "build a ticket for a target network", DESCRIPTION, EXAMPLES, add_options, run)
