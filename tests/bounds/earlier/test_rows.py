"""The table of earlier and printed forms: what a row says, its constants, and the shapes that theory promises."""

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.earlier.rows import STATEMENTS, earlier_rows, grid_constants
from bounds.earlier.statement import EarlierStatus, Problem
from bounds.earlier.symbols import RHO, C, L
from bounds.network import NetworkSpec
from tests.bounds.test_tolerances import counterexample
from tests.bounds.test_widths import dense


def table(spec: NetworkSpec, *keys: str, eps: float = 0.1, delta: float = 0.01, **more: object) -> list:
    return list(earlier_rows(spec, eps, delta, keys=keys, **more))


def unit_rows(width: int, depth: int, activation: str) -> NetworkSpec:
    """A dense target without biases whose rows sum to 1, so that errors neither grow nor shrink."""
    return dense((width,) * (depth + 1), activation, weight=1 / width, bias=0.0)


@pytest.fixture(scope="module")
def whole_table() -> tuple[bounds.EarlierRow, ...]:
    return bounds.earlier_rows(dense((3, 4, 2), "relu", weight=0.25, bias=0.2), 0.1, 0.01)


def test_every_statement_has_a_row_that_says_where_it_is_from(whole_table: tuple[bounds.EarlierRow, ...]) -> None:
    assert [row.key for row in whole_table] == list(STATEMENTS)
    for row in whole_table:
        said = row.statement
        assert said.authors and said.locator and said.seen and said.activations and said.status_note
        assert said.as_latex().startswith(said.symbol)
        assert (row.value is None) == (row.expression is None)
        if row.proved is None and row.constant_proved is None:
            assert row.note, f"{row.key} proves nothing and does not say why"


def test_every_hidden_constant_is_the_symbol_c(whole_table: tuple[bounds.EarlierRow, ...]) -> None:
    """Evaluated, nothing but C is left, and the expression is the value where C = 1."""
    for row in whole_table:
        assert C in row.statement.formula.free_symbols
        if row.expression is not None:
            assert row.expression.free_symbols == {C}
            if not row.expression.atoms(sympy.core.function.AppliedUndef):
                assert float(row.expression.subs(C, 1)) == pytest.approx(row.value, rel=1e-6)


def test_statuses_claim_no_more_than_is_derived_here(whole_table: tuple[bounds.EarlierRow, ...]) -> None:
    """Memory and second hand are "unverified"; "proved" is backed by a proved number."""
    for row in whole_table:
        if "memory" in row.statement.seen or "quoted" in row.statement.seen:
            assert row.status == EarlierStatus.UNVERIFIED
        if row.status == EarlierStatus.PROVED and row.value is not None:
            assert row.constant_proved is not None
    refuted = [row.key for row in whole_table if row.status == EarlierStatus.REFUTED]
    assert refuted == ["b22-lemma2.8"]


def test_constants_are_proved_over_printed(whole_table: tuple[bounds.EarlierRow, ...]) -> None:
    for row in whole_table:
        if row.proved is not None and row.constant_proved is not None:
            assert row.constant_proved * row.value == pytest.approx(row.proved, rel=1e-12)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("malach-weights", 4**5 * 2**2 / 0.1**2),
        ("malach-weights-small-entries", 4**2 * 2**2 / 0.1**2),
        ("malach-neurons", 1 / 0.1**2),
        ("pensia", 4 * math.log(4 * 2 / 0.01)),
        ("orseau-as-quoted", 4**2 * math.log(4 * 2) / 0.1),
        ("orseau", 4**2 * math.log(4 * 2 / 0.1)),
        ("plant-n-seek", 4 / 0.1),
        ("universal-tickets", 4.0),
        ("burkholz-icml-tolerance", 0.1 / (26 * 10)),
        ("b22-cor-a2", math.log(1 / 0.01)),
        ("b22-thm2.5", 3 * math.log(3 / min(0.1, 0.01 / 4))),
        ("b22-summary-2l", 4 * math.log(4 * 2 / 0.01)),
        ("b22-summary-l+1", 4 * math.log(4 * 2 * math.log(100) / 0.01)),
    ],
)
def test_printed_values_by_hand(key: str, expected: float) -> None:
    """Widths 3-4-2, 16 + 10 parameters, T = 1, M = 1, eps = .1, delta = .01."""
    (row,) = table(dense((3, 4, 2), "relu", weight=0.25, bias=0.2), key)
    assert row.value == pytest.approx(expected, rel=1e-12)


