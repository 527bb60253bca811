"""What can be built: targets, source networks, subset-sum solvers, tickets."""

from bounds.widths.constructions import construction_names as names
from constructions.build import BuildResult, build
from constructions.readers.load import load_target
from constructions.rows import Failure
from constructions.solvers.interface import Solutions, solve_subset_sums
from constructions.target import TargetNetwork
from constructions.ticket import Architecture, LayerRecord, Mask, Ticket, load_ticket
from constructions.verify import Verification, verify_ticket

__all__ = [
    "Architecture",
    "BuildResult",
    "Failure",
    "LayerRecord",
    "Mask",
    "Solutions",
    "TargetNetwork",
    "Ticket",
    "Verification",
    "build",
    "load_target",
    "load_ticket",
    "names",
    "solve_subset_sums",
    "verify_ticket",
]
