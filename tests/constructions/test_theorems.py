"""Theorems 2.5 - 2.7 and 2.9 of B22 as executable statements, each beside a wrong variant that is seen to fail."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bounds
from bounds.network import LayerSpec, NetworkSpec
from bounds.tolerances import parameter_tolerances
from bounds.widths.blocks import choose_block, midpoint
from constructions.build import _Builder
from constructions.plan import Plan, planned
from constructions.target import TargetNetwork
from tests.constructions.networks import random_target, samples

WEIGHTS = st.floats(min_value=-1, max_value=1, allow_nan=False, width=32)


def helper_sum(activation: str, u: np.ndarray, v: np.ndarray, x: float) -> float:
    """Return sum_h v_h phi_0(u_h x) in float64."""
    expression = bounds.activation(activation).function
    return math.fsum(float(b) * float(expression.value(float(a * x)).mid()) for a, b in zip(u, v, strict=True))


@pytest.mark.theorem
@given(u=st.lists(WEIGHTS, min_size=1, max_size=6), v=st.lists(WEIGHTS, min_size=6, max_size=6), x=WEIGHTS)
@pytest.mark.parametrize("activation", ["relu", "leaky_relu(0.2)"])
def test_theorem_2_5_sign_split_blocks(activation: str, u: list[float], v: list[float], x: float) -> None:
    """Thm 2.5, d = 0: if |m S+ - w| <= eta and |m S- - w| <= eta, the block is within eta (|m+|+|m-|)/|m| |x| of w x.

    Wrong variant: one class serves both signs of x, that is m S+ alone is close to w.
    """
    up, vp = np.array(u), np.array(v[: len(u)])
    block = choose_block(bounds.activation(activation))
    plus, minus = (midpoint(side) for side in block.activation.slopes)
    m = plus + minus
    sums = [m * float((vp * up)[mask].sum()) for mask in (up > 0, up < 0)]
    w, eta = sum(sums) / 2, abs(sums[0] - sums[1]) / 2
    error = abs(helper_sum(activation, up, vp, x) - w * x)
    assert error <= eta * block.amplification * abs(x) + 1e-12
    one_class = abs(helper_sum(activation, up, vp, -abs(x)) + sums[0] * abs(x))
    if eta * abs(x) > 1e-6:
        assert one_class > 1e-7


@pytest.mark.theorem
@given(u=st.lists(WEIGHTS, min_size=1, max_size=6), v=st.lists(WEIGHTS, min_size=6, max_size=6))
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_theorem_2_6_pairs_cancel_the_intercept(activation: str, u: list[float], v: list[float]) -> None:
    """Thm 2.6: v (phi(ux) - phi(-ux)) = m v u x up to 2 |v| sup|e|; wrong variant: u alone keeps d sum v."""
    phi = bounds.activation(activation)
    m = sum(midpoint(side) for side in phi.slopes)
    scale, x = 2.0**-4, 1.0
    us, vs = scale * np.array(u), np.array(v[: len(u)])
    pairs = helper_sum(activation, us, vs, x) - helper_sum(activation, -us, vs, x)
    allowed = 2 * np.abs(vs).sum() * phi.remainder_bound(scale) + 1e-12
    assert abs(pairs - m * float(vs @ us)) <= allowed
    single = helper_sum(activation, us, vs, x)
    if activation == "sigmoid" and abs(vs.sum()) > 0.1:
        assert abs(single - m * float(vs @ us)) > allowed


@pytest.mark.theorem
def test_theorem_2_5_unsplit_blocks_scale_with_mu_not_m() -> None:
    """Thm 2.5, m_plus = m_minus = mu: the variables are mu v u; with m = 2 mu the ticket halves the target."""
    target = random_target("tanh", (2, 3, 1), seed=3)
    plan = planned(target.spec(), "2L", 0.05, 0.1, None)
    right = _Builder(target, plan, 4, "cpu").run()
    gap = np.abs(right.ticket(samples(target)) - target(samples(target))).max()
    assert gap <= 0.05
    wrong = _with_doubled_slope(plan)
    broken = _Builder(target, wrong, 4, "cpu").run()
    assert np.abs(broken.ticket(samples(target)) - target(samples(target))).max() > 0.05


def _with_doubled_slope(plan: Plan) -> Plan:
    """Return the plan with m in place of mu in the factors of the variables."""
    stages = []
    for stage in plan.stages:
        assert stage.block is not None
        total = stage.block.slopes[2]
        stages.append(replace(stage, block=replace(stage.block, slopes=(total, total, total))))
    return replace(plan, stages=tuple(stages))


@pytest.mark.theorem
@given(
    copies=st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=8),
    w=st.lists(WEIGHTS, min_size=8, max_size=8),
    x=st.floats(0, 1),
)
def test_theorem_2_7_copies_amplify_by_the_sum_of_absolute_weights(
    copies: list[float], w: list[float], x: float
) -> None:
    """Thm 2.7 for copies: |sum w_k (x + e_k) - w x| <= |sum w_k - w| |x| + sum|w_k| max|e_k|.

    Wrong variant: |sum w_k| in place of sum|w_k|, as if all copies erred alike.
    """
    weights, errors = np.array(w[: len(copies)]), np.array(copies)
    target = 0.5
    gap = abs(float(weights @ (x + errors)) - target * x)
    assert gap <= abs(weights.sum() - target) * abs(x) + np.abs(weights).sum() * np.abs(errors).max() + 1e-12
    signs = np.array([1, 1, 1, 1, -1, -1, -1])
    assert abs(float(signs @ (x + 0.01 * signs)) - x) > abs(signs.sum()) * 0.01 + 1e-12


@pytest.mark.theorem
def test_ignoring_the_amplification_is_refuted_by_seven_copies() -> None:
    """Copies (1,1,1,1,-1,-1,-1) of relu 1-1-1, all parameters within Lemma 2.8's tolerance: off by 3.9 eps."""
    layer = LayerSpec(
        n_in=1, n_out=1, activation="relu", lipschitz=1.0, enlargement=math.inf, input_sup=1.0, input_l1=1.0,
        support_l1=1.0, row_sum=1.0, column_sum=1.0, max_weight=1.0, max_bias=0.0, nonzero_weights=1,
        nonzero_biases=0, row_nonzeros=1, one_signed_inputs=1, two_signed_inputs=0,
    )  # fmt: skip
    eps = 0.1
    first, second = parameter_tolerances(NetworkSpec((layer, layer), ((0.0,), (1.0,))), eps)
    outgoing = np.array([1, 1, 1, 1, -1, -1, -1])
    hidden = 1.0 + first * (1 + 1.0) * outgoing
    output = float(outgoing @ hidden) + second * (1 + 1.0)
    assert abs(output - 1.0) / eps == pytest.approx(3.9, abs=0.05)
    assert abs(output - 1.0) <= np.abs(outgoing).sum() * first * 2 + second * 2 + 1e-12