def test_theorem_2_9_by_hand() -> None:
    """eps_l of Lemma 2.8 as printed, rho = N^(1+gamma) log(1/min(eps_l, delta)), n log(1/min(eps_l, delta/rho))."""
    spec, eps, delta = dense((3, 4, 2), "relu", weight=0.25, bias=0.2), 0.1, 0.01
    printed = bounds.parameter_tolerances(spec, eps, norm="l1", form="printed")
    rho = 26**1.1 * math.log(1 / min(*printed, delta))
    rows = table(spec, "b22-thm2.9-copies", "b22-thm2.9", "b22-thm2.9-first-layer", "b22-thm2.9-first-layer-inputs")
    assert rows[0].value == pytest.approx(rho)
    assert rows[1].value == pytest.approx(4 * math.log(1 / min(printed[1], delta / rho)))
    assert rows[2].value == pytest.approx(4 * math.log(1 / min(printed[0], delta / rho)))
    assert rows[3].value == pytest.approx(3 * math.log(1 / min(printed[0], delta / rho)))


def test_epsilon_of_theorem_2_5_by_hand() -> None:
    """tanh: g^-1(y) = sqrt(3) y^(3/2), eps'' = g^-1(eps |m| / (T n_0 M log Q)) with m = 2 at C = 1."""
    spec = dense((3, 4, 2), "tanh", weight=0.25, bias=0.2)
    (row,) = table(spec, "b22-thm2.5-linearisation")
    y = 0.1 * 2 / (3 * math.log(3 / min(0.1, 0.01 / 4)))
    assert row.value == pytest.approx(math.sqrt(3) * y**1.5, rel=1e-6)
    assert row.constant_proved is not None and row.constant_proved > 1


def test_our_width_keeps_the_linearisation_error_within_half_the_budget() -> None:
    """With C = constant_proved: nnz |I| eps''/(|m| s) <= eps'/(2T), s = a(eps'')/M; without the 2 it is not."""
    spec, phi = dense((3, 4), "tanh", weight=0.25, bias=0.2), bounds.activation("tanh")
    spec = NetworkSpec((replace(spec.layers[0], activation="tanh", lipschitz=1.0),), spec.domain)
    (row,) = table(spec, "b22-thm2.5-linearisation")
    y = 0.1 * 2 / (row.constant_proved * 3 * math.log(3 / min(0.1, 0.01 / 4)))
    error = float(phi.g_inverse.subs(bounds.y, y))
    selected = bounds.sufficient_size(0.1 / (2 * 4), 0.01 / (2 * 16), law="product").size
    added = 3 * selected * error / (2 * phi.radius(error))
    assert 0.49 * 0.1 <= added <= 0.5 * 0.1 * (1 + 1e-9)


@pytest.mark.theorem
def test_lemma_2_8_is_refuted_where_the_counterexample_is() -> None:
    """W1 = 1, W2 = ones(10 x 1): no constant above 1/5 makes the printed tolerances ours, which are tight."""
    spec = counterexample()[2]
    (row,) = table(spec, "b22-lemma2.8", first_activation="relu")
    assert row.constant_proved < 0.2


def test_violated_assumptions_are_named() -> None:
    biased = dense((3, 4, 2), "tanh", weight=2.0, bias=0.2)
    rows = {row.key: row.violated for row in table(biased, "pensia", "b22-thm2.7", "malach-weights")}
    assert rows["pensia"][:2] == ("ReLU in every hidden layer", "no biases")
    assert rows["b22-thm2.7"] == ("every parameter at most 1 in absolute value",)
    assert "inputs of norm at most 1" in rows["malach-weights"]
    plain = NetworkSpec(unit_rows(2, 2, "relu").layers, ((-0.5, -0.5), (0.5, 0.5)))
    assert all(row.violated == () for row in table(plain, "pensia", "b22-thm2.7", "malach-weights"))
    (sigmoid,) = table(dense((3, 4, 2), "sigmoid"), "b22-thm2.5")
    assert "phi_0(0) = 0" in sigmoid.violated


