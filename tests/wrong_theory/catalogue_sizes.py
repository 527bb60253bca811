"""Wrong variants about base-set sizes: closed forms, necessary sizes, exact sums, the grid."""

from __future__ import annotations

from tests.wrong_theory.mutation import Mutant

CLOSED_FORMS = (
    Mutant(
        wrong="rate 1 - p/2 for 1 - p/4",
        module="bounds.subset_sum.closed_form",
        old="log_rate = (1 - ball(weight) / 4).log()",
        new="log_rate = (1 - ball(weight) / 2).log()",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="4 for 8 in Theorem R",
        module="bounds.subset_sum.closed_form",
        old="log_start = (8 * (ball",
        new="log_start = (4 * (ball",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="1/eta for 1/eta^2",
        module="bounds.subset_sum.closed_form",
        old="(ball(half_width) / ball(tolerance)) ** 2 / ball(failure_probability)).log()",
        new="(ball(half_width) / ball(tolerance)) / ball(failure_probability)).log()",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="delta forgotten",
        module="bounds.subset_sum.closed_form",
        old="(ball(half_width) / ball(tolerance)) ** 2 / ball(failure_probability)).log()",
        new="(ball(half_width) / ball(tolerance)) ** 2 / 1).log()",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="one variable too few",
        module="bounds.subset_sum.closed_form",
        old="return upper(log_start + size * log_rate) <= 0",
        new="return upper(log_start + (size + 1) * log_rate) <= 0",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="blocks share the failure probability but not the tolerance",
        module="bounds.subset_sum.closed_form",
        old="tolerance, failure_probability = Fraction(query.tolerance) / blocks,",
        new="tolerance, failure_probability = Fraction(query.tolerance) / 1,",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="each block may fail with delta",
        module="bounds.subset_sum.closed_form",
        old="Fraction(query.failure_probability) / blocks\n    size",
        new="Fraction(query.failure_probability) / 1\n    size",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="one target needs half the window without its own tolerance",
        module="bounds.subset_sum.closed_form",
        old="else (window + tolerance) / 2) / blocks",
        new="else window / 2) / blocks",
        checks=("closed forms",),
    ),
    Mutant(
        wrong="all targets need half the window",
        module="bounds.subset_sum.closed_form",
        old='exact = (window if query.quantifier == "all" else',
        new='exact = (window / 2 if query.quantifier == "all" else',
        checks=("closed forms",),
    ),
)

EXACT_SUMS = (
    Mutant(
        wrong="Irwin-Hall of U[0, 1] for U[-1, 1]",
        module="bounds.subset_sum.irwin_hall",
        old="shifted = (x + k) / 2",
        new="shifted = (x + k) / 1",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="P(|S - z| <= eps) on one side only",
        module="bounds.subset_sum.irwin_hall",
        old="return distribution(k, target + tolerance) - distribution(k, target - tolerance)",
        new="return distribution(k, target + tolerance) - distribution(k, target)",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="average over z with 1/4 for 1/2",
        module="bounds.subset_sum.irwin_hall",
        old="return (high - low) / 2",
        new="return (high - low) / 4",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="out of reach without 2^-m",
        module="bounds.subset_sum.irwin_hall",
        old="math.factorial(size) * (2 * d) ** size",
        new="math.factorial(size) * (1 * d) ** size",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="out of reach without 1/K!",
        module="bounds.subset_sum.irwin_hall",
        old="math.comb(size, k) * n**k * d ** (size - k) * math.perm(size, size - k)",
        new="math.comb(size, k) * n**k * d ** (size - k) * math.factorial(size)",
        checks=("success bounds: uniform", "necessary sizes: uniform"),
    ),
    Mutant(
        wrong="a positive part counted when X <= 0 always",
        module="bounds.subset_sum.lattice",
        old="return np.array([0.5] + [",
        new="return np.array([0.75] + [",
        checks=("success bounds: normal", "necessary sizes: normal"),
    ),
    Mutant(
        wrong="the last variable hits half as often",
        module="bounds.subset_sum.lattice",
        old="values.append(max(0.0, upper(mass((u + eps).min(arb(_RANGE))) + below)))",
        new="values.append(max(0.0, upper(mass((u + eps).min(arb(_RANGE))) + below) / 2))",
        checks=("success bounds: product",),
    ),
    Mutant(
        wrong="average over z of a lattice sum halved",
        module="bounds.subset_sum.lattice",
        old="return float(min(1.0, tolerance * (np.sum(masses[inside])",
        new="return float(min(1.0, tolerance / 2 * (np.sum(masses[inside])",
        checks=("success bounds: product",),
    ),
)

