"""Wrong variants about the variables and the reachable set: laws, growth, hits, the dynamic program."""

from __future__ import annotations

from tests.wrong_theory.mutation import Mutant

LAWS = (
    Mutant(
        wrong="density of the product without its 1/2",
        module="bounds.laws",
        old="return -t.min(arb(1)).log() / 2",
        new="return -t.min(arb(1)).log()",
        checks=("law: product", "contained uniform: product"),
    ),
    Mutant(
        wrong="mass of the product without its logarithm",
        module="bounds.laws",
        old="return inside * (1 - inside.log()) / 2",
        new="return inside * (1 - 2 * inside.log()) / 2",
        checks=("law: product",),
    ),
    Mutant(
        wrong="integrated mass of the product with 2 for 3",
        module="bounds.laws",
        old="return inside * inside * (3 - 2 * inside.log()) / 8",
        new="return inside * inside * (2 - 2 * inside.log()) / 8",
        checks=("law: product", "growth: product"),
    ),
    Mutant(
        wrong="normal density with sqrt(pi) for sqrt(2 pi)",
        module="bounds.laws",
        old="return (-t * t / 2).exp() / (2 * arb.pi()).sqrt()",
        new="return (-t * t / 2).exp() / arb.pi().sqrt()",
        checks=("law: normal", "contained uniform: normal"),
    ),
    Mutant(
        wrong="Bessel series with (k+1)^2 for 4 (k+1)^2",
        module="bounds.laws",
        old="coefficient *= t * t / (4 * (k + 1) ** 2)",
        new="coefficient *= t * t / ((k + 1) ** 2)",
        checks=("law: normal_product",),
    ),
    Mutant(
        wrong="contained uniform of twice the weight",
        module="bounds.laws",
        old="return 2 * half_width * self.density(half_width)",
        new="return 4 * half_width * self.density(half_width)",
        checks=("contained uniform: normal",),
    ),
    Mutant(
        wrong="contained uniform as high as the density in its middle",
        module="bounds.laws",
        old="return 2 * half_width * self.density(half_width)",
        new="return 2 * half_width * self.density(half_width / 2)",
        checks=("contained uniform: product",),
    ),
)

REACHABLE_SET = (
    Mutant(
        wrong="growth twice as fast",
        module="bounds.subset_sum.growth",
        old="- integral(length)) / window",
        new="- integral(length)) / (window / 2)",
        checks=("growth: uniform", "growth: product"),
    ),
    Mutant(
        wrong="growth without what lands in A itself",
        module="bounds.subset_sum.growth",
        old="- integral(length)) / window",
        new="- 0 * integral(length)) / window",
        checks=("growth: uniform",),
    ),
    Mutant(
        wrong="growth beyond the window counted",
        module="bounds.subset_sum.growth",
        old="integral((window - length).max(arb(0)))",
        new="0 * integral((window - length).max(arb(0)))",
        checks=("growth: uniform",),
    ),
    Mutant(
        wrong="hits missed on one side only",
        module="bounds.subset_sum.growth",
        old="missed = mass(near) + mass(gap - near)",
        new="missed = mass(near)",
        checks=("hits: uniform", "hits: product"),
    ),
    Mutant(
        wrong="hit by the share of the window alone",
        module="bounds.subset_sum.growth",
        old="missed = mass(near) + mass(gap - near)",
        new="missed = (mass(half_width + offset) + mass(half_width - offset)) * (1 - share)",
        checks=("hits: product",),
    ),
    Mutant(
        wrong="a window twice as wide for hits",
        module="bounds.subset_sum.growth",
        old="gap = 2 * half_width * (1 - share)",
        new="gap = half_width * (1 - share)",
        checks=("hits: uniform",),
    ),
    Mutant(
        wrong="the tolerance reaches beyond the window's edge",
        module="bounds.subset_sum.growth",
        old="inside = reach + reach.min(ball(self.half_width) - ball(self.origin_offset))",
        new="inside = reach + reach",
        checks=("starts",),
    ),
    Mutant(
        wrong="share of half the window",
        module="bounds.subset_sum.growth",
        old="return min(1.0, lower(inside / (2 * ball(self.half_width))))",
        new="return min(1.0, lower(inside / (1 * ball(self.half_width))))",
        checks=("starts",),
    ),
    Mutant(
        wrong="one variable grows the set by at most a half",
        module="bounds.subset_sum.growth",
        old="last = np.searchsorted(grid, np.minimum(2 * grid, 1.0)",
        new="last = np.searchsorted(grid, np.minimum(1.5 * grid, 1.0)",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="windows that do not reach the target",
        module="bounds.subset_sum.computed",
        old="return [Geometry(width, max(window - offset, 0.0), offset)",
        new="return [Geometry(width, max(window - offset, 0.0) / 2, offset)",
        checks=("starts",),
    ),
)