@pytest.mark.theorem
@settings(max_examples=40)
@given(
    n=st.integers(1, 300),
    width=st.integers(1, 300),
    rho=st.integers(1, 10**6),
    scale=st.floats(0.01, 100.0),
    eps=st.floats(1e-6, 0.999),
    delta=st.floats(1e-9, 0.999),
)
def test_theorem_2_7_holds_with_c_66(n: int, width: int, rho: int, scale: float, eps: float, delta: float) -> None:
    """n+1 closed-form base sets for eta = eps/(T (n M + 1)), delta/(rho n_out (n+1)) fit into 66 n log Q, Q >= 2."""
    m = max(1.0, scale)
    q = n / min(eps / (m * scale), delta / (rho * width))
    if q < 2:
        return
    eta = min(eps / (scale * (n * m + 1)), 0.5)
    failure = delta / (rho * width * (n + 1))
    size = bounds.sufficient_size(eta, failure, quantifier="all", method="closed_form").size
    assert (n + 1) * size <= STATEMENTS["b22-thm2.7"].universal * n * math.log(q)


@pytest.mark.theorem
@pytest.mark.parametrize("law", ["uniform", "product"])
@pytest.mark.parametrize("eps", [0.5, 0.1, 1e-3, 1e-6])
@pytest.mark.parametrize("delta", [0.1, 1e-3, 1e-6])
def test_corollary_a2_holds_with_c_40(law: str, eps: float, delta: float) -> None:
    """Closed form at min(eps, 1/10), |z| <= 1: m <= 40 log(1/min(eps, delta)); 14 for single weights."""
    size = bounds.sufficient_size(min(eps, 0.1), delta, law=law, method="closed_form").size
    assert bounds.sufficient_size(eps, delta, law=law).size <= size
    least = STATEMENTS["b22-cor-a2"].universal if law == "product" else 14.0
    assert size <= least * math.log(1 / min(eps, delta))


@pytest.mark.theorem
def test_relu_2l_has_the_shape_of_pensia() -> None:
    """Width of 2L over n against log(n L / min(eps, delta)): one line fits all specs, ratio within a factor 2."""
    points = []
    for n, depth, eps, delta in [
        (2, 2, 0.1, 0.1),
        (8, 2, 0.1, 0.01),
        (32, 2, 0.01, 0.01),
        (128, 2, 1e-3, 1e-3),
        (8, 8, 1e-3, 1e-2),
        (8, 2, 1e-5, 1e-5),
        (64, 4, 1e-6, 1e-6),
    ]:
        spec = unit_rows(n, depth, "relu")
        plan = bounds.width_requirement(spec, "2L", eps, delta)
        points.append((math.log(n * depth / min(eps, delta)), max(plan.widths[1::2]) / n))
    logs, widths = np.array(points).T
    slope, intercept = np.polyfit(logs, widths, 1)
    ratios = widths / logs
    assert slope > 5 and np.all(np.abs(slope * logs + intercept - widths) <= 0.25 * widths)
    assert ratios.max() <= 2 * ratios.min()
    square = widths / logs**2
    assert square.max() > 2 * square.min(), "the square of the logarithm is not the shape"


@pytest.mark.theorem
@settings(max_examples=10)
@given(n=st.integers(1, 12), depth=st.integers(1, 3), eps=st.floats(1e-4, 0.3), delta=st.floats(1e-4, 0.3))
def test_the_linear_activation_needs_the_least(n: int, depth: int, eps: float, delta: float) -> None:
    """2L with phi_0 the identity is never wider than with any other phi_0 (B22 after Thm 2.5)."""
    spec = unit_rows(n, depth, "tanh")
    widths = {
        first: sum(bounds.width_requirement(spec, "2L", eps, delta, first).widths)
        for first in ("identity", "relu", "leaky_relu", "tanh", "sigmoid", "softplus")
    }
    assert widths["identity"] == min(widths.values())
    assert widths["relu"] > widths["identity"] and widths["sigmoid"] > widths["identity"]


def test_half_of_c_40_is_too_little_for_the_closed_form() -> None:
    size = bounds.sufficient_size(1e-6, 1e-6, law="product", method="closed_form").size
    assert size > 20 * math.log(1e6)


def test_depths_follow_the_source() -> None:
    spec = dense((3, 4, 4, 2), "relu", weight=0.25, bias=0.0)
    depths = {row.key: row.depth for row in table(spec, "pensia", "plant-n-seek", "b22-cor-a2", "b22-lemma2.8")}
    assert depths == {"pensia": 6, "plant-n-seek": 4, "b22-cor-a2": None, "b22-lemma2.8": 3}
    assert STATEMENTS["b22-thm2.9"].depth == L + 1


