"""Base-set sizes from the dynamic program: which window, which grid, and the answer.

Only the choice of the window is heuristic; whatever is chosen, the recursion proves its number. The choice depends on
law and largest target alone, so sizes are monotone in tolerance and failure probability.
"""

from __future__ import annotations

import math
from functools import lru_cache

from bounds.densities.law import DensityLaw
from bounds.subset_sum.closed_form import contained_uniform_size
from bounds.subset_sum.dynamic_program import Recursion, all_targets, fixed_target
from bounds.subset_sum.growth import Geometry
from bounds.subset_sum.queries import Query

_MARGIN = 1 / 64
_HALF_WIDTHS = (33 / 64, 40 / 64, 49 / 64, 56 / 64, 65 / 64, 80 / 64)
_WINDOWS = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
_REFERENCE = 1e-3
_COARSE, _CONTAINED, _FINE = 16, 48, 96
_WEIGHTS = 32
_DEPTHS = (12, 24, 36, 48)
_ALL_GRIDS = ((5e-4, 96), (5e-7, 48), (5e-13, 16))


def computed_size(query: Query) -> int | None:
    """Return the least size that the dynamic program proves, tolerance < window; None where its grid does not reach."""
    return _fixed(query) if query.quantifier == "fixed" else _all(query)


def _fixed(query: Query) -> int | None:
    """Answer for one target given in advance, |z| <= window."""
    return _one_target(query.law, query.window, query.tolerance, query.failure_probability, 1.0, _FINE)


def _one_target(
    law: str | DensityLaw,
    window: float,
    tolerance: float,
    failure_probability: float,
    weight: float,
    per_doubling: int,
) -> int | None:
    geometry = best_geometry(law, min(known for known in _WINDOWS if known >= window))
    start = geometry.start(tolerance)
    depth = next((depth for depth in _DEPTHS if start >= 2.0 ** -(1 + depth)), None)
    if depth is None:
        return None
    return fixed_target(law, geometry, per_doubling, depth, weight).size(start, failure_probability)


def contained_size(
    tolerance: float, failure_probability: float, weight: float, half_width: float, target: float
) -> int:
    """Return a size for one |z| <= target given in advance, for variables that contain U[-half_width, half_width].

    Each variable is U[-half_width, half_width] with probability at least ``weight``, whatever it is otherwise; the
    variables need not have one law. The better of Corollary 8 (dynamic program) and Corollary 2 (closed form).

    Assumptions: 0 < tolerance < half_width, 0 < target <= half_width, weight in (0, 1].
    Raises ValueError otherwise. Source: docs/subset-sums.md.

    >>> contained_size(0.01, 0.01, 1.0, 1.0, 1.0), contained_size(0.01, 0.01, 0.5, 1.0, 1.0)
    (25, 56)
    """
    if not 0 < target <= half_width or not tolerance < half_width:
        raise ValueError(
            f"contained_size: tolerance={tolerance} and target={target} must be positive and at most "
            f"half_width={half_width}; scale the variables"
        )
    explicit = contained_uniform_size(tolerance, failure_probability, weight, half_width)
    share = math.floor(weight * _WEIGHTS) / _WEIGHTS
    if share == 0:
        return explicit
    relative = tolerance / half_width * (1 - 2.0**-50)
    window = min(1.0, target / half_width * (1 + 2.0**-50))
    computed = _one_target("uniform", window, relative, failure_probability, share, _CONTAINED)
    return explicit if computed is None else min(explicit, computed)


def _all(query: Query) -> int | None:
    """Answer for all targets of the window: h = d = 2 w u* with u* on a coarsened grid and h + d <= tolerance."""
    relative = query.tolerance / query.window * (1 - 2.0**-50)
    per_doubling = next((number for least, number in _ALL_GRIDS if relative >= least), None)
    if per_doubling is None:
        return None
    stride = per_doubling // 16
    upper_steps = max(stride, stride * math.ceil(per_doubling * (math.log2(4 / relative) - 1) / stride + 1e-9))
    recursion = all_targets(query.law, query.window, per_doubling, upper_steps // per_doubling + 2, upper_steps)
    return recursion.size(_start_of_all(recursion, relative), query.failure_probability)


def _start_of_all(recursion: Recursion, relative: float) -> float:
    """Return |A_0|/(2w) = h/w = 2 u*, having made sure that h + d = 4 w u* is at most the tolerance."""
    unreachable = 1 - float(recursion.steps.nodes[-2])
    if 4 * unreachable > relative:
        raise ArithmeticError(f"unreachable share {unreachable} exceeds a quarter of the relative tolerance {relative}")
    return 2 * unreachable


@lru_cache(maxsize=64)
def best_geometry(law: str | DensityLaw, window: float) -> Geometry:
    """Return the window with the least size at tolerance and failure probability 1e-3, by coarse recursions."""
    return min(_geometries(window), key=lambda geometry: _coarse_size(law, geometry))


def _geometries(window: float) -> list[Geometry]:
    """Return windows worth trying: 0 as far out as it may be, the target as near to the centre as that leaves it."""
    widths = sorted({*(width for width in _HALF_WIDTHS if width >= window / 2 + _MARGIN), window / 2 + _MARGIN})
    offsets = [min(window, width - _MARGIN) for width in widths]
    return [Geometry(width, max(window - offset, 0.0), offset) for width, offset in zip(widths, offsets, strict=True)]


def _coarse_size(law: str | DensityLaw, geometry: Geometry) -> float:
    """Return the size at the reference query on a coarse grid; infinite if none."""
    size = fixed_target(law, geometry, _COARSE, _DEPTHS[0]).size(geometry.start(_REFERENCE), _REFERENCE)
    return math.inf if size is None else size