NECESSARY = (
    Mutant(
        wrong="first moment without the largest subset",
        module="bounds.subset_sum.necessary",
        old="    for k in range(1, size + 1):\n        total",
        new="    for k in range(1, size):\n        total",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="the empty subset forgotten",
        module="bounds.subset_sum.necessary",
        old="total = Fraction(tolerance) if target is None else Fraction(abs(target) <= tolerance)",
        new="total = Fraction(0) if target is None else Fraction(0)",
        checks=("success bounds: uniform",),
    ),
    Mutant(
        wrong="one subset of each size",
        module="bounds.subset_sum.necessary",
        old="total += math.comb(size, k) * Fraction(",
        new="total += 1 * Fraction(",
        checks=("success bounds: uniform", "success bounds: product"),
    ),
    Mutant(
        wrong="reach has to go beyond the target",
        module="bounds.subset_sum.necessary",
        old="distance = Fraction(abs(target)) - Fraction(tolerance)",
        new="distance = Fraction(abs(target)) + 0 * Fraction(tolerance)",
        checks=("success bounds: uniform", "necessary sizes: uniform", "success bounds: product"),
    ),
    Mutant(
        wrong="both ends squared once more",
        module="bounds.subset_sum.necessary",
        old="return float_up(Fraction(reach(size, tolerance, law, end)) *",
        new="return float_up(Fraction(reach(size, tolerance, law, end)) ** 3 *",
        checks=("necessary sizes: uniform", "necessary sizes: product", "necessary sizes: normal"),
    ),
    Mutant(
        wrong="counting with 2/eps intervals",
        module="bounds.subset_sum.necessary",
        old="math.ceil(Fraction(window) / Fraction(tolerance)) - 1",
        new="math.ceil(2 * Fraction(window) / Fraction(tolerance)) - 1",
        checks=("counting",),
    ),
    Mutant(
        wrong="the first size that is not excluded counts as excluded",
        module="bounds.subset_sum.necessary",
        old="if Fraction(bound(size)) >= wanted",
        new="if Fraction(bound(size - 1 if size else 0)) >= wanted",
        checks=("necessary sizes: uniform", "necessary sizes: product"),
    ),
    Mutant(
        wrong="delta for 1 - delta",
        module="bounds.subset_sum.necessary",
        old="wanted = 1 - Fraction(query.failure_probability)",
        new="wanted = 1 - Fraction(query.failure_probability) / 8",
        checks=("necessary sizes: uniform", "necessary sizes: product"),
    ),
    Mutant(
        wrong="products as close to the grid as single variables",
        module="bounds.subset_sum.grid_transfer",
        old="return size * factors * SPACINGS[grid]",
        new="return size * SPACINGS[grid]",
        checks=("grids",),
    ),
    Mutant(
        wrong="sums as close to the grid as their summands",
        module="bounds.subset_sum.grid_transfer",
        old="return size * factors * SPACINGS[grid]",
        new="return factors * SPACINGS[grid]",
        checks=("grids",),
    ),
    Mutant(
        wrong="a quarter of a cell is the largest distance to its middle",
        module="bounds.subset_sum.grid_transfer",
        old="return size * factors * SPACINGS[grid]",
        new="return size * factors * SPACINGS[grid] / 2",
        checks=("grids",),
    ),
)

MUTANTS = (*CLOSED_FORMS, *EXACT_SUMS, *NECESSARY)
