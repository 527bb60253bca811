"""The options that describe a target network: its architecture and the norms its layers keep to."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.options import positive_integer, positive_number, widths

if TYPE_CHECKING:
    from bounds import NetworkSpec

CONSTRUCTIONS = ("2L", "L+1", "looks-linear")
EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class NormOption:
    """An option of the target network: flag, name of its value, default, meaning with the default in it."""

    flag: str
    read: Any
    default: Any
    help: str

    @property
    def name(self) -> str:
        """The name of the value, as in ``bounds.dense_spec``."""
        return self.flag.removeprefix("--").replace("-", "_")


NORMS: tuple[NormOption, ...] = (
    NormOption("--row-sum", positive_number, 1.0, "largest sum of |w| over a row (default 1)"),
    NormOption("--max-weight", positive_number, 1.0, "largest |w| (default 1)"),
    NormOption("--max-bias", positive_number, 1.0, "largest |b| (default 1; see --no-biases)"),
    NormOption("--row-nonzeros", positive_integer, None, "nonzero weights per row (default: all)"),
    NormOption("--input-sup", positive_number, 1.0, "largest |x_j| of an input (default 1)"),
    NormOption("--output-activation", str, "identity", "activation of the last layer (default identity)"),
)
SWITCHES = (
    ("--no-biases", "the layers have no biases"),
    ("--nonnegative-input", "inputs are in [0, --input-sup] instead of [-sup, sup]"),
)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """``--width`` and what goes with it."""
    group = parser.add_argument_group("target network, with --width")
    group.add_argument("--width", type=widths, help="widths of the target, input first: 784,300,100,10")
    choices = (*CONSTRUCTIONS, EARLIER, "all")
    group.add_argument("--construction", choices=choices, help="which construction, or the earlier ones (default all)")
    group.add_argument("--first-activation", help="activation of the helper layers (default: the one asked about)")
    for option in NORMS:
        group.add_argument(option.flag, type=option.read, help=option.help)
    for flag, meaning in SWITCHES:
        group.add_argument(flag, action="store_true", help=meaning)


def check_network_options(options: argparse.Namespace) -> None:
    """Refuse, by name, options that say nothing without ``--width`` or that contradict each other."""
    if options.width is None:
        flags = ["--construction", "--first-activation", *(o.flag for o in NORMS), *(flag for flag, _ in SWITCHES)]
        given = [flag for flag in flags if getattr(options, flag.removeprefix("--").replace("-", "_"))]
        if given:
            raise ValueError(f"bounds: {given[0]} describes a target network; add --width, as in --width 784,300,10")
    if options.no_biases and options.max_bias is not None:
        raise ValueError(f"bounds: --max-bias {options.max_bias:g} contradicts --no-biases; leave one of them out")


def norms(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``bounds.dense_spec``, defaults filled in."""
    given = {option.name: getattr(options, option.name) for option in NORMS}
    chosen = {option.name: option.default if given[option.name] is None else given[option.name] for option in NORMS}
    if options.no_biases:
        chosen["max_bias"] = 0.0
    return {**chosen, "nonnegative_input": options.nonnegative_input}


def target(options: argparse.Namespace, activation: str) -> NetworkSpec:
    """The numbers of the target network; ValueError naming the option that is out of range."""
    import bounds

    return bounds.dense_spec(options.width, activation, **norms(options))


def assumptions(options: argparse.Namespace) -> str:
    """What was assumed of the target, in one sentence."""
    chosen = norms(options)
    biases = f"|b| <= {chosen['max_bias']:g}" if chosen["max_bias"] else "no biases"
    count = chosen["row_nonzeros"]
    dense = "all weights may be nonzero" if count is None else f"at most {count} nonzero weights per row"
    low = "0" if options.nonnegative_input else f"-{chosen['input_sup']:g}"
    return (
        f"assumed of every layer: |w| <= {chosen['max_weight']:g}, row sums of |W| <= {chosen['row_sum']:g}, {biases}, "
        f"{dense}; inputs in [{low}, {chosen['input_sup']:g}] "
        f"(--max-weight, --row-sum, --max-bias, --no-biases, --row-nonzeros, --input-sup, --nonnegative-input)"
    )
