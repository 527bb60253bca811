"""Checks that the widths of a source network suffice, from lemmas that check_artefact.py proves, in rationals.

    python check_artefact.py width.json      proves the lemmas in the file: base sets, linearisations
    python check_width.py width.json         derives the widths from their statements (docs/artefacts.md, section 6)

A file is data and nobody is trusted: numbers are integers or "p/q", whatever is not understood is rejected.

The claim. Given a target network with the numbers of ``layers``, a source network of the given widths, its weights
independent and uniform (first layer: biases too), contains with probability >= 1 - delta a subnetwork whose outputs are
within eps of the target's on the domain. Weights are real numbers here, without rounding.
"""

import json
import sys
from fractions import Fraction as Q

# No types, so that nothing else has to be imported.
# mypy: ignore-errors

LAYER_COUNTS = "n_in n_out nonzero_weights nonzero_biases row_nonzeros one_signed_inputs two_signed_inputs"
LAYER = LAYER_COUNTS + " lipschitz input_sup support_l1 row_sum max_weight max_bias"
STAGE_COUNTS = "two_signed one_signed constant copies spares constants"
STAGE = STAGE_COUNTS + " own_error amplification tolerance sigma probability aim low high"


def need(condition, why):
    if not condition:
        raise ValueError(why)


def number(v):
    known = type(v) is int or (type(v) is str and len(v) < 2000 and set(v) <= set("-/0123456789"))
    need(known, f"{str(v)[:40]!r} is not a number p/q")
    return Q(v)


class Numbers:
    """The numbers of a record as attributes, none of them negative."""

    def __init__(self, record, names):
        for name in names.split():
            value = number(record[name])
            need(value >= 0, f"{name} is negative")
            setattr(self, name, value)


def whole(v):
    need(type(v) is int and 0 <= v < 10**7, f"{str(v)[:40]!r} is not a whole number")
    return v


def serves(lemma, law, size, probability, tolerance, target, scale, weight=Q(1)):
    """The lemma gives every |z| <= target a subset sum within the tolerance: variables are scale times the law's.

    More variables, larger tolerances and smaller targets than the lemma's are covered. ``weight``: the variables follow
    the law with at least this probability.
    """
    said = Numbers(lemma, "size tolerance failure_probability window weight")
    need(lemma["kind"] in ("dynamic-program", "closed-form") and lemma["law"] == law, f"the lemma is not about {law}")
    need(said.size <= size and said.weight <= weight, f"{size} variables are fewer than the lemma's, or other ones")
    need(said.failure_probability <= probability, "the lemma's failure probability is larger")
    need(said.tolerance * scale <= tolerance, "the lemma's tolerance is larger")
    need(said.window * scale >= target, "the targets reach beyond the lemma's window")


