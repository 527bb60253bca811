"""Burkholz, NeurIPS 2022: base sets, one layer, error propagation and the two summaries, as printed."""

from __future__ import annotations

import sys
from functools import partial

import sympy

from bounds.earlier.places import PARAMETERS_AT_MOST_ONE, network_cases
from bounds.earlier.setting import Setting, stage_problems
from bounds.earlier.statement import Assumption, Case, EarlierStatus, Problem, Statement
from bounds.earlier.symbols import DELTA, EPS, N_IN, N_OUT, NORM, RHO, SLOPE, C, L, M, N, T
from bounds.named import activation as activation_by_name
from bounds.network import LayerSpec
from bounds.radius import Y
from bounds.requirement import WidthRequirement
from bounds.subset_sum.sizes import sufficient_size
from bounds.tolerances import parameter_tolerances
from bounds.widths.blocks import Block, choose_block
from bounds.widths.stages import power_of_two_at_least

AUTHORS = "Burkholz, NeurIPS 2022"
SEEN = "the paper's text"
ANY = "phi_0 satisfies Assumption 2.3; any continuous activation above"
G_INVERSE = sympy.Function("g^{-1}", positive=True)
_DEPENDS = "C depends on phi_0 through its slopes and constants; that one C serves every phi_0 is open"
ZERO_INTERCEPT = Assumption("phi_0(0) = 0", lambda setting: bool(activation_by_name(setting.first_activation).d == 0))


def layer_values(setting: Setting, layer: LayerSpec) -> dict[sympy.Basic, float]:
    """Return n_in, n_out, T, M = max{1, sup |x_j|}, eps' and delta' of one layer with the whole budget."""
    return {
        N_IN: layer.n_in,
        N_OUT: layer.n_out,
        T: max(layer.lipschitz, sys.float_info.min),
        M: max(1.0, layer.input_sup),
        EPS: setting.tolerance,
        DELTA: setting.failure_probability,
    }


def _base_sets(setting: Setting) -> tuple[Case, ...]:
    """Return a case for single weights and one for products of two, at the worst target |z| = 1."""
    eps, delta = setting.tolerance, setting.failure_probability
    return tuple(
        Case(
            label=f"law {law}",
            values={EPS: eps, DELTA: delta},
            proved=sufficient_size(eps, delta, law=law).size,
            problems=((Problem(law=law, tolerance=eps, failure_probability=delta, target=1.0), 1),),
        )
        for law in ("uniform", "product")
    )


def _first_layer(construction: str, setting: Setting) -> tuple[Case, ...]:
    """Return the helper layer of the target's first layer alone."""
    layer = setting.layers[0]
    plan, note = setting.first_layer_plan(construction)
    values = layer_values(setting, layer)
    if plan is None:
        return (Case(label="layer 1", values=values, note=note),)
    problems = stage_problems(plan.stages[0], layer)
    return (Case(label="layer 1", values=values, proved=plan.widths[1], problems=problems),)


def _selected(setting: Setting, layer: LayerSpec, block: Block) -> int:
    """Return |I|, how many neurons an input's base sets hold at half the budget each (theory notes, section 3)."""
    spread = block.amplification if layer.two_signed_inputs else 1.0
    t = max(layer.lipschitz, sys.float_info.min)
    largest = max(layer.max_weight, sys.float_info.min)
    span = max(1.0, power_of_two_at_least(largest))
    eta = setting.tolerance / (2 * t * spread * (layer.support_l1 + 1.0)) / span
    classes = 2 if block.rule.split and layer.two_signed_inputs else 1
    problems = layer.nonzero_weights * classes + layer.nonzero_biases
    size = sufficient_size(min(eta, 0.5), setting.failure_probability / (2 * max(problems, 1)), law="product").size
    return size * classes * block.rule.neurons_per_variable


