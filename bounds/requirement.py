"""Width requirements as objects: what a source network must offer, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bounds.network import NetworkSpec
from bounds.widths.blocks import Block
from bounds.widths.constants import Constant
from bounds.widths.stages import Demand, Sizes

if TYPE_CHECKING:
    from bounds.widths.slack import SlackItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantRows:
    """Constant neurons a stage provides for the biases above it.

    ``rows``    neurons planned for it (spares included); ``needed`` must succeed.
    ``target``  pre-activation they aim at, None if they are fully pruned (value phi(0)).
    """

    rows: int
    needed: int
    target: float | None
    value: Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One target layer of the requirement.

    ``layer``        target layer l, counted from 1.
    ``kind``         "two-for-one" (helper layer + row layer) or "one-for-one".
    ``block``        the two-for-one block, None for one-for-one.
    ``sizes``        base-set sizes, tolerance and scales (:class:`bounds.widths.stages.Sizes`).
    ``copies``       rows per used target neuron that must succeed; ``spare_rows`` more are drawn.
    ``used_neurons`` target neurons of this layer that some weight above uses (all of them for the output).
    ``constants``    constant rows for the layer above, or None.
    ``helper_width`` width of the helper layer (0 for one-for-one); ``row_width`` width of the row layer.
    ``problems``     number of subset-sum problems, ``problem_probability`` the failure probability of each;
                     ``unspared_probability`` what it would be without spare rows.
    ``demand``       what was asked of the stage (:class:`bounds.widths.stages.Demand`).
    ``own_error, amplification, error``  A_l, amp_l, e_l (``error`` after the activation).
    """

    layer: int
    kind: str
    block: Block | None
    sizes: Sizes
    copies: int
    spare_rows: int
    used_neurons: int
    constants: ConstantRows | None
    helper_width: int
    row_width: int
    problems: int
    problem_probability: float
    unspared_probability: float
    demand: Demand
    amplification: float
    error: float

    @property
    def own_error(self) -> float:
        """A_l: the pre-activation error the stage may add."""
        return self.demand.own_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One derived quantity of a requirement: what, its value, and where it comes from."""

    statement: str
    value: float | int | str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthRequirement:
    """Widths of a source network that contains a ticket with probability >= 1 - failure_probability.

    ``spec``              numbers of the target.
    ``split``, ``shares`` how the budgets are shared (``bounds.widths.budgets.SPLITS``): rule and result, layer 1 first.
    ``subsets``           family of subsets of one-for-one layers (``bounds.widths.subsets.SUBSET_RULES``).
    ``widths``            of the source network, input and output included.
    ``base_set_sizes``    largest base set per target layer.
    ``tolerances``        parameter tolerance per target layer, in units of the parameters.
    ``spare_rows``        spare rows per target neuron, per target layer.
    ``stages``            everything else, one record per target layer.
    """

    construction: str
    tolerance: float
    failure_probability: float
    spec: NetworkSpec
    split: str
    shares: tuple[float, ...]
    subsets: str
    stages: tuple[Stage, ...]
    widths: tuple[int, ...]
    base_set_sizes: tuple[int, ...]
    tolerances: tuple[float, ...]
    spare_rows: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def slack(self) -> tuple[SlackItem, ...]:
        """What each step of the proof costs in neurons (:mod:`bounds.widths.slack`)."""
        from bounds.widths.slack import slack  # that module reads requirements

        return slack(self)

    @property
    def problems(self) -> int:
        """Number of subset-sum problems of the whole construction."""
        return sum(stage.problems for stage in self.stages)