@pytest.mark.theorem
@pytest.mark.parametrize("seed", range(5))
def test_amplification_as_built_stays_below_the_planned_one(seed: int) -> None:
    """docs/amplification.md, (1): sum_j sum_I |w_k| <= amp_l; nnz sigma, as if one copy served, is exceeded."""
    target = random_target("relu", (2, 3, 1), seed=8, zero_biases=True)
    result = _Builder(target, planned(target.spec(), "L+1", 0.01, 0.1, None), seed, "cpu").run()
    assert result.plan is not None
    output = result.plan.stages[-1]
    matrix, _ = result.ticket.matrices()[-1]
    as_built = float(np.abs(matrix).sum(axis=1).max())
    assert 3 * output.sizes.sigma < as_built <= output.amplification


@pytest.mark.theorem
@pytest.mark.parametrize("subsets", ["blocks of 8", "blocks of 32, steps up to 0.5"])
def test_subsets_of_few_variables_keep_to_the_planned_cap(subsets: str) -> None:
    """Theorem A2: every row of a one-for-one layer stays below amp_l, and the ticket within eps.

    A cap below |w| - eta contradicts sum |w_k| >= |sum w_k|: a builder that keeps to it solves nothing.
    """
    target = random_target("relu", (2, 3, 3, 1), seed=8, zero_biases=True)
    plan = planned(target.spec(), "L+1", 0.05, 0.1, None, subsets)
    result = _Builder(target, plan, 0, "cpu").run()
    assert result.success and result.plan is not None and result.plan.subsets == subsets
    for stage, (matrix, _) in zip(result.plan.stages[1:], result.ticket.matrices()[2:], strict=True):
        assert stage.sizes.cap is not None
        assert float(np.abs(matrix).sum(axis=1).max()) <= stage.amplification
    inputs = samples(target)
    assert np.abs(result.ticket(inputs) - target(inputs)).max() <= 0.05
    sizes = plan.stages[-1].sizes
    output = replace(plan.stages[-1], sizes=replace(sizes, cap=-2 * sizes.tolerance))
    assert not _Builder(target, replace(plan, stages=(*plan.stages[:-1], output)), 0, "cpu").run().success


@pytest.mark.theorem
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "sigmoid"])
def test_theorem_2_9_planned_tickets_with_amplification(activation: str) -> None:
    """Thm 2.9 repaired: 40 planned L+1 tickets, none fails and none exceeds eps.

    Wrong variant: a tolerance of eps where the plan has eta_1, as if errors of the copies did not add up, exceeds eps.
    """
    target = random_target(activation, (2, 3, 1), seed=8, scale=2.0)
    inputs, eps = samples(target), 0.02
    plan = planned(target.spec(), "L+1", eps, 0.1, None)
    gaps = []
    for seed in range(40):
        result = _Builder(target, plan, seed, "cpu").run()
        assert result.success
        gaps.append(np.abs(result.ticket(inputs) - target(inputs)).max())
    assert max(gaps) <= eps
    first = replace(plan.stages[0], solver_tolerance=8 * eps, window=6, constant_window=6)
    loose = replace(plan, stages=(first, *plan.stages[1:]))
    worst = max(
        np.abs(_Builder(target, loose, seed, "cpu").run().ticket(inputs) - target(inputs)).max() for seed in range(40)
    )
    assert worst > eps


@pytest.mark.theorem
@pytest.mark.parametrize("construction", ["2L", "L+1", "looks-linear"])
def test_theorems_2_5_to_2_9_failure_probability(construction: str) -> None:
    """Fewer than delta of the planned builds fail; base sets of a tenth of the planned size fail far more often."""
    target = TargetNetwork([[[0.7]], [[0.6]]], [[0.3], [0.0]], ["tanh", "identity"], ([-1.0], [1.0]))
    delta, trials = 0.1, 200
    plan = planned(target.spec(), construction, 0.1, delta, None)
    failures = sum(not _Builder(target, plan, seed, "cpu").run().success for seed in range(trials))
    assert failures <= delta * trials
    starved = replace(plan, stages=tuple(_starved(stage) for stage in plan.stages))
    failures = sum(not _Builder(target, starved, seed, "cpu").run().success for seed in range(trials))
    assert failures > delta * trials


def _starved(stage: object) -> object:
    sizes = stage.sizes  # type: ignore[attr-defined]
    small = replace(sizes, two_signed=5, one_signed=5, constant=min(5, sizes.constant))
    return replace(stage, sizes=small)  # type: ignore[type-var]