def test_measured_constants_count_measured_base_sets() -> None:
    """With every base set measured as 7: inputs times 7 (times sign classes, times two for pairs) over the printed."""
    asked: list[Problem] = []

    def seven(problem: Problem) -> int:
        asked.append(problem)
        return 7

    spec = dense((3, 4, 2), "relu", weight=0.25, bias=0.0)
    rows = table(spec, "b22-thm2.5", "b22-thm2.6", "b22-thm2.7", "b22-cor-a2", measured_size=seven)
    for row, sets in zip(rows, (2 * 3, 2 * 3, 4, 1), strict=True):
        assert row.constant_measured * row.value == pytest.approx(sets * 7)
        assert row.constant_measured < row.constant_proved
    for problem in asked:
        least = bounds.sufficient_size(
            problem.tolerance, problem.failure_probability, law=problem.law, window=problem.target
        ).size
        assert 5 < least < 60 and problem.law in ("uniform", "product")
    (unmeasured,) = table(spec, "b22-thm2.5", measured_size=lambda problem: None)
    assert unmeasured.constant_measured is None


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "leaky_relu(0.2)"])
def test_problems_are_those_of_the_plans(activation: str) -> None:
    """The proved size of a row's problem is the base set of our plan: its tolerance, target and probability."""
    spec = dense((3, 4, 2), activation, weight=0.25, bias=0.0)
    plan = bounds.width_requirement(spec, "L+1", 0.1, 0.01)
    alone = bounds.width_requirement(NetworkSpec(spec.layers[:1], spec.domain), "2L", 0.1, 0.01, activation)
    pairs = table(spec, "b22-thm2.5", "b22-thm2.9", "b22-thm2.9-first-layer")
    wanted = [alone.stages[0], plan.stages[1], plan.stages[0]]
    for row, stage in zip(pairs, wanted, strict=True):
        ((problem, _),) = row.cases[0].problems
        window = min(1.0, problem.target * (1 + 2.0**-40))
        found = bounds.sufficient_size(problem.tolerance, problem.failure_probability, law=problem.law, window=window)
        assert found.size == stage.sizes.two_signed


def test_the_budget_of_theorem_2_7() -> None:
    """T eta (S + 1) = eps and rho q problems share delta; the base sets cover inputs and the constant."""
    spec = dense((3, 4, 2), "relu", weight=0.25, bias=0.2)
    plan = bounds.width_requirement(spec, "L+1", 0.1, 0.01)
    (row,) = table(spec, "b22-thm2.7")
    ((problem, sets),) = row.cases[0].problems
    assert sets == 4 + 1 and plan.stages[1].copies == 1
    assert problem.tolerance * (4 + 1) == pytest.approx(0.1, rel=1e-9)
    assert problem.failure_probability == pytest.approx(0.01 / (8 + 2))
    assert problem.target == pytest.approx(0.25)
    hidden = table(dense((3, 4, 4, 2), "relu", weight=0.25, bias=0.2), "b22-thm2.7")[0].cases[0]
    copies = float(hidden.values[RHO])
    assert copies > 5
    assert hidden.problems[0][0].failure_probability == pytest.approx(0.01 / (copies * (16 + 4)))


def test_grid_constants_are_suprema_for_widths_and_infima_for_tolerances() -> None:
    points = [(unit_rows(n, 2, "relu"), eps, 0.1) for n in (2, 3) for eps in (0.1, 0.01)]
    keys = ("b22-thm2.7", "b22-lemma2.8")
    single = [[row.constant_proved for row in earlier_rows(*point, keys=keys)] for point in points]
    width, tolerance = grid_constants(points, keys)
    assert width.proved == max(row[0] for row in single)
    assert tolerance.proved == min(row[1] for row in single)
    assert (width.points, width.unproved, width.measured_points, width.measured) == (4, 0, 0, None)


def test_a_tolerance_below_the_floor_is_a_note_not_an_exception() -> None:
    (row,) = table(dense((3, 3, 2), "relu"), "b22-summary-l+1", eps=1e-13)
    assert row.proved is None and row.constant_proved is None and "ask for a larger tolerance" in row.note


@pytest.mark.parametrize(
    ("more", "message"),
    [({"eps": 2.0}, "tolerance=2.0"), ({"gamma": 0.0}, "gamma=0.0 must satisfy"), ({"delta": 0.0}, "failure_prob")],
)
def test_bad_values_are_refused(more: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table(dense((2, 2, 1), "relu"), "pensia", **more)


def test_unknown_keys_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'pensia2' is unknown; choose one of malach-weights"):
        table(dense((2, 2, 1), "relu"), "pensia2")
