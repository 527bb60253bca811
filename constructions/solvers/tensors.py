"""The torch back end, one code for CPU and CUDA: batches of problems, sorted low halves, a binary search per high sum.

Torch promises no order among equal elements, so nothing here depends on one: extreme values first, then the smallest
mask among the entries that attain them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constructions.parallel import Progress
from constructions.solvers.enumeration import level_table, natural_table
from constructions.solvers.problem import Objective, Problems, half_entries, split_point

if TYPE_CHECKING:
    import torch

ENTRIES_PER_BATCH = 1 << 22
LARGEST_AMPLIFICATION = 22
NO_MASK = 1 << 40


def solve_cpu(problems: Problems, objective: Objective, progress: Progress | None = None) -> NDArray[np.uint64]:
    """Masks of all problems by torch on the CPU."""
    return _solve("cpu", problems, objective, progress)


def solve_cuda(problems: Problems, objective: Objective, progress: Progress | None = None) -> NDArray[np.uint64]:
    """Masks of all problems by torch on the first GPU."""
    check_gpu()
    return _solve("cuda", problems, objective, progress)


def check_gpu() -> None:
    """Raise ValueError where torch sees no GPU."""
    import torch

    if not torch.cuda.is_available():
        raise ValueError("device='cuda' needs a GPU that torch can use, and torch sees none; use device='cpu'")


def _solve(device: str, problems: Problems, objective: Objective, progress: Progress | None) -> NDArray[np.uint64]:
    entries = half_entries(problems.variables - split_point(problems.variables), problems.max_size)
    if objective.minimises_amplification:
        if problems.variables > LARGEST_AMPLIFICATION:
            raise ValueError(
                f"objective={objective.name!r} looks at every subset on device='torch' and 'cuda' and takes at most "
                f"{LARGEST_AMPLIFICATION} variables, not {problems.variables}; use device='cpu'"
            )
        entries = 1 << problems.variables
    size = max(1, ENTRIES_PER_BATCH // entries)
    masks = np.zeros(problems.count, np.uint64)
    for start in range(0, problems.count, size):
        stop = min(start + size, problems.count)
        masks[start:stop] = _Batch.load(device, problems, objective, start, stop).masks(problems, objective)
        if progress is not None:
            progress(stop, problems.count)
    return masks


@dataclass(frozen=True)
class _Batch:
    """Some problems on the device: variables of the two halves (P, n), targets and tolerances (P, 1)."""

    high: torch.Tensor
    low: torch.Tensor
    target: torch.Tensor
    tolerance: torch.Tensor

    @staticmethod
    def load(device: str, problems: Problems, objective: Objective, start: int, stop: int) -> _Batch:
        import torch

        sets, targets = problems.base_sets[start:stop], problems.targets[start:stop, None]
        if objective.one_sign:
            sets = np.where(sets * np.sign(targets) > 0, sets, np.inf)
        split = split_point(problems.variables)
        arrays = (sets[:, split:], sets[:, :split], targets, problems.tolerances[start:stop, None])
        return _Batch(*(torch.tensor(array, device=device) for array in arrays))

    def rows(self, keep: torch.Tensor) -> _Batch:
        return _Batch(self.high[keep], self.low[keep], self.target[keep], self.tolerance[keep])

    def masks(self, problems: Problems, objective: Objective) -> NDArray[np.uint64]:
        if objective.minimises_amplification:
            return _least_amplification(self, problems)
        if objective.minimises_size:
            return _smallest(self, problems)
        whole = problems.max_size == problems.variables and not objective.exact_size
        cap = None if whole else problems.max_size
        least = problems.max_size if objective.exact_size else 0
        zero = self.tolerance.new_zeros(()) if objective.minimises_error else self.tolerance
        error, high, low = _closest(self, _classes(self.high, cap), _classes(self.low, cap), least, cap, zero)
        mask = _joined(high, low, split_point(problems.variables))
        if objective.minimises_error:
            return mask
        return np.where((error <= self.tolerance[:, 0]).cpu().numpy(), mask, np.uint64(0))


def _joined(high: torch.Tensor, low: torch.Tensor, split: int) -> NDArray[np.uint64]:
    low_bits = low.cpu().numpy().astype(np.uint64)
    return np.asarray(high.cpu().numpy().astype(np.uint64) << np.uint64(split) | low_bits)


@dataclass(frozen=True)
class _Class:
    """Subsets of one half, all of one size or of every size: sums (P, C) and their ascending masks (C,)."""

    size: int | None
    sums: torch.Tensor
    masks: torch.Tensor


def _classes(variables: torch.Tensor, cap: int | None) -> list[_Class]:
    """One class of all subsets, or classes by size up to ``cap``."""
    import torch

    device, count = variables.device, variables.shape[1]
    if cap is None:
        sums = variables.new_zeros((len(variables), 1))
        for k in range(count - 1, -1, -1):
            sums = torch.stack([sums, sums + variables[:, k : k + 1]], dim=-1).flatten(1)
        return [_Class(None, sums, torch.arange(1 << count, device=device))]
    masks, lowest, parents, starts, ends = level_table(count, cap)
    classes = [_Class(0, variables.new_zeros((len(variables), 1)), torch.zeros(1, dtype=torch.int64, device=device))]
    for size in range(1, len(ends)):
        level = slice(starts[size], ends[size])
        parent = torch.tensor(parents[level].astype(np.int64) - starts[size - 1], device=device)
        low = torch.tensor(lowest[level].astype(np.int64), device=device)
        sums = classes[-1].sums[:, parent] + variables[:, low]
        classes.append(_Class(size, sums, torch.tensor(masks[level].astype(np.int64), device=device)))
    return classes


def _pairs(high: list[_Class], low: list[_Class], least: int, most: int | None) -> Iterator[tuple[_Class, _Class]]:
    for a in high:
        for b in low:
            if most is None or least <= (a.size or 0) + (b.size or 0) <= most:
                yield a, b


def _nearest(sums: torch.Tensor, ordered: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Least error of each high sum over the sorted low sums, by binary search on the float64 sums themselves."""
    import torch

    left = torch.zeros(sums.shape, dtype=torch.int64, device=sums.device)
    right = torch.full_like(left, ordered.shape[1])
    for _ in range(ordered.shape[1].bit_length()):
        middle = (left + right).div(2, rounding_mode="floor")
        inside = middle.clamp(max=ordered.shape[1] - 1)
        above = (sums + ordered.gather(1, inside) > target) | (middle == ordered.shape[1])
        right, left = torch.where(above, middle, right), torch.where(above, left, torch.minimum(middle + 1, right))
    after = ordered.gather(1, left.clamp(max=ordered.shape[1] - 1))
    before = ordered.gather(1, (left - 1).clamp(min=0))
    return torch.minimum((sums + after - target).abs(), (sums + before - target).abs())