RECURSION = (
    Mutant(
        wrong="majorant through the nodes, in NumPy",
        module="bounds.subset_sum.plain_step",
        old="return Block(slice(start, stop), index, inside, grid[index + 1])",
        new="return Block(slice(start, stop), index, inside, grid[index])",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="hits independent of growth, in NumPy",
        module="bounds.subset_sum.plain_step",
        old="miss[here] * windows.majorant(rest[here])",
        new="miss[here] * windows.majorant(mean[here])",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="majorant through the nodes",
        module="bounds.subset_sum.compiled_step",
        old="rise = slope * (mean - grid[k + 1])",
        new="rise = slope * (mean - grid[k])",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="every variable hits twice",
        module="bounds.subset_sum.compiled_step",
        old="bound = min(running, row[i], miss * row[i] * (1.0 + _UNIT),",
        new="bound = min(running, row[i], miss * miss * row[i] * (1.0 + _UNIT),",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="hits independent of growth",
        module="bounds.subset_sum.compiled_step",
        old="bound = min(bound, miss * majorant(grid, row, i, last[i], rest) * (1.0 + _UNIT))",
        new="bound = min(bound, miss * majorant(grid, row, i, last[i], mean[i]) * (1.0 + _UNIT))",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="growth of a hitting variable counted at its least",
        module="bounds.subset_sum.compiled_step",
        old="rest = (mean[i] - hit[i] * furthest - _UNIT * furthest) / miss",
        new="rest = (mean[i] - hit[i] * grid[i] - _UNIT * furthest) / miss",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="the mean for the worst case: no majorant",
        module="bounds.subset_sum.compiled_step",
        old="best = max(best, row[k] + rise + _UNIT * (row[k] + abs(rise)))",
        new="best = max(best, row[k] if grid[k + 1] >= mean else 0.0)",
        checks=("one step: uniform", "one step: product"),
    ),
    Mutant(
        wrong="shares rounded up to the next node",
        module="bounds.subset_sum.dynamic_program",
        old='index = int(np.searchsorted(self.steps.nodes, start, side="right")) - 1',
        new='index = int(np.searchsorted(self.steps.nodes, start, side="right"))',
        checks=("answers",),
    ),
    Mutant(
        wrong="one variable more than was counted",
        module="bounds.subset_sum.dynamic_program",
        old="while self.row(size)[index] > failure_probability:",
        new="while self.row(size + 1)[index] > failure_probability:",
        checks=("answers",),
    ),
    Mutant(
        wrong="all targets: a start twice as large",
        module="bounds.subset_sum.computed",
        old="return 2 * unreachable",
        new="return 4 * unreachable",
        checks=("all targets",),
    ),
    Mutant(
        wrong="all targets: half of the window may stay unreachable",
        module="bounds.subset_sum.dynamic_program",
        old="rows=[np.where(grid >= grid[-2], 0.0, 1.0)]",
        new="rows=[np.where(grid >= 0.5, 0.0, 1.0)]",
        checks=("all targets",),
    ),
    Mutant(
        wrong="all targets: the tolerance split into halves and used twice",
        module="bounds.subset_sum.computed",
        old="math.log2(4 / relative)",
        new="math.log2(2 / relative)",
        checks=("all targets",),
    ),
    Mutant(
        wrong="variables of a mixture all count",
        module="bounds.subset_sum.computed",
        old="window, relative, failure_probability, share",
        new="window, relative, failure_probability, 1.0",
        checks=("mixtures",),
    ),
    Mutant(
        wrong="tolerance not measured in units of the variables",
        module="bounds.subset_sum.computed",
        old="relative = tolerance / half_width * (1 - 2.0**-50)",
        new="relative = min(0.9, tolerance) * (1 - 2.0**-50)",
        checks=("mixtures",),
    ),
)

MUTANTS = (*LAWS, *REACHABLE_SET, *RECURSION)
