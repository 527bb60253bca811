"""Laws given by a density: what they contain is below them, what they weigh is enclosed, what they refuse is named."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binomtest
from sympy import Abs, Max, Min, Piecewise, Rational, cosh, exp, log, pi, sin, sqrt

from bounds.arithmetic import ball, certainly_at_most, lower, upper, working_precision
from bounds.densities.envelope import cells
from bounds.densities.law import DensityLaw
from bounds.densities.mass import DensityError
from bounds.densities.tails import peak, tail
from bounds.functions import x
from bounds.laws import Law
from bounds.subset_sum.necessary import reach, success_upper_bound
from bounds.subset_sum.queries import QUANTIFIERS
from bounds.subset_sum.sizes import necessary_size, sufficient_size

NORMAL = exp(-(x**2) / 2) / sqrt(2 * pi)
DENSITIES = {
    "triangular": Max(0, 1 - Abs(x)),
    "laplace": exp(-Abs(x)) / 2,
    "logistic": exp(-x) / (1 + exp(-x)) ** 2,
    "truncated_normal": Piecewise((NORMAL / sympy.erf(sqrt(2)), Abs(x) <= 2), (0, True)),
    "student_3": 2 / (pi * sqrt(3)) * (1 + x**2 / 3) ** -2,
    "cauchy": 1 / (pi * (1 + x**2)),
    "sech": 1 / (pi * cosh(x)),
    "beta": Rational(15, 16) * Max(0, 1 - x**2) ** 2,
    "shifted_normal": NORMAL.subs(x, x - Rational(1, 2)),
    "two_normals": (NORMAL + NORMAL.subs(x, x - 2)) / 2,
    "narrow": 5 * exp(-10 * Abs(x)),
    "stairs": Piecewise((Rational(3, 8), Abs(x) <= 1), (Rational(1, 8), Abs(x) <= 2), (0, True)),
    "skewed": Piecewise((exp(-x) / 2, x >= 0), (exp(2 * x), True)),
}
REGISTERED = {
    "uniform": Piecewise((Rational(1, 2), Abs(x) <= 1), (0, True)),
    "product": Piecewise((-log(Abs(x)) / 2, Abs(x) <= 1), (0, True)),
    "normal": NORMAL,
}


def density_law(name: str) -> DensityLaw:
    return Law.from_density((DENSITIES | REGISTERED)[name], name)


@pytest.fixture(scope="module", params=[*DENSITIES, *REGISTERED])
def law(request) -> DensityLaw:
    return density_law(request.param)


# ---------------------------------------------------------------- masses and what is contained


def test_the_mass_encloses_one_and_is_narrow(law: DensityLaw) -> None:
    least, most = law.mass
    assert 1 - 2e-4 < least <= 1 <= most < 1 + 2e-4
    doubled = Law.from_density(law.expression / 2, partial=True).mass
    assert doubled[0] <= 0.5 <= doubled[1]


def test_the_contained_part_is_below_the_density_on_both_sides(law: DensityLaw) -> None:
    """At 2,000 points on both sides, against float64 values; and it is not much below where the density falls."""
    p = sympy.lambdify(x, law.expression, "numpy")
    with np.errstate(all="ignore"):
        for t in np.concatenate([np.geomspace(1e-6, 0.1, 400), np.linspace(0.1, 3.9, 600)]):
            s = lower(law.contained.density(ball(float(t))))
            assert 0 <= s <= min(p(np.array([t, -t]))) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("triangular", lambda c: 2 * c * max(0.0, 1 - c)),
        ("laplace", lambda c: c * math.exp(-c)),
        ("logistic", lambda c: 2 * c * math.exp(-c) / (1 + math.exp(-c)) ** 2),
        ("student_3", lambda c: 4 * c / (math.pi * math.sqrt(3)) * (1 + c * c / 3) ** -2),
        ("product", lambda c: c * math.log(1 / c) if c < 1 else 0.0),
        ("shifted_normal", lambda c: 2 * c * math.exp(-((c + 0.5) ** 2) / 2) / math.sqrt(2 * math.pi)),
        ("skewed", lambda c: 2 * c * min(math.exp(-c) / 2, math.exp(-2 * c))),
    ],
)
def test_weights_of_contained_uniforms(name: str, weight) -> None:
    """2 c inf over |x| <= c of p(x) from below, within 1e-5; the inf over |x| <= c/2 would give more."""
    found = density_law(name)
    for c in (0.05, 0.3, 0.7, 1.3):
        q = found.contained_uniform(c).weight
        assert weight(c) - 1e-5 <= q <= weight(c)
    best = found.contained_uniform()
    assert best.weight <= weight(best.half_width) + 1e-12
    assert best.weight >= max(weight(k / 100) for k in range(1, 300)) - 2e-3


@given(st.data())
@working_precision
def test_the_integrals_of_the_contained_part(data: st.DataObject) -> None:
    """F and G of the step function against sums over its cells; balls that straddle a cell's end contain both."""
    contained = density_law(data.draw(st.sampled_from(["laplace", "product", "shifted_normal"]))).contained
    t = data.draw(st.floats(1e-7, 5))
    F = G = 0.0
    for a, b in pairwise(cells()):
        height = lower(contained.density(ball(a)))
        part = max(0.0, min(t, b) - a)
        G += part * F + part * part * height / 2
        F += part * height
    G += max(0.0, t - cells()[-1]) * F
    for function, expected in ((contained.mass, F), (contained.mass_integral, G)):
        assert abs(float(function(ball(t)).mid()) - expected) < 1e-12
        wide = function(ball(t).union(ball(t + 0.01)))
        assert wide.contains(function(ball(t)).mid()) and wide.contains(function(ball(t + 0.01)).mid())
    assert contained.mass(ball(0)) == 0 and upper(contained.mass(ball(9))) <= 0.5 + 1e-12