def _linearisation(setting: Setting) -> tuple[Case, ...]:
    r"""Return eps'' of Thm 2.5 and the constant for which its linearisation error is at most half the budget.

    With s = a(eps'')/M, eps''/s = M g(eps'') = eps' |m| / (C T n_in log Q); a row adds at most
    nnz |I| eps''/(|m| s) = nnz |I| eps'/(C T n_in log Q), which is eps'/(2T) for C = 2 nnz |I|/(n_in log Q).
    """
    layer, phi = setting.layers[0], activation_by_name(setting.first_activation)
    block = choose_block(phi)
    values = layer_values(setting, layer) | {SLOPE: abs(phi.m_plus + phi.m_minus)}
    if phi.g == 0:
        return (Case(label="layer 1", values={}, note=f"{phi.name} is piecewise linear: eps'' = 0 and s = 1"),)
    log_q = float(_LOG_Q.subs(values))
    constant = 2 * layer.row_nonzeros * _selected(setting, layer, block) / (layer.n_in * log_q)
    argument = _LINEARISED.args[0].subs(values)
    value = phi.g_inverse.subs(Y, argument.subs(C, 1))
    return (Case(label="layer 1", values=values | {_LINEARISED.subs(values).subs(C, 1): value}, constant=constant),)


def _copies(setting: Setting, layer: LayerSpec, number: int) -> int:
    plan: WidthRequirement | None = setting.plan("L+1")[0]
    stage = plan.stages[number - 1] if plan is not None else None
    return stage.copies + stage.spare_rows if stage is not None else 1


def _one_for_one(setting: Setting) -> tuple[Case, ...]:
    """Return a case per layer that reads copies (layer 1 where there is no other): inputs exact, a constant 1.

    eta = eps'/(T (S + 1)) and delta'/(rho q) per problem: |h^ - h| <= eta S + eta.
    """
    numbered = list(enumerate(setting.layers, start=1))
    cases = []
    for number, layer in numbered[1:] or numbered:
        rho = _copies(setting, layer, number)
        biased = 1 if layer.nonzero_biases else 0
        span = max(1.0, power_of_two_at_least(max(layer.max_weight, layer.max_bias, sys.float_info.min)))
        eta = setting.tolerance / max(layer.lipschitz, sys.float_info.min) / (layer.support_l1 + biased or 1.0) / span
        problems = rho * (layer.nonzero_weights + layer.nonzero_biases)
        problem = Problem(
            law="uniform",
            tolerance=min(eta, 0.5) * (1 - 2.0**-40),
            failure_probability=setting.failure_probability / max(problems, 1),
            target=min(1.0, max(layer.max_weight, layer.max_bias) / span * (1 + 2.0**-40)) or 1.0,
        )
        size = sufficient_size(
            problem.tolerance, problem.failure_probability, law="uniform", window=problem.target
        ).size
        sets = layer.one_signed_inputs + layer.two_signed_inputs + biased
        values = layer_values(setting, layer) | {RHO: rho}
        cases.append(Case(label=f"layer {number}", values=values, proved=sets * size, problems=((problem, sets),)))
    return tuple(cases)


def _propagation(setting: Setting) -> tuple[Case, ...]:
    """Return eps_l as printed (row sums, product to L-1) beside the repaired l1 form."""
    spec, eps = setting.spec, setting.tolerance
    printed = parameter_tolerances(spec, eps, norm="l1", form="printed")
    repaired = parameter_tolerances(spec, eps, norm="l1")
    return tuple(
        Case(
            label=f"layer {number}",
            values={EPS: eps, N_OUT: layer.n_out, L: spec.depth, NORM: eps / (layer.n_out * spec.depth) / ours},
            proved=proved,
        )
        for number, (layer, ours, proved) in enumerate(zip(spec.layers, printed, repaired, strict=True), start=1)
    )


_LOG_Q = sympy.log(N_IN / sympy.Min(DELTA / N_OUT, EPS / (T * M)))
_LINEARISED = G_INVERSE(EPS * SLOPE / (C * T * N_IN * M * _LOG_Q))

