"""``ticketproof bounds``: what the theory says about an activation, a subset-sum problem, an architecture."""

from __future__ import annotations

import argparse
from pathlib import Path

from reports.commands.command import Command
from reports.commands.theory.network_options import add_network_options, check_network_options
from reports.options import probability, tolerance

DESCRIPTION = """\
Derive an activation's piecewise linear approximation at 0 with certified radii, and the number of random variables a
subset-sum problem needs: necessary (fewer fail) and sufficient (this many succeed). With --width also the parameter
tolerances and the source widths for a target network of that architecture. Every line has its status and its source.
"""
EXAMPLES = """\
examples:
  ticketproof bounds tanh --tolerance 1e-3
  ticketproof bounds "leaky_relu(0.2)" --derivation
  ticketproof bounds --expression "x/(1 + Abs(x))" --latex
  ticketproof bounds tanh --tolerance 1e-3 --width 784,300,100,10 --row-sum 2 --construction 2L
  ticketproof bounds --all --markdown

exit status: 0 proved, 1 a radius is refuted, 2 bad input (an activation that violates the assumption included),
3 something has no answer: a verdict is open or no width was found
"""
LAWS = ("uniform", "product", "normal", "normal_product")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The activation, by name or as an expression, the subset-sum problem, the architecture, the form of the output."""
    parser.add_argument("activation", nargs="?", help="relu, leaky_relu(0.2), tanh, sigmoid, ...")
    parser.add_argument("--expression", help="any expression in x that sympy reads, instead of a name")
    parser.add_argument("--all", action="store_true", help="one table of all named activations")
    parser.add_argument("--tolerance", type=tolerance, nargs="+", help="tolerances (default 0.01; five with --all)")
    parser.add_argument("--failure-probability", type=probability, default=0.01, help="default 0.01")
    parser.add_argument("--law", default="uniform", choices=LAWS, help="law of the variables (default uniform)")
    parser.add_argument("--derivation", action="store_true", help="print the derivation step by step as well")
    parser.add_argument("--artefacts", type=Path, help="folder for the proofs as JSON files (docs/artefacts.md)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON (docs/bounds-command.md)")
    form.add_argument("--latex", action="store_true", help="print the derivation as LaTeX (amsmath)")
    form.add_argument("--csv", action="store_true", help="with --all: print CSV")
    form.add_argument("--markdown", action="store_true", help="with --all: print markdown")
    add_network_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print what is asked."""
    check_network_options(options)
    if options.all:
        from reports.commands.theory.all_activations import run_all

        return run_all(options)
    if options.csv or options.markdown:
        raise ValueError("bounds: --csv and --markdown are forms of the table of all activations; add --all")
    from reports.commands.theory.one_query import run_one

    return run_one(options)


COMMAND = Command("bounds", "what the theory says about an activation", DESCRIPTION, EXAMPLES, add_options, run)