@pytest.mark.parametrize("start", [4, 16])
@pytest.mark.parametrize("name", ["laplace", "logistic", "student_3", "cauchy", "sech", "two_normals"])
@working_precision
def test_tails_enclose_the_integral(name: str, start: int) -> None:
    expression = DENSITIES[name].subs(Abs(x), x)
    found = tail(expression, x, ball(start))
    expected = quad(sympy.lambdify(x, expression, "mpmath"), start, np.inf, epsabs=0, epsrel=1e-10)[0]
    assert found is not None
    assert float(found.lo) <= expected * (1 + 1e-8) and expected * (1 - 1e-8) <= float(found.hi)
    assert float(found.hi) <= 4 * expected


@working_precision
def test_tails_and_peaks_that_are_not_integrable_are_not_proved() -> None:
    assert tail(1 / x, x, ball(4)) is None and tail(x**-2, x, ball(4)) is not None
    assert tail(Rational(1, 2) + 0 * x, x, ball(4)) is None
    assert peak(1 / x, x, ball("0.01")) is None
    held = peak(-log(x) / 2, x, ball("0.01"))
    assert held is not None and float(held.lo) <= 0.005 * (1 - math.log(0.01)) <= float(held.hi)


def test_the_supremum_is_above_and_close() -> None:
    for name, highest in (("laplace", 0.5), ("cauchy", 1 / math.pi), ("beta", 15 / 16), ("skewed", 1.0)):
        assert highest <= density_law(name).supremum <= highest * (1 + 1e-3)
    assert density_law("product").supremum == math.inf
    assert Law.from_density(exp(-Abs(x)) / 4, partial=True).supremum == math.inf


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("name", REGISTERED)
def test_a_registered_law_written_as_a_density(name: str) -> None:
    """The same necessary sizes by reach, sufficient ones at most two variables more, never fewer."""
    written = density_law(name)
    for level in (0.1, 0.01, 0.001):
        for quantifier in QUANTIFIERS:
            exact = sufficient_size(level, level, name, quantifier).size
            assert exact <= sufficient_size(level, level, written, quantifier).size <= 1.03 * exact + 1
        assert necessary_size(level, level, written).size == necessary_size(level, level, name).size


