"""Checks claims of ticketproof that were written as JSON, with Python's integers and fractions and nothing else.

    python check_artefact.py FILE.json ...      one line per claim; exit status 0 if every claim is proved, 1 if not

A file is data and nobody is trusted: numbers are integers or "p/q" (no floats), functions are trees such as
["exp", ["mul", -1, "x"]], nothing in it is run, whatever is not understood is rejected. The line that is printed states
what was proved, from the numbers that were used. Proofs of the theorems quoted here: docs/artefacts.md.
"""

import json
import sys
from fractions import Fraction as Q

# To be read on a few pages and without other modules, hence set compactly and without types:
# fmt: off
# mypy: ignore-errors
# ruff: noqa: B905, RUF007

BITS, INF = 160, float("inf")  # intervals are rounded outward to multiples of 2^-BITS; INF ends unbounded intervals
MEMO = {}

def need(condition, why):
    if not condition:
        raise ValueError(why)

class I:  # noqa: E742
    """The real numbers from lo to hi. Operations return an interval that contains every result on such numbers."""
    def __init__(self, lo, hi=None):
        self.lo, self.hi = self.down(lo), -self.down(-(lo if hi is None else hi))
    def down(self, v):  # v itself if its denominator is short
        if isinstance(v, float) or v.denominator >> BITS == 0:
            return v
        need(v.numerator.bit_length() < 40000, "a number grew too large")
        return Q((v.numerator << BITS) // v.denominator, 1 << BITS)
    def __add__(self, other):
        o = other if isinstance(other, I) else I(Q(other))
        return I(self.lo + o.lo, self.hi + o.hi)
    def __mul__(self, other):
        o = other if isinstance(other, I) else I(Q(other))
        ends = [times(a, b) for a in (self.lo, self.hi) for b in (o.lo, o.hi)]
        return I(min(ends), max(ends))
    def __neg__(self):
        return I(-self.hi, -self.lo)
    def inverse(self):
        need(not self.lo <= 0 <= self.hi and self.size() < INF, "division by an interval that contains 0 or infinity")
        return I(1 / self.hi, 1 / self.lo)
    def size(self):
        return max(-self.lo, self.hi)
    def image(self, f, *more):
        """Image under an increasing function that is enclosed at single numbers."""
        need(self.size() < 9999, f"{f} of a number beyond 9999")
        for end in (self.lo, self.hi):
            if (f, end, more, BITS) not in MEMO:
                MEMO[f, end, more, BITS] = AT[f](end, *more)
        return I(MEMO[f, self.lo, more, BITS].lo, MEMO[f, self.hi, more, BITS].hi)

def times(a, b):  # 0 times an infinite end is 0
    if isinstance(a, Q) and isinstance(b, Q):
        return a * b
    return Q(0) if 0 in (a, b) else INF if (a > 0) == (b > 0) else -INF

ZERO, ONE = I(Q(0)), I(Q(1))

def series(t, ratio):
    """t_0 + t_1 + ..., t_(n+1) = t_n ratio(n). In every use |ratio(n)| <= 1/2 implies the same for all later n, so that
    what follows a term t is at most |t| (1/2 + 1/4 + ...) = |t|."""
    total, n, r = t, 0, ONE
    while r.size() > Q(1, 2) or t.size() > Q(1, 1 << BITS):
        r = ONE * ratio(n)
        t, n = t * r, n + 1
        total = total + t
    return total + I(-t.size(), t.size())

def log_at(x):  # x = 2^k y, log y = 2 artanh((y-1)/(y+1)), |(y-1)/(y+1)| <= 1/3, log 2 = 2 artanh(1/3)
    need(x > 0, "log of a number that is not positive")
    k = x.numerator.bit_length() - x.denominator.bit_length()
    y = x / Q(2) ** k
    return (I(Q(1, 3)).image("artanh") * k + I((y - 1) / (y + 1)).image("artanh")) * 2

def atan_at(x):  # atan x = 2 atan(x/(1 + sqrt(1 + x^2))), three times; then |z| <= tan(pi/16) < 1/5
    z = I(x)
    for _ in range(3):
        z = z * ((z * z + 1).image("root", Q(1, 2)) + 1).inverse()
    return series(z, lambda n: -z * z * Q(2 * n + 1, 2 * n + 3)) * 8

# Increasing functions at a number; "root" is x^r for x >= 0, r > 0.
AT = {
    "exp": lambda x: series(ONE, lambda n: x / (n + 1)),
    "log": log_at,
    "root": lambda x, r: ZERO if x == 0 else (log_at(x) * r).image("exp"),
    "artanh": lambda z: series(I(z), lambda n: z * z * Q(2 * n + 1, 2 * n + 3)),
    "atan": atan_at,
    "erf": lambda x: series(I(x), lambda n: -x * x * Q(2 * n + 1, (n + 1) * (2 * n + 3))) * bell(ZERO),
}

def bell(x):  # erf'(x) = 2/sqrt(pi) exp(-x^2)
    return (-x * x).image("exp") * (ONE.image("atan") * 4).image("root", Q(1, 2)).inverse() * 2

def sine(x):  # of a number z in the middle or just below, give or take the distance to the upper end
    need(x.size() < 99, "sin of a number beyond 99")
    z = I((x.lo + x.hi) / 2).lo
    return series(I(z), lambda n: -z * z / ((2 * n + 2) * (2 * n + 3))) + I(z - x.hi, x.hi - z)

# Jets are lists of Taylor coefficients f_0, ..., f_k, f_j = (j-th derivative)/j!, as intervals: at a number, or over a
# box, where f_j contains the coefficients at all its numbers. y = F(u), y' = slope u': k y_k = sum_j j u_j slope_(k-j).
def mul(u, v):
    return [sum((u[j] * v[k - j] for j in range(k + 1)), ZERO) for k in range(len(u))]

def following(u, slope, k):
    return sum((u[j] * slope[k - j] * Q(j, k) for j in range(1, k + 1)), ZERO)

def solve(first, u, slope):
    y = [first]
    for k in range(1, len(u)):
        y.append(following(u, slope(y), k))
    return y

def power(u, r):  # slope r u^(r-1)
    need(abs(r) <= 64, "a large exponent")
    first = ONE if r.denominator == 1 else u[0].image("root", abs(r))
    for _ in range(abs(int(r)) if r.denominator == 1 else 0):
        first = first * u[0]
    first = first if r >= 0 else first.inverse()
    return solve(first, u, lambda y: [c * r for c in power(u[: len(y)], r - 1)] if r else [ZERO for _ in y])

def sin(u):  # slope cos u = sin(u + pi/2), whose slope is -sin u
    s, c = [sine(u[0])], [sine(u[0] + ONE.image("atan") * 2)]
    for k in range(1, len(u)):
        s, c = [*s, following(u, c, k)], [*c, -following(u, s, k)]
    return s

def one_plus(u, sign):
    return [u[0] * sign + 1, *(c * sign for c in u[1:])]

FUNCTIONS = {
    "exp": lambda u: solve(u[0].image("exp"), u, lambda y: y),
    "sin": sin,
    "log": lambda u: solve(u[0].image("log"), u, lambda y: power(u, Q(-1))),
    "atan": lambda u: solve(u[0].image("atan"), u, lambda y: power(one_plus(mul(u, u), 1), Q(-1))),
    "erf": lambda u: solve(u[0].image("erf"), u, lambda y: [
        bell(ZERO) * c for c in FUNCTIONS["exp"]([-c for c in mul(u, u)])]),
    "tanh": lambda u: solve(-((u[0] * 2).image("exp") + 1).inverse() * 2 + 1, u, lambda y: one_plus(mul(y, y), -1)),
}

def jet(e, x, box):
    """Jet of a tree: "x", "pi", a number, [function, tree], ["add" or "mul", tree, ...], ["pow", tree, number],
    ["max", tree, tree], ["below", number, tree for x < number, tree for x >= number]; the open box decides switches."""
    if not isinstance(e, list):
        return x if e == "x" else [ONE.image("atan") * 4 if e == "pi" else I(number(e)), *[ZERO for _ in x[1:]]]
    head, *rest = e
    if head == "below":
        edge, low, high = rest
        need(box.hi <= number(edge) or box.lo >= number(edge), "a box does not decide a switch")
        return jet(low if box.lo < number(edge) else high, x, box)
    if head == "max":
        a, b = rest
        gap = jet(a, [box], box)[0] + -jet(b, [box], box)[0]
        need(gap.lo >= 0 or gap.hi <= 0, "a box does not decide a maximum")
        return jet(a if gap.lo >= 0 else b, x, box)
    if head == "pow":
        base, exponent = rest
        return power(jet(base, x, box), number(exponent))
    total, *others = (jet(part, x, box) for part in rest)
    for value in others:
        need(head in ("add", "mul"), f"an unknown operation {head!r}")
        total = mul(total, value) if head == "mul" else [p + q for p, q in zip(total, value, strict=True)]
    return FUNCTIONS[head](total) if head not in ("add", "mul") else total

def number(v):
    known = type(v) is int or (type(v) is str and len(v) < 2000 and set(v) <= set("-/0123456789"))
    need(known, f"{str(v)[:40]!r} is not a number p/q")
    return Q(v)

def whole(v):
    need(type(v) is int and 0 <= v < 1 << 64, f"{str(v)[:40]!r} is not a whole number")
    return int(v)

def numbers(record, keys):
    values = [number(record[key]) for key in keys.split()]
    need(min(values) >= 0, f"one of {keys} is negative")
    return values

def error(e, lo, hi, centre, order):
    """Bound of |e| on the open interval (lo, hi), or at lo = hi: Taylor's formula, its remainder taken over the box."""
    need(lo <= centre <= hi and order <= 8, "Taylor's formula needs its centre in the box and an order up to 8")
    box, unit = I(lo, hi), [ONE, *[ZERO] * order][:order]
    total = jet(e, [box, *unit], box)[order]
    for c in reversed(jet(e, [I(centre), *unit], box)[:order] if order else []):
        total = total * (box + I(-centre)) + c
    return total.size()

def enclosure(c):
    """|phi(x) - d - m x| <= eps on every piece of a subdivision, each on one side of 0, and at the pieces' ends."""
    phi, d, slopes, (eps,) = c["phi"], c["intercept"], (c["slope_minus"], c["slope_plus"]), numbers(c, "tolerance")
    need('"x"' not in json.dumps([d, *slopes]), "slopes and intercept are numbers")
    points = [{"-inf": -INF, "inf": INF}[p] if p in ("-inf", "inf") else number(p) for p in c["points"]]
    need(points[0] == -points[-1] < 0 and 0 in points and len(points) == len(c["pieces"]) + 1, "the pieces leave a gap")
    for lo, hi, (order, centre) in zip(points, points[1:], c["pieces"]):
        e = ["add", phi, ["mul", -1, d], ["mul", -1, slopes[hi > 0], "x"]]
        parts = [(lo, hi, number(centre), whole(order)), *((p, p, p, 0) for p in (lo, hi) if abs(p) < INF)]
        need(lo < hi and all(error(e, *part) <= eps for part in parts), f"not shown between {lo} and {hi}")
    m = json.dumps(slopes[1]) + ("" if slopes[0] == slopes[1] else f" (x > 0), {json.dumps(slopes[0])} (x < 0)")
    return f"|phi(x) - d - m x| <= {eps} for |x| <= {points[-1]}, phi = {json.dumps(phi)}, d = {json.dumps(d)}, m = {m}"

def ln(t):  # of min(t, 1); what it is multiplied with is 0 at t = 0
    return I(min(t, Q(1))).image("log") if t > 0 else ZERO

# Laws of X: F(t) = P(0 <= X <= t), its integral G from 0 to t, and the weight 2 t p(t) with which X contains U[-t, t].
LAWS = {
    "uniform": (lambda t: I(min(t, Q(1)) / 2), lambda t: I(min(t, Q(1)) ** 2 / 4 + max(t - 1, Q(0)) / 2),
                lambda t: I(t * (t <= 1))),
    "product": (lambda t: (-ln(t) + 1) * (min(t, Q(1)) / 2),
                lambda t: (ln(t) * -2 + 3) * (min(t, Q(1)) ** 2 / 8) + max(t - 1, Q(0)) / 2, lambda t: -ln(t) * t),
}

def base_set(c):
    """m variables, each following the law with probability >= weight given the others, serve |z| <= window."""
    eta, delta, window, weight, w = numbers(c, "tolerance failure_probability window weight half_width")
    law, m, fixed = LAWS[c["law"]], whole(c["size"]), c["quantifier"] == "fixed"
    need(min(eta, w) > 0 and weight <= 1 and m < 10**5 and (fixed or c["quantifier"] == "all"), "out of range")
    if eta < window:  # else the empty subset serves
        (recursion if c["kind"] == "dynamic-program" else closed_form)(c, eta, delta, window, weight, w, m, fixed, *law)
    who = f"every |z| <= {window} given in advance" if fixed else f"all |z| <= {window} at once"
    of = f"{c['law']} variables" if weight == 1 else f"variables that are {c['law']} with probability >= {weight},"
    return f"{m} {of} have a subset sum within {eta} of {who} with probability >= 1 - {delta}"

def closed_form(c, eta, delta, window, weight, w, m, fixed, *law):
    """Corollaries 2-4: r blocks, contained U[-w, w] of weight p: failure <= r 8 (1 - p/4)^(m/r) (w r/eta)^2."""
    (p,), r = numbers(c, "contained"), whole(c["blocks"])
    need(p <= weight * law[2](w).lo and 2 * w * r >= (window + eta if fixed else 2 * window), "no such uniform part")
    need(8 * r * (1 - p / 4) ** (m // r) * (w * r / eta) ** 2 <= delta, "too few variables")

def recursion(c, eta, delta, window, weight, w, m, fixed, *law):
    """Theorem 7: E v' >= f(v) (Lemma 5), P(hit) >= q(v) (Lemma 6). Where the falling line a + s x lies above the steps
    of W_n on [v, V], V >= min(2 v, 1), one more variable fails with probability at most a + s f - q (a + s V)."""
    (F, G, _), (tau, sigma), unit = law, numbers(c, "target_offset origin_offset"), whole(c["unit"])
    x, f, q = ([whole(k) for k in c[key]] for key in ("nodes", "mean", "hit"))
    need(x[0] > 0 and x[-1] == unit and all(a < b for a, b in zip(x, x[1:])), "the nodes must increase to 1")
    v, start = [Q(k, unit) for k in x], (eta + min(eta, w - sigma)) / (2 * w) if fixed else Q(x[0], unit)
    need(max(tau, sigma) <= w and tau + sigma >= window if fixed else w >= window, "a wrong window")
    need(v[0] <= start, "the first node must be reachable")
    for share, mean, hit in zip(v, f, q, strict=True):  # A is 2 w v long; what is missing in the window, gap
        a, gap = 2 * w * share, 2 * w * (1 - share)
        near = min(gap / 2, w - tau)
        growth = (G(2 * w) + -G(gap) + -G(a)).lo / (2 * w)
        hits = (F(w + tau) + F(w - tau) + -F(near) + -F(gap - near)).lo if fixed else Q(0)
        need(Q(mean, unit) <= share + weight * growth, f"the mean at {share} is too large")
        need(Q(hit, unit) <= max(weight * hits, Q(0)), f"the hit at {share} is too large")
    spans = [x[i : next(j for j in range(i, len(x)) if x[j] >= min(2 * x[i], unit)) + 1] for i in range(len(x))]
    one = 1 << 80  # all: h = w v_0 for A_0, eta - h for the targets between: served once 2 w (1 - v) <= eta - h
    W = [one if fixed or 2 * w * (1 - share) > eta - w * v[0] else 0 for share in v]
    for _ in range(m):
        new = []
        for i, xs in enumerate(spans):  # the steps lie below the line if their corners (xs[k], h[k]) do
            h, left, right, s, line = [W[i], *W[i : i + len(xs) - 1]], 0, len(xs) - 1, 0, W[i]
            while left < right:  # any s <= 0 will do; best is the upper hull's where E[v' | no hit] may be
                s = min(0, (h[right] - h[left]) // (xs[right] - xs[left]))
                over = [b - s * a for a, b in zip(xs, h)]
                k, line = over.index(max(over)), max(over)
                before = xs[k] * (unit - q[i]) <= unit * f[i] - q[i] * xs[-1]
                left, right = (right, right) if not left < k < right else (k, right) if before else (left, k)
            new.append(min(W[i], *new[-1:], -((q[i] * (line + s * xs[-1]) - unit * (line + s * f[i])) // unit)))
        W = new
    need(Q(W[0], one) <= delta, "too few variables")

def tolerances(c):
    """If a layer's parameters move by at most t, its outputs move by at most T (t (1 + M) + (R + n_in t) e) each and by
    at most T (n_out t (1 + M) + (C + n_out t) e) in sum, e being the same for the layer below."""
    worst, summed, (eps,), text = Q(0), Q(0), numbers(c, "tolerance"), ""
    for layer, t in zip(c["layers"], c["tolerances"], strict=True):
        T, M, R, C, n_in, n_out, t = numbers({**layer, "t": t}, "lipschitz input_l1 row_sum column_sum n_in n_out t")
        shift, room = t * (1 + M) + (R + n_in * t) * worst, layer["enlargement"]
        need(room == "inf" or shift <= number(room), "T is not known that far out")
        text += f"; {n_in} to {n_out}, T = {T} (to {room} beyond), M = {M}, R = {R}, C = {C}, all within {t}"
        worst, summed = T * shift, T * (n_out * t * (1 + M) + (C + n_out * t) * summed)
    need({"linf": worst, "l1": summed}[c["norm"]] <= eps, "the error recursion ends above the tolerance")
    return f"the output moves by at most {eps} ({c['norm']}){text}"

def lemmas(c):
    """A width claim rests on these; check_width.py derives it from them."""
    return "the lemmas hold: " + "; ".join(KINDS[lemma["kind"]](lemma) for lemma in c["lemmas"])

KINDS = {"width": lemmas, "activation-enclosure": enclosure, "dynamic-program": base_set, "closed-form": base_set,
         "tolerances": tolerances}

def main(paths):
    rejected = len(paths) == 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                claim = json.load(file)
            verdict = f"accepted: {KINDS[claim['kind']](claim)}"
        except Exception as why:  # whatever goes wrong, nothing is proved
            verdict, rejected = f"REJECTED: {type(why).__name__}: {str(why)[:300]!r}", True
        print(f"{path}: {verdict}")
    return int(rejected)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