def _closest(
    batch: _Batch, high: list[_Class], low: list[_Class], least: int, most: int | None, clip: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The question of ``halves``, least max(error, clip), as (errors, high masks, low masks)."""
    import torch

    count, device = len(batch.target), batch.target.device
    error = torch.full((count,), torch.inf, dtype=torch.float64, device=device)
    value = torch.zeros_like(error)
    mask = torch.full((count,), NO_MASK, dtype=torch.int64, device=device)
    ordered = {id(b): b.sums.sort(dim=1).values for b in low}
    for a, b in _pairs(high, low, least, most):
        near = torch.maximum(_nearest(a.sums, ordered[id(b)], batch.target), clip)
        best = near.amin(1)
        first = torch.where(near == best[:, None], torch.arange(len(a.masks), device=device), NO_MASK).amin(1)
        better = (best < error) | ((best == error) & (a.masks[first] < mask))
        error, mask = torch.where(better, best, error), torch.where(better, a.masks[first], mask)
        value = torch.where(better, a.sums.gather(1, first[:, None])[:, 0], value)
    partner = torch.full_like(mask, NO_MASK)
    for a, b in _pairs(high, low, least, most):
        near = torch.maximum((value[:, None] + b.sums - batch.target).abs(), clip)
        fits = (near <= error[:, None]) & torch.isin(mask, a.masks)[:, None]
        partner = torch.minimum(partner, torch.where(fits, b.masks, NO_MASK).amin(1))
    return error, mask, partner


def _smallest(batch: _Batch, problems: Problems) -> NDArray[np.uint64]:
    """Sizes in ascending order, each for the problems that are still unsolved."""
    import torch

    masks, split = np.zeros(len(batch.target), np.uint64), split_point(problems.variables)
    rows = torch.arange(len(batch.target), device=batch.target.device)
    for size in range(problems.max_size + 1):
        if not len(rows):
            break
        high, low = _classes(batch.high, size), _classes(batch.low, size)
        error, high_mask, low_mask = _closest(batch, high, low, size, size, batch.tolerance)
        done = error <= batch.tolerance[:, 0]
        masks[rows[done].cpu().numpy()] = _joined(high_mask[done], low_mask[done], split)
        rows, batch = rows[~done], batch.rows(~done)
    return masks


def _least_amplification(batch: _Batch, problems: Problems) -> NDArray[np.uint64]:
    """Every subset looked at, in the order of the masks."""
    import torch

    device = batch.target.device
    high, low = _classes(batch.high, None)[0].sums, _classes(batch.low, None)[0].sums
    high_weight, low_weight = _classes(batch.high.abs(), None)[0].sums, _classes(batch.low.abs(), None)[0].sums
    sums, weights = ((a[:, :, None] + b[:, None, :]).flatten(1) for a, b in ((high, low), (high_weight, low_weight)))
    every = natural_table(problems.variables)[0]
    masks = torch.arange(len(every), device=device)
    sizes = torch.tensor(np.bitwise_count(every).astype(np.int64), device=device)
    allowed = ((sums - batch.target).abs() <= batch.tolerance) & (sizes <= problems.max_size)
    weights = torch.where(allowed, weights, torch.inf)
    first = torch.where(weights == weights.amin(1)[:, None], masks, NO_MASK).amin(1)
    return np.asarray(torch.where(allowed.any(1), first, 0).cpu().numpy().astype(np.uint64))