def test_necessary_at_most_sufficient_at_most_closed_form(law: DensityLaw) -> None:
    for quantifier in QUANTIFIERS:
        if law.name == "narrow":
            continue
        sizes = [
            necessary_size(0.05, 0.01, law, quantifier).size,
            sufficient_size(0.05, 0.01, law, quantifier).size,
            sufficient_size(0.05, 0.01, law, quantifier, method="closed_form").size,
        ]
        assert sizes == sorted(sizes) and sizes[0] >= math.log2(100)


SAMPLERS = {
    "triangular": lambda g, shape: g.triangular(-1, 0, 1, shape),
    "laplace": lambda g, shape: g.laplace(0, 1, shape),
    "student_3": lambda g, shape: g.standard_t(3, shape),
    "shifted_normal": lambda g, shape: g.normal(0.5, 1, shape),
}


def failures(name: str, size: int, target: float, tolerance: float, trials: int) -> int:
    """How many base sets leave the target unserved, by listing all subset sums."""
    draws = SAMPLERS[name](np.random.default_rng(3), (trials, size))
    sums = np.zeros((trials, 1))
    for column in draws.T:
        sums = np.concatenate([sums, sums + column[:, None]], axis=1)
    return int(np.count_nonzero(np.min(np.abs(sums - target), axis=1) > tolerance))


