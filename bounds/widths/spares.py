r"""Spare rows: how unreliable one row may be if a few more rows than needed are drawn.

Of R = need + spares rows at least ``need`` must succeed. A row fails with probability at most p.

    independent rows        P(#failed > s) <= C(R, s+1) p^(s+1)       (one-for-one: disjoint weights, given the layers
    below) any dependence          P(#failed > s) <= R p / (s + 1)           (Markov; two-for-one rows share the helper
    weights)

Both are solved for the largest p with failure probability <= share.
"""

from __future__ import annotations

import math

SPARE_CANDIDATES = (0, 1, 2, 3, 5, 8, 13, 21, 34)


def row_failure_allowed(need: int, spares: int, share: float, independent: bool) -> float:
    """Return p such that ``need`` of ``need + spares`` rows succeed but for probability ``share``."""
    rows = need + spares
    if rows == 0:
        return share
    markov = share * (spares + 1) / rows
    if not independent:
        return min(markov, 0.5)
    union = math.exp((math.log(share) - math.log(math.comb(rows, spares + 1))) / (spares + 1)) if spares < rows else 1.0
    return min(max(markov, union) * (1 - 1e-9), 0.5)