def rounded_up(value):
    return Q(-((-value.numerator << 400) // value.denominator), 1 << 400)


def exceeds(n, amplification, sigma):
    """An upper bound of P(the sum of n values |w|, w uniform on [-sigma, sigma], exceeds the amplification).

    |w|/sigma is uniform on [0, 1], sub-Gaussian with variance 1/12: P(sum > sigma (n/2 + t)) <= exp(-6 t^2/n); and
    exp(-y) <= 1/(1 + y + ... + y^k/k!).
    """
    if amplification >= sigma * n:
        return Q(0)
    t = amplification / sigma - n / 2
    y, term, total = int(6 * t * t / n * 2**60), 1 << 200, 1 << 200  # y in 2^-60, the others in 2^-200, rounded down
    for k in range(1, 400):
        term = (term * y >> 60) // k
        total += term
    return rounded_up(Q(1 << 200, total)) if t > 0 else Q(1)


def too_few(trials, want, q):
    """P(Bin(trials, q) < want), rounded up."""
    hits, base, ways, total = q.numerator, q.denominator, 1, 0
    for k in range(min(want, trials + 1)):
        total += ways * hits**k * (base - hits) ** (trials - k)
        ways = ways * (trials - k) // (k + 1)
    return rounded_up(Q(total, base**trials))


def choose(n, k):
    ways = 1
    for i in range(k):
        ways = ways * (n - i) // (i + 1)
    return ways


class Stage:
    """One target layer: which lemmas it uses, and the numbers of neurons it leads to."""

    def __init__(self, layer, record, lemmas, error_below):
        self.layer, self.numbers, self.record = Numbers(layer, LAYER), Numbers(record, STAGE), record
        self.helper, self.lemmas, self.error_below = record["helper"], lemmas, error_below
        self.target = max(self.layer.max_bias, self.numbers.aim)  # largest |bias|, or what constant neurons aim at
        self.classes, self.failure = 1, Q(0)
        for counts, names in ((record, STAGE_COUNTS), (layer, LAYER_COUNTS)):
            for name in names.split():
                whole(counts[name])
        if self.helper is None:
            self.one_for_one()
        else:
            self.two_for_one()
        s = self.numbers
        if (
            self.target > 0
        ):  # the variables w c of a bias, low <= |c| <= high, are uniform on [-sigma low, sigma low] ...
            need(0 < s.low <= s.high, "constants must stay away from 0")  # ... with probability >= low/high
            lemma, scale = lemmas[whole(record["biases"])], s.sigma * s.low
            serves(lemma, "uniform", s.constant, s.probability, s.tolerance, self.target, scale, s.low / s.high)

    def one_for_one(self):
        """Theorem 2.7: weights on copies; A = eta (S + 1); a row's sum of |w| is at most amp but for probability p."""
        layer, s = self.layer, self.numbers
        need(s.own_error >= s.tolerance * (layer.support_l1 + (self.target > 0)), "the own error is too small")
        n = layer.row_nonzeros * s.two_signed
        need(n == 0 or exceeds(n, s.amplification, s.sigma) <= s.probability, "the amplification is too small")
        if layer.nonzero_weights:
            lemma = self.lemmas[whole(self.record["weights"])]
            serves(lemma, "uniform", s.two_signed, s.probability, s.tolerance, layer.max_weight, s.sigma)

    def two_for_one(self):
        """Theorems 2.5, 2.6: phi_0(u x), |u| <= scale; A = eta (kappa (S + nnz e) + 1) + nnz N sigma r, amp = R."""
        layer, s, scale = self.layer, self.numbers, number(self.helper["scale"])
        lemma = self.lemmas[whole(self.helper["linearisation"])]
        need(lemma["kind"] == "activation-enclosure" and lemma["intercept"] == 0, "phi_0 must be linearised with d = 0")
        plus, minus, remainder = (number(lemma[key]) for key in ("slope_plus", "slope_minus", "tolerance"))
        reach, last = scale * (layer.input_sup + self.error_below), lemma["points"][-1]
        need(scale > 0 and (last == "inf" or number(last) >= reach), "phi_0 is linearised on too short an interval")
        self.pair = 2 if self.helper["pairs"] is True else 1  # v (phi_0(u x) - phi_0(-u x)) = 2 v psi(u x)
        self.split = plus != minus
        need(not (self.split and self.pair == 2), "an odd part has one slope")
        one = max(abs(plus), abs(minus)) * self.pair
        two = abs(plus + minus) if self.split else one
        kappa = (abs(plus) + abs(minus)) / two if self.split and layer.two_signed_inputs else Q(1)
        self.classes = 2 if self.split and layer.two_signed_inputs else 1
        chosen = max(s.two_signed * (2 if self.split else 1), s.one_signed) * self.pair
        sums = s.tolerance * (kappa * (layer.support_l1 + layer.row_nonzeros * self.error_below) + (self.target > 0))
        need(s.own_error >= sums + layer.row_nonzeros * chosen * s.sigma * remainder, "the own error is too small")
        need(s.amplification >= layer.row_sum, "the amplification is less than the row sum")
        used = ((layer.two_signed_inputs, s.two_signed, two, "weights"),)
        used += ((layer.one_signed_inputs, s.one_signed, one, "one_signed_weights"),)
        for count, size, factor, name in used:
            if count:
                lemma = self.lemmas[whole(self.record[name])]
                serves(lemma, "product", size, s.probability, s.tolerance, layer.max_weight, factor * s.sigma * scale)
        self.failure += self.open_classes()

    def open_classes(self):
        """P(some base set cannot be filled once the signs are known).

        Constants, then inputs in turn take the neurons they can use: a class of probability q that needs k of them
        finds them but for P(Bin(those not taken, q) < k).
        """
        s, half = self.numbers, Q(1, 2) if self.split else Q(1)
        two = int(self.layer.two_signed_inputs)
        groups = [(1, int(s.constant), number(self.helper["fits"]))]
        groups += [(1, int(s.one_signed), half)] * int(self.layer.one_signed_inputs)
        groups += [(2 if self.split else 1, int(s.two_signed), half)] * two
        left, failure = whole(self.helper["width"]) // self.pair, Q(0)
        for classes, want, q in groups:
            need(left >= 0 and 0 < q <= 1, "the helper layer is too narrow")
            failure += classes * too_few(left, want, q) if want else 0
            left -= classes * want
        return failure

    def rows_failure(self, used):
        """P(fewer rows than needed succeed); a row, one of R = need + spares, fails if one of its problems does.

        P(more than s of R fail) <= R P(a row fails)/(s + 1), and <= C(R, s + 1) P(a row fails)^(s + 1) if independent.
        """
        layer, s, single = self.layer, self.numbers, self.helper is None
        if s.copies == 1 and s.constants <= 1 and s.spares == 0:
            problems = layer.nonzero_weights * self.classes + layer.nonzero_biases + s.constants + used * single
            return problems * s.probability
        row = max(1, layer.row_nonzeros * self.classes + (layer.nonzero_biases > 0) + single) * s.probability
        rows, spares = int(max(s.copies, s.constants) + s.spares), int(s.spares)
        lost = rows * row / (spares + 1)
        if single:
            lost = min(lost, choose(rows, spares + 1) * row ** (spares + 1))
        return (used + (s.constants > 0)) * lost

    def widths(self, used):
        s = self.numbers
        rows = used * (s.copies + s.spares) + s.constants + (s.spares if s.aim > 0 else 0)
        return ([] if self.helper is None else [whole(self.helper["width"])]) + [int(max(1, rows))]


def check(claim):
    """The stages from the first layer up: e <= T (A + amp e) bounds the error of every copy of a layer's neurons."""
    total, layers, records = Numbers(claim, "tolerance failure_probability"), claim["layers"], claim["stages"]
    need(len(layers) == len(records) > 0 and records[0]["helper"] is not None, "every layer needs a stage")
    error = failure = shift = Q(0)
    widths, said = [whole(layers[0]["n_in"])], []
    for index, record in enumerate(records):
        stage = Stage(layers[index], record, claim["lemmas"], error)
        layer, s, above = stage.layer, stage.numbers, [*layers, None][index + 1]
        need(s.aim == 0 or s.tolerance <= Q(1, 4), "a constant's pre-activation must be within 1/4 of its aim")
        relied = stage.helper is not None and stage.split and layer.one_signed_inputs
        need(not relied or shift <= 1, "signs of inputs are known within 1 of the target's pre-activations only")
        used = layer.n_out if above is None else number(above["one_signed_inputs"]) + number(above["two_signed_inputs"])
        need(above is None or layer.n_out == number(above["n_in"]) >= used, "the layers do not fit together")
        copies, constants = asked(records[index + 1] if above else None)
        need(s.copies >= copies and s.constants >= constants, "the next layer needs more copies or constants")
        shift, room = s.own_error + s.amplification * error, layers[index]["enlargement"]
        need(room == "inf" or shift <= number(room), "T is not known that far from the target's pre-activations")
        error, failure = layer.lipschitz * shift, failure + stage.failure + stage.rows_failure(used)
        widths += stage.widths(used)
        said.append(", ".join(f"{name} {layers[index][name]}" for name in (*LAYER.split(), "enlargement")))
        if stage.target > 0:
            found = number(stage.helper["fits"]) if stage.helper else 1
            said.append(f"its constants c satisfy {s.low} <= |c| <= {s.high} with probability {found}")
    need(error <= total.tolerance, "the errors add up to more than the tolerance")
    need(failure <= total.failure_probability, "the failures add up to more than the failure probability")
    need(widths == [whole(width) for width in claim["widths"]], f"the stages lead to the widths {widths}")
    promise = f"widths {widths} suffice for error {total.tolerance} with probability 1 - {total.failure_probability}"
    return f"{promise}; layers: {'; '.join(said)}; lemmas: {'; '.join(map(statement, claim['lemmas']))}"


def asked(above):
    """Copies of each neuron and constants that the stage above relies on."""
    if above is None:
        return 1, 0
    needs = Numbers(above, "two_signed constant")
    return (needs.two_signed, needs.constant) if above["helper"] is None else (1, min(needs.constant, 1))


def statement(lemma):
    """What a lemma is used for, in words; check_artefact.py proves it."""
    if lemma["kind"] == "activation-enclosure":
        slopes = f"{number(lemma['slope_minus'])}, {number(lemma['slope_plus'])}"
        size = f"slopes {slopes} within {number(lemma['tolerance'])} up to {json.dumps(lemma['points'][-1])}"
        return f"phi_0 or its odd part {json.dumps(lemma['phi'])} has {size}"
    said = Numbers(lemma, "size tolerance failure_probability window weight")
    reach = f"|z| <= {said.window} within {said.tolerance} but for {said.failure_probability}"
    return f"{said.size} variables, {json.dumps(lemma['law'])} with weight {said.weight}, serve {reach}"


def main(paths):
    rejected = len(paths) == 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                claim = json.load(file)
            need(claim["kind"] == "width", "not a width claim")
            verdict = f"accepted: {check(claim)}"
        except Exception as why:  # whatever goes wrong, nothing is proved
            verdict, rejected = f"REJECTED: {type(why).__name__}: {str(why)[:300]!r}", True
        print(f"{path}: {verdict}")
    return int(rejected)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