@pytest.mark.theorem
@pytest.mark.parametrize("name", SAMPLERS)
def test_corollary_9_against_exhaustive_search(name: str) -> None:
    """Tolerance .2, failure probability .1: the sufficient size fails at most that often at both ends and at 0.3, one
    below the necessary size more often at one end; wrong: a third of the sufficient size."""
    found = density_law(name)
    enough, needed, trials = sufficient_size(0.2, 0.1, found).size, necessary_size(0.2, 0.1, found).size, 400
    for target in (1.0, -1.0, 0.3) if enough <= 17 else ():
        missed = failures(name, enough, target, 0.2, trials)
        assert binomtest(missed, trials).proportion_ci(0.999).low <= 0.1
    short = max(failures(name, needed - 1, z, 0.2, 4000) for z in (1.0, -1.0))
    assert binomtest(short, 4000).proportion_ci(0.999).high >= 0.1
    third = max(failures(name, enough // 3, z, 0.2, 4000) for z in (1.0, -1.0))
    assert binomtest(third, 4000).proportion_ci(0.999).low > 0.1


@pytest.mark.theorem
def test_the_success_bound_of_a_density_is_above_the_frequency() -> None:
    """First moment with sup p and reach, both ends of a law that is not symmetric."""
    found = density_law("shifted_normal")
    for size in (2, 4, 7):
        for target in (1.0, -1.0):
            missed = failures("shifted_normal", size, target, 0.01, 4000)
            assert success_upper_bound(size, 0.01, found, target) >= binomtest(4000 - missed, 4000).proportion_ci().low
    assert reach(5, 0.01, found, -1.0) < reach(5, 0.01, found, 1.0)
    bound = necessary_size(0.01, 0.01, found)
    assert bound.method == "reach, z = -1" and bound.law == "shifted_normal" and "shifted_normal" in bound.statement
    both = reach(9, 0.01, found, 1.0) * reach(9, 0.01, found, -1.0)
    assert success_upper_bound(9, 0.01, found, -1.0) >= both


def test_a_lower_bound_of_a_density_is_enough_for_sufficient_sizes() -> None:
    """Half the mass of a Laplace law, the rest unknown: more variables suffice, and only reach limits from below."""
    whole, half = density_law("laplace"), Law.from_density(exp(-Abs(x)) / 4, "half", partial=True)
    assert half.contained_uniform(1.0).weight == pytest.approx(whole.contained_uniform(1.0).weight / 2, rel=1e-5)
    assert sufficient_size(0.1, 0.1, half).size > sufficient_size(0.1, 0.1, whole).size
    assert 1 <= necessary_size(0.1, 0.1, half).size <= necessary_size(0.1, 0.1, whole).size


def test_sizes_are_monotone_and_scale_with_the_law() -> None:
    found = density_law("student_3")
    sizes = [sufficient_size(10.0**-k, 10.0**-j, found).size for k, j in ((1, 1), (1, 2), (2, 2), (2, 4), (4, 4))]
    assert sizes == sorted(sizes)
    wide = Law.from_density(found.expression.subs(x, x / 4) / 4, "wide")
    assert sufficient_size(0.01, 0.01, wide).size > sufficient_size(0.01, 0.01, found).size


def test_equal_laws_are_equal_and_mirrored_ones_swap_sides() -> None:
    found = density_law("skewed")
    assert found == Law.from_density(DENSITIES["skewed"], "skewed") and hash(found) == hash(density_law("skewed"))
    assert found.mirrored() != found and found.mirrored().mirrored() == found
    masses = [float(np.sum(side.positive_parts(1.0, 512))) for side in (found, found.mirrored())]
    expected = [1 - math.exp(-1) / 2, 1 - math.exp(-2) / 2]
    assert masses == pytest.approx(expected, abs=2e-4) and masses[0] <= expected[0] and masses[1] <= expected[1]
    assert found.positive_parts(1.0, 512)[0] == pytest.approx(0.5, abs=1e-5)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        (exp(-Abs(x)), r"integrates to \[2, 2\], not to 1; divide it by that$"),
        (exp(-Abs(x)) / 4, "or pass partial=True for a lower bound"),
        (exp(-x) / 2, "mass beyond x = .* is not shown to be finite"),
        (Rational(1, 2) + 0 * x, "is not shown to be finite"),
        (Piecewise((Rational(1, 2) + x, Abs(x) <= 1), (0, True)), "is negative near x = .* a density is at least 0"),
        (Piecewise((sin(10 * x) + Rational(1, 2), Abs(x) <= 1), (0, True)), "is negative near"),
        (Piecewise((3 * x**2 / 2, Abs(x) <= 1), (0, True)), "not bounded away from 0 next to x = 0"),
        (Piecewise((1, (x >= 1) & (x <= 2)), (0, True)), r"contains no U\[-c, c\]"),
        (Piecewise((1, (x >= 0) & (x <= 1)), (0, True)), r"contains no U\[-c, c\]"),
        (Piecewise((1 / Abs(x), Abs(x) <= 1), (0, True)), "not shown to be integrable at 0"),
        (Piecewise((-log(Abs(x - Rational(1, 2))) / 2, Abs(x) <= 1), (0, True)), "not enclosed|not shown"),
        (Piecewise((1, Abs(x) <= 1), (1 / Abs(x), True)) / 4, "mass beyond"),
        (Min(1, exp(-x)) / 4, "switches where no polynomial vanishes"),
        (sympy.nan + x, "nan"),
        (sympy.oo * x, "oo|infin|not"),
        (x * sympy.Symbol("w", real=True), "has 2 symbols"),
        ("exp(-x)", "must be a sympy expression"),
    ],
)
def test_what_is_no_density_is_refused_by_name(expression: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Law.from_density(expression)


def test_a_law_too_narrow_for_the_targets_is_named() -> None:
    tiny = Law.from_density(Max(0, 100 - 10000 * Abs(x)), "tiny")
    assert isinstance(tiny, DensityLaw)
    with pytest.raises(ValueError, match=r"law 'tiny' contains no U\[-c, c\] with c >= .* scale the variables up"):
        sufficient_size(0.001, 0.01, tiny)


def test_weights_are_asked_for_sensible_half_widths() -> None:
    for half_width in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="half_width="):
            density_law("laplace").contained_uniform(half_width)
    assert issubclass(DensityError, ValueError)
    assert density_law("triangular").contained_uniform(2.0).weight == 0.0


def test_the_weight_is_a_probability_of_the_registered_kind(law: DensityLaw) -> None:
    for c in (0.1, 0.5, 1.0):
        assert certainly_at_most(law.contained.weight(ball(c)), 1) is True
    assert law.contained.factors == 0 and law.contained.name == law.name
