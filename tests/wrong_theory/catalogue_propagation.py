"""Wrong variants of Lemma 2.8 repaired, of helper pools and of spare rows."""

from __future__ import annotations

from tests.wrong_theory.mutation import Mutant

L1_SHARE = "share / layer.n_out / max(Fraction(1), gain * (1 + Fraction(layer.input_l1)))"
LINF_SHARE = "result.append(share / max(Fraction(1), gain * (1 + Fraction(layer.input_l1))))"
ATTACK = ("repaired tolerances",)

TOLERANCES = (
    Mutant(
        wrong="l1: row sums for column sums",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.column_sum) + share",
        new="gain *= Fraction(layer.row_sum) + share",
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: column sums of W for those of the perturbed W",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.column_sum) + share",
        new="gain *= Fraction(layer.column_sum)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: the largest entry for the column sum",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.column_sum) + share",
        new="gain *= Fraction(layer.max_weight) + share",
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: 1/n_l dropped",
        module="bounds.tolerances",
        old=L1_SHARE,
        new="share / max(Fraction(1), gain * (1 + Fraction(layer.input_l1)))",
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: 1/n_(l-1) for 1/n_l",
        module="bounds.tolerances",
        old=L1_SHARE,
        new=L1_SHARE.replace("n_out", "n_in"),
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: the bias forgotten, M for 1 + M",
        module="bounds.tolerances",
        old=L1_SHARE,
        new=L1_SHARE.replace("(1 + Fraction(layer.input_l1))", "Fraction(layer.input_l1)"),
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1 form for linf",
        module="bounds.tolerances",
        old="request.eps, _REPAIRED[request.norm])",
        new='request.eps, _REPAIRED["linf"])',
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: column sums for row sums",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.row_sum) + layer.n_in * result[-1]",
        new="gain *= Fraction(layer.column_sum) + layer.n_in * result[-1]",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: row sums of W for those of the perturbed W",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.row_sum) + layer.n_in * result[-1]",
        new="gain *= Fraction(layer.row_sum)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: one perturbed entry per row",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.row_sum) + layer.n_in * result[-1]",
        new="gain *= Fraction(layer.row_sum) + result[-1]",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: the norms above are ignored",
        module="bounds.tolerances",
        old="gain *= Fraction(layer.row_sum) + layer.n_in * result[-1]",
        new="gain *= 1",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: largest input for the l1 norm of the inputs",
        module="bounds.tolerances",
        old=LINF_SHARE,
        new=LINF_SHARE.replace("input_l1", "input_sup"),
        checks=ATTACK,
    ),
    Mutant(
        wrong="l1: max{1/4, .} for max{1, .}",
        module="bounds.tolerances",
        old=L1_SHARE,
        new=L1_SHARE.replace("Fraction(1)", "Fraction(1, 4)"),
        checks=ATTACK,
    ),
    Mutant(
        wrong="linf: every layer gets the whole of eps",
        module="bounds.tolerances",
        old=LINF_SHARE,
        new=LINF_SHARE.replace("share", "eps"),
        checks=ATTACK,
    ),
    Mutant(
        wrong="ranges of validity ignored",
        module="bounds.tolerances",
        old="if shift > layer.enlargement:",
        new="if shift > 1e9 + layer.enlargement:",
        checks=ATTACK,
    ),
    Mutant(
        wrong="ranges compared with the error below only",
        module="bounds.tolerances",
        old="shift = eps * (1 + Fraction(layer.input_l1)) + (",
        new="shift = 0 * (1 + Fraction(layer.input_l1)) + (",
        checks=ATTACK,
    ),
    Mutant(
        wrong="tolerances rounded up",
        module="bounds.tolerances",
        old="return nearest if Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)",
        new="return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)",
        checks=("rounding",),
    ),
)

ROWS = (
    Mutant(
        wrong="Chernoff exponent doubled",
        module="bounds.widths.assignment",
        old="return math.exp(-trials * divergence",
        new="return math.exp(-2 * trials * divergence",
        checks=("pools",),
    ),
    Mutant(
        wrong="neurons that are taken serve again",
        module="bounds.widths.assignment",
        old="taken += group.total",
        new="taken += 0 * group.total",
        checks=("pools",),
    ),
    Mutant(
        wrong="groups of one kind share their neurons",
        module="bounds.widths.assignment",
        old="last = taken + (group.count - 1) * per_group",
        new="last = taken - (group.count - 1) * per_group",
        checks=("pools",),
    ),
    Mutant(
        wrong="union bound over one class",
        module="bounds.widths.assignment",
        old="group.classes * binomial_lower_tail(",
        new="1 * binomial_lower_tail(",
        checks=("pools",),
    ),
    Mutant(
        wrong="spare rows: Markov with s + 2",
        module="bounds.widths.spares",
        old="markov = share * (spares + 1) / rows",
        new="markov = share * (spares + 2) / rows",
        checks=("spare rows",),
    ),
    Mutant(
        wrong="spare rows: the number of ways to fail forgotten",
        module="bounds.widths.spares",
        old="math.log(math.comb(rows, spares + 1))",
        new="math.log(1)",
        checks=("spare rows",),
    ),
    Mutant(
        wrong="spare rows: one failure more than there are spares",
        module="bounds.widths.spares",
        old="math.log(math.comb(rows, spares + 1))) / (spares + 1))",
        new="math.log(math.comb(rows, spares + 1))) / (spares + 2))",
        checks=("spare rows",),
    ),
    Mutant(
        wrong="rows that share helper weights fail independently",
        module="bounds.widths.spares",
        old="    if not independent:\n",
        new="    if independent is None:\n",
        checks=("spare rows",),
    ),
    Mutant(
        wrong="every row may fail with the whole share",
        module="bounds.widths.spares",
        old="markov = share * (spares + 1) / rows",
        new="markov = share * (spares + 1)",
        checks=("spare rows",),
    ),
)

MUTANTS = (*TOLERANCES, *ROWS)