STATEMENTS = (
    Statement(
        key="b22-cor-a2",
        authors=AUTHORS,
        locator="Cor. A.2 (after Lueker 1998)",
        seen="the paper's text, section 2, Subset Sum Approximation; the appendix is not available",
        quantity="base-set size",
        symbol="m",
        relation=">=",
        formula=C * sympy.log(1 / sympy.Min(EPS, DELTA)),
        depth=None,
        activations=ANY,
        status=EarlierStatus.PROVED,
        status_note="Theorem R and Corollary 3 of docs/subset-sums.md; C = 14.1 suffices for single weights alone",
        cases=_base_sets,
        universal=40.0,
        universal_range="min(eps, delta) <= 1/10, single weights and products of two",
    ),
    Statement(
        key="b22-thm2.5-linearisation",
        authors=AUTHORS,
        locator="Thm 2.5, eps''",
        seen=SEEN,
        quantity="linearisation error",
        symbol=r"\varepsilon''",
        relation="=",
        formula=_LINEARISED,
        depth=2 * L,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE, ZERO_INTERCEPT),
        status=EarlierStatus.PROVED,
        status_note=f"|m| for m, and a(eps'') <= M, which it needs; {_DEPENDS}",
        cases=_linearisation,
    ),
    Statement(
        key="b22-thm2.5",
        authors=AUTHORS,
        locator="Thm 2.5, n_{s,1}",
        seen=SEEN,
        quantity="width",
        symbol="n_{s,1}",
        relation=">=",
        formula=C * N_IN * sympy.log(N_IN / sympy.Min(EPS / (T * M), DELTA / N_OUT)),
        depth=2 * L,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE, ZERO_INTERCEPT),
        status=EarlierStatus.PROVED,
        status_note=f"docs/widths.md, section 2; {_DEPENDS}",
        cases=partial(_first_layer, "2L"),
    ),
    Statement(
        key="b22-thm2.6",
        authors=AUTHORS,
        locator="Thm 2.6, n_{s,1} with looks-linear pairs",
        seen=SEEN,
        quantity="width",
        symbol="n_{s,1}",
        relation=">=",
        formula=C * N_IN * sympy.log(N_IN / sympy.Min(EPS / (T * M), DELTA / N_OUT)),
        depth=2 * L,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.PROVED,
        status_note=f"docs/widths.md, section 2, pairs; two neurons per variable; {_DEPENDS}",
        cases=partial(_first_layer, "looks-linear"),
    ),
    Statement(
        key="b22-thm2.7",
        authors=AUTHORS,
        locator="Thm 2.7",
        seen=SEEN,
        quantity="width",
        symbol="n_{s,l+1}",
        relation=">=",
        formula=C * N_IN * sympy.log(N_IN / sympy.Min(EPS / (M * T), DELTA / (RHO * N_OUT))),
        depth=L + 1,
        activations="any continuous activation",
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.PROVED,
        status_note="one layer whose inputs are exact copies and which has a constant 1 (docs/earlier.md, section 4)",
        cases=_one_for_one,
        universal=66.0,
        universal_range="n_in / min{eps'/(M T), delta'/(rho n_out)} >= 2",
    ),
    Statement(
        key="b22-lemma2.8",
        authors=AUTHORS,
        locator="Lemma 2.8",
        seen=SEEN,
        quantity="parameter tolerance",
        symbol=r"\varepsilon_l",
        relation="=",
        formula=C * EPS / (N_OUT * L * NORM),
        depth=L,
        activations="any continuous activation",
        status=EarlierStatus.REFUTED,
        status_note=(
            "with C = 1 as printed (row sums, product to L-1) a two-layer ReLU network is off by 5.25 eps in l1; "
            "C_proved is the largest C for which our repaired l1 tolerances are at least as large"
        ),
        cases=_propagation,
        worst=min,
    ),
    Statement(
        key="b22-summary-2l",
        authors=AUTHORS,
        locator="sections 2 and 4, depth 2L",
        seen=SEEN,
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N * sympy.log(N * L / sympy.Min(EPS, DELTA)),
        depth=2 * L,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note="the norms of the weights, the Lipschitz constants and the domain are hidden in C",
        cases=partial(network_cases, "2L"),
    ),
    Statement(
        key="b22-summary-l+1",
        authors=AUTHORS,
        locator="section 2, depth L+1",
        seen=SEEN,
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N * sympy.log(N * L * sympy.log(1 / DELTA) / sympy.Min(EPS, DELTA)),
        depth=L + 1,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note="as b22-thm2.9",
        cases=partial(network_cases, "L+1"),
    ),
)
