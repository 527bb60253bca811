"""Build a ticket: choose a plan, draw the source network once (by its seed), solve, prune, keep what is live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.requirement import WidthRequirement
from bounds.tolerances import check_open_unit
from constructions.architecture import Architecture, LayerRecord
from constructions.base_sets import CONSTANT, CONSTANT_NEURON, ConstantSource, HelperPool, InputSource, Key
from constructions.copies import CopySets
from constructions.mask import IntArray, Mask
from constructions.plan import LARGEST_BASE_SET, Plan, StageSettings, planned, published
from constructions.rows import Failure, RowStage
from constructions.solvers.interface import check_names
from constructions.target import TargetNetwork
from constructions.ticket import Ticket

_UNBOUNDED = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """A ticket and how it came about.

    ``ticket``    the ticket, also when some problems failed.
    ``failures``  subset-sum problems that stayed unsolved; ``success`` is False if one of them is fatal.
    ``plan``      the width requirement promised before the draw (None in published mode).
    ``stats``     numbers: problems, failed_problems (at the first base set), spare_rows, spare_neurons, widths,
                  live_widths, parameters, base_set_sizes, used_over_planned (largest live / planned width, or None).
    """

    ticket: Ticket
    failures: tuple[Failure, ...]
    plan: WidthRequirement | None
    stats: dict[str, Any]

    @property
    def success(self) -> bool:
        """Whether every problem of every row that the ticket needs was solved."""
        return not any(failure.fatal for failure in self.failures)


def build(
    target: TargetNetwork,
    construction: str = "L+1",
    tolerance: float | None = None,
    failure_probability: float | None = None,
    base_set_size: int | None = None,
    first_activation: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    objective: str = "best",
) -> BuildResult:
    """Build a ticket of ``target`` by pruning the source network of ``seed``.

    ``construction``         one of ``constructions.names()``.
    ``tolerance``            planned mode: promised linf sup error, in (0, 1). With ``base_set_size``: per parameter.
    ``failure_probability``  planned mode, required: delta in (0, 1).
    ``base_set_size``        published mode: variables available to each problem once signs are known, 1..44.
    ``first_activation``     phi_0 of the helper layers; default: the target's first hidden activation.
    ``seed``                 0 <= seed < 2^64; the source network is a function of it and never redrawn.
    ``objective``            published mode: which subset is kept, "best" (least error) or, as in B22's experiments,
                             "smallest" (fewest parameters within the tolerance, larger error).

    Returns a :class:`BuildResult`; unsolved problems are reported there, never retried with other weights.
    Raises ValueError for arguments out of range and for plans below the floor of float64 weights.

    >>> import constructions
    >>> target = constructions.TargetNetwork([[[0.5]], [[0.25]]], [None, None], ["relu", "identity"], ([0.0], [1.0]))
    >>> result = constructions.build(target, "L+1", tolerance=0.01, base_set_size=15)
    >>> result.success, bool(abs(result.ticket([[1.0]]) - 0.125)[0, 0] < 0.05)
    (True, True)
    """
    if tolerance is None:
        raise ValueError("build: tolerance=None; give the promised sup error, for example tolerance=0.1")
    check_open_unit("tolerance", tolerance, "build")
    _check_choices(target, base_set_size, seed, device, objective)
    plan = _choose_plan(
        target, construction, tolerance, failure_probability, base_set_size, first_activation, objective
    )
    return _Builder(target, plan, seed, device).run()


def _check_choices(target: Any, base_set_size: Any, seed: Any, device: str, objective: str) -> None:
    """Refuse what only the later stages need before the first of them starts."""
    if not isinstance(target, TargetNetwork):
        raise ValueError(f"build: target={target!r} must be a TargetNetwork; constructions.load_target(path) reads one")
    for name, value, least, largest in (
        ("seed", seed, 0, 2**64 - 1),
        ("base_set_size", 1 if base_set_size is None else base_set_size, 1, LARGEST_BASE_SET),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= largest:
            raise ValueError(f"build: {name}={value!r} must be an integer in {least}..{largest}; choose another")
    check_names(objective, device)


def _choose_plan(
    target: TargetNetwork,
    construction: str,
    tolerance: float,
    failure_probability: float | None,
    base_set_size: int | None,
    first_activation: str | None,
    objective: str,
) -> Plan:
    if base_set_size is None:
        if failure_probability is None:
            raise ValueError(
                "build: failure_probability=None, but planned mode needs it (for example 0.01); "
                "give it, or base_set_size for published mode"
            )
        return planned(target.spec(), construction, tolerance, failure_probability, first_activation)
    if failure_probability is not None:
        raise ValueError(
            f"build: failure_probability={failure_probability} belongs to planned mode and "
            f"base_set_size={base_set_size} "
            "to published mode; give one of them"
        )
    return published(target.spec(), construction, tolerance, base_set_size, first_activation, objective)


class _Builder:
    """Builds the stages from the input up and collects the masks from the output down."""

    def __init__(self, target: TargetNetwork, plan: Plan, seed: int, device: str) -> None:
        self._target, self._plan, self._seed, self._device = target, plan, seed, device
        self._stages: list[RowStage] = []
        self._pools: list[HelperPool | None] = []
        self._records: list[LayerRecord] = []

    def run(self) -> BuildResult:
        """Build all stages and assemble the ticket."""
        for settings in self._plan.stages:
            self._add_stage(settings)
        outputs = self._stages[-1]
        outputs.ensure({neuron: 1 for neuron in range(self._target.widths[-1])})
        masks = self._masks()
        architecture = Architecture(tuple(self._final_records()), self._target.domain)
        ticket = Ticket(self._seed, architecture, tuple(self._as_masks(masks, architecture)))
        failures = tuple(failure for stage in self._stages for failure in stage.failures)
        return BuildResult(
            ticket=ticket, failures=failures, plan=self._plan.requirement, stats=self._stats(ticket, masks)
        )

    def _add_stage(self, settings: StageSettings) -> None:
        number = settings.layer
        pool: HelperPool | None = None
        if settings.block is not None:
            pool = self._helper_pool(settings)
            self._pools.append(pool)
        else:
            self._pools.append(None)
        base_sets = pool if pool is not None else CopySets(self._stages[-1], settings.sizes)
        record = LayerRecord(
            n_in=_UNBOUNDED,
            n_out=_UNBOUNDED,
            activation=self._target.activations[number - 1],
            scale=settings.sizes.sigma,
            paired_columns=pool is not None and self._paired(settings),
        )
        self._records.append(record)
        self._stages.append(
            RowStage(
                settings=settings,
                seed=self._seed,
                layer_index=len(self._records),
                record=record,
                activation=self._target.activations[number - 1],
                base_sets=base_sets,
                problems=self._problems(number, pool),
                device=self._device,
            )
        )

    def _helper_pool(self, settings: StageSettings) -> HelperPool:
        """Return the helper pool of a two-for-one stage, fed by the rows below (or by the network's input)."""
        assert settings.block is not None and settings.sizes.helper_scale is not None
        first = settings.layer == 1
        n_in = self._target.widths[0] if first else _UNBOUNDED
        record = LayerRecord(
            n_in=n_in,
            n_out=_UNBOUNDED,
            activation=settings.block.activation.function.name,
            scale=settings.sizes.helper_scale,
            bias=first,
            paired_rows=self._paired(settings),
        )
        self._records.append(record)
        return HelperPool(
            seed=self._seed,
            layer_index=len(self._records),
            record=record,
            block=settings.block,
            inputs=self._inputs(settings.layer),
            constant=self._constant_source(settings),
            sizes=settings.sizes,
            width=settings.helper_width,
            fixed=settings.fixed_width,
        )

    def _paired(self, settings: StageSettings) -> bool:
        return settings.block is not None and settings.block.rule.neurons_per_variable == 2

    def _used(self, number: int) -> list[int]:
        """Return the neurons of target layer ``number`` (0: inputs) that the layer above uses."""
        if number == self._target.depth:
            return list(range(self._target.widths[-1]))
        return np.flatnonzero((self._target.weights[number] != 0).any(axis=0)).tolist()

    def _inputs(self, number: int) -> list[InputSource]:
        """Return the inputs of a two-for-one stage with the columns where their values are found."""
        used, signs = self._used(number - 1), self._target.input_signs[number - 1]
        if number == 1:
            return [InputSource(j, j, int(signs[j])) for j in used]
        below = self._stages[-1]
        below.ensure({j: 1 for j in used})
        return [InputSource(j, int(below.rows_of(j)[0]), int(signs[j])) for j in used if len(below.rows_of(j))]

    def _constant_source(self, settings: StageSettings) -> ConstantSource | None:
        kind = settings.sizes.helper_constant
        if not settings.sizes.constant or kind is None:
            return None
        if settings.layer == 1:
            return ConstantSource(self._target.widths[0], 1.0, kind)
        below = self._stages[-1]
        below.ensure({CONSTANT_NEURON: 1})
        found = below.constants()
        return ConstantSource(int(found.columns[0]), float(found.factors[0]), kind)

    def _problems(self, number: int, pool: HelperPool | None) -> dict[int, list[tuple[Key, float]]]:
        """Return the subset-sum problems of every used neuron of target layer ``number``."""
        weight, bias = self._target.weights[number - 1], self._target.biases[number - 1]
        result: dict[int, list[tuple[Key, float]]] = {}
        for neuron in self._used(number):
            inputs = np.flatnonzero(weight[neuron]).tolist()
            keys = [(key, j) for j in inputs for key in (pool.keys(j) if pool is not None else [(j, 0)])]
            result[neuron] = [(key, float(weight[neuron, j])) for key, j in keys]
            if bias[neuron] != 0:
                result[neuron].append((CONSTANT, float(bias[neuron])))
        return result

    def _masks(self) -> list[tuple[IntArray, IntArray]]:
        """Return (rows, columns) of the surviving weights per source layer, live neurons only."""
        found: list[tuple[IntArray, IntArray]] = []
        live = np.concatenate([self._stages[-1].rows_of(i) for i in range(self._target.widths[-1])])
        for stage, pool in zip(reversed(self._stages), reversed(self._pools), strict=True):
            kept = stage.kept(live)
            found.insert(0, kept)
            live = np.unique(kept[1])
            if pool is not None:
                incoming = pool.incoming(live)
                found.insert(0, incoming)
                live = np.unique(incoming[1])
        return found

    def _widths(self) -> list[int]:
        """Return the widths of the source network, input and output included."""
        requirement = self._plan.requirement
        if requirement is not None:
            return list(requirement.widths)
        widths = [self._target.widths[0]]
        for stage, pool, settings in zip(self._stages, self._pools, self._plan.stages, strict=True):
            if pool is not None:
                assert settings.block is not None
                widths.append(max(pool.used_width, settings.block.rule.neurons_per_variable))
            widths.append(stage.width)
        return widths

    def _final_records(self) -> list[LayerRecord]:
        widths = self._widths()
        return [
            LayerRecord(
                n_in=n_in,
                n_out=n_out,
                activation=record.activation,
                scale=record.scale,
                law=record.law,
                bias=record.bias,
                paired_rows=record.paired_rows,
                paired_columns=record.paired_columns,
            )
            for record, n_in, n_out in zip(self._records, widths, widths[1:], strict=False)
        ]

    def _as_masks(self, found: list[tuple[IntArray, IntArray]], architecture: Architecture) -> list[Mask]:
        return [
            Mask.from_positions(rows, columns, (record.n_out, record.columns))
            for (rows, columns), record in zip(found, architecture.layers, strict=True)
        ]

    def _stats(self, ticket: Ticket, masks: list[tuple[IntArray, IntArray]]) -> dict[str, Any]:
        counters = [stage.counters for stage in self._stages]
        live = [len(np.unique(columns)) for _, columns in masks[1:]]
        requirement = self._plan.requirement
        ratios = [used / planned for used, planned in zip(live, ticket.widths[1:-1], strict=True)]
        return {
            "problems": sum(counter.problems for counter in counters),
            "problems_planned": requirement.problems if requirement else None,
            "failed_problems": sum(counter.first_failures for counter in counters),
            "spare_rows": sum(counter.spare_rows for counter in counters),
            "spare_neurons": sum(pool.spare_neurons for pool in self._pools if pool is not None),
            "widths": ticket.widths,
            "live_widths": (ticket.widths[0], *live, ticket.widths[-1]),
            "parameters": ticket.parameter_count,
            "base_set_sizes": tuple(counter.largest_base_set for counter in counters),
            "used_over_planned": max(ratios, default=None) if requirement else None,
        }
