"""Burkholz, NeurIPS 2022, Thm 2.9 (the L+1 construction): copies, widths and the first layer, as printed."""

from __future__ import annotations

from functools import partial

import sympy

from bounds.earlier.burkholz2022 import ANY, AUTHORS, SEEN
from bounds.earlier.places import PARAMETERS_AT_MOST_ONE
from bounds.earlier.setting import Setting, stage_problems
from bounds.earlier.statement import Case, EarlierStatus, Statement
from bounds.earlier.symbols import DELTA, EPS_L, GAMMA, N_IN, N_OUT, PARAMETERS, RHO, C, L
from bounds.tolerances import parameter_tolerances

_RHO = C * PARAMETERS ** (1 + GAMMA) * sympy.log(1 / sympy.Min(EPS_L, DELTA))
_GAP = (
    "the printed proof applies Lemma 2.8, but copies of one neuron differ and the ticket is no perturbed copy of the "
    "target; with the amplification counted our C depends on depth and norms"
)


def _tolerances(setting: Setting) -> tuple[float, ...]:
    """Return eps_1, ..., eps_L of Lemma 2.8 as printed."""
    return parameter_tolerances(setting.spec, setting.tolerance, norm="l1", form="printed")


def _rho_values(setting: Setting) -> dict[sympy.Basic, float]:
    return {
        PARAMETERS: sum(setting.parameters),
        GAMMA: setting.gamma,
        EPS_L: min(_tolerances(setting)),
        DELTA: setting.failure_probability,
    }


def _rho(setting: Setting) -> float:
    """Return the printed rho with its own C = 1."""
    return float(_RHO.subs(_rho_values(setting)).subs(C, 1))


def _problems(setting: Setting) -> tuple[Case, ...]:
    """Return the printed rho beside the number of subset-sum problems of our plan, which it stands for."""
    plan, note = setting.plan("L+1")
    proved = None if plan is None else plan.problems
    return (Case(label="network", values=_rho_values(setting), proved=proved, note=note),)


def _widths(setting: Setting) -> tuple[Case, ...]:
    """Return one case per layer of copies."""
    plan, note = setting.plan("L+1")
    tolerances, rho = _tolerances(setting), _rho(setting)
    if setting.spec.depth == 1:
        return (Case(label="network", values={}, note="a target of one layer needs no copies"),)
    cases = []
    for index, layer in enumerate(setting.layers[:-1]):
        values = {N_IN: layer.n_out, EPS_L: tolerances[index + 1], DELTA: setting.failure_probability, RHO: rho}
        proved = None if plan is None else plan.stages[index].row_width
        problems = () if plan is None else stage_problems(plan.stages[index + 1], setting.layers[index + 1])
        label = f"copies of layer {index + 1}"
        cases.append(Case(label=label, values=values, proved=proved, problems=problems, note=note))
    return tuple(cases)


def _first_width(symbol: sympy.Symbol, setting: Setting) -> tuple[Case, ...]:
    """Return the helper layer, with n_{t,1} (as printed) or n_{t,0} (as in Thm 2.5) in front."""
    plan, note = setting.plan("L+1")
    layer = setting.layers[0]
    values = {
        symbol: layer.n_out if symbol == N_OUT else layer.n_in,
        EPS_L: _tolerances(setting)[0],
        DELTA: setting.failure_probability,
        RHO: _rho(setting),
    }
    if plan is None:
        return (Case(label="helper layer", values=values, note=note),)
    problems = stage_problems(plan.stages[0], layer)
    return (Case(label="helper layer", values=values, proved=plan.widths[1], problems=problems),)


STATEMENTS = (
    Statement(
        key="b22-thm2.9-copies",
        authors=AUTHORS,
        locator="Thm 2.9, rho",
        seen=SEEN,
        quantity="subset-sum problems",
        symbol=r"\rho",
        relation="=",
        formula=_RHO,
        depth=L + 1,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note=f"compared with the number of problems of our plan; {_GAP}",
        cases=_problems,
    ),
    Statement(
        key="b22-thm2.9",
        authors=AUTHORS,
        locator="Thm 2.9, n_{s,l+1}",
        seen=SEEN,
        quantity="width",
        symbol="n_{s,l+1}",
        relation=">=",
        formula=C * N_IN * sympy.log(1 / sympy.Min(EPS_L, DELTA / RHO)),
        depth=L + 1,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note=f"eps_l stands for eps_{{l+1}}, rho taken with its own C = 1; {_GAP}",
        cases=_widths,
    ),
    Statement(
        key="b22-thm2.9-first-layer",
        authors=AUTHORS,
        locator="Thm 2.9, n_{s,1}",
        seen=SEEN,
        quantity="width",
        symbol="n_{s,1}",
        relation=">=",
        formula=C * N_OUT * sympy.log(1 / sympy.Min(EPS_L, DELTA / RHO)),
        depth=L + 1,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note="printed with n_{t,1} where Thm 2.5 has n_{t,0}, and with eps_{l+1}, read as eps_1",
        cases=partial(_first_width, N_OUT),
    ),
    Statement(
        key="b22-thm2.9-first-layer-inputs",
        authors=AUTHORS,
        locator="Thm 2.9, n_{s,1} with n_{t,0} for n_{t,1}",
        seen="our reading of the printed form, after Thm 2.5",
        quantity="width",
        symbol="n_{s,1}",
        relation=">=",
        formula=C * N_IN * sympy.log(1 / sympy.Min(EPS_L, DELTA / RHO)),
        depth=L + 1,
        activations=ANY,
        assumptions=(PARAMETERS_AT_MOST_ONE,),
        status=EarlierStatus.OPEN,
        status_note="the form that Thm 2.5 suggests",
        cases=partial(_first_width, N_IN),
    ),
)
