"""Malach, Yehudai, Shalev-Shwartz, Shamir, ICML 2020, and its one path per weight with proved constants.

Read here: the abstract and a summary; the orders n^5 L^2/eps^2 and n^2 L^2/eps^2 as Burkholz, NeurIPS 2022, section 2
quotes them. The logarithm of 1/delta is left out there and kept out here.
"""

from __future__ import annotations

from functools import partial

import sympy

from bounds.earlier.places import (
    INPUTS_IN_UNIT_BALL,
    NO_BIASES,
    NORMS_AT_MOST_ONE,
    ONLY_RELU,
    SMALL_ENTRIES,
    path_cases,
    whole_network,
)
from bounds.earlier.setting import Setting
from bounds.earlier.statement import Case, EarlierStatus, Statement
from bounds.earlier.symbols import CHANCE, DELTA, EPS, N_IN, PROBLEMS, C, L, N

_AUTHORS = "Malach, Yehudai, Shalev-Shwartz, Shamir, ICML 2020"


def _own_paths(range_factor: float, setting: Setting) -> tuple[Case, ...]:
    """Return the cases of our construction, where printed and proved are the same formula."""
    requirement = setting.single_path(range_factor)
    problems = sum(layer.problems for layer in requirement.layers)
    cases = []
    for number, layer in enumerate(requirement.layers, start=1):
        per_input = max(layer.paths_per_input, 1)
        values = {
            N_IN: layer.helper_width // per_input,
            PROBLEMS: problems,
            DELTA: setting.failure_probability,
            CHANCE: layer.path_probability,
        }
        label = f"helper layer below layer {number}"
        cases.append(Case(label=label, values=values, proved=layer.helper_width))
    return tuple(cases)


def _feature_case(setting: Setting) -> tuple[Case, ...]:
    note = "a statement about a class of functions, not about a given network; nothing is proved here"
    return (Case(label="hidden layer", values=whole_network(setting), note=note),)


STATEMENTS = (
    Statement(
        key="malach-weights",
        authors=_AUTHORS,
        locator="Thm 2.1 (weight subnetworks)",
        seen="the order as quoted in Burkholz, NeurIPS 2022, section 2; assumptions from memory",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N**5 * L**2 / EPS**2,
        depth=2 * L,
        activations="ReLU; linear output",
        assumptions=(ONLY_RELU, NO_BIASES, INPUTS_IN_UNIT_BALL, NORMS_AT_MOST_ONE),
        status=EarlierStatus.UNVERIFIED,
        status_note="C_proved is that of one path per weight (row single-path), whose width is the sum over the inputs",
        cases=partial(path_cases, 1.0),
    ),
    Statement(
        key="malach-weights-small-entries",
        authors=_AUTHORS,
        locator="Thm 2.1 with |W| <= 1/sqrt(n) entrywise",
        seen="the order as quoted in Burkholz, NeurIPS 2022, section 2; assumptions from memory",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N**2 * L**2 / EPS**2,
        depth=2 * L,
        activations="ReLU; linear output",
        assumptions=(ONLY_RELU, NO_BIASES, INPUTS_IN_UNIT_BALL, NORMS_AT_MOST_ONE, SMALL_ENTRIES),
        status=EarlierStatus.UNVERIFIED,
        status_note="C_proved is that of one path per weight (row single-path)",
        cases=partial(path_cases, 1.0),
    ),
    Statement(
        key="malach-neurons",
        authors=_AUTHORS,
        locator="section on neuron subnetworks",
        seen="from memory",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C / EPS**2,
        depth=sympy.Integer(2),
        activations="ReLU",
        status=EarlierStatus.UNVERIFIED,
        status_note=(
            "pruning whole neurons of a two-layer network chooses random features, so a class of functions with error "
            "of order 1/sqrt(width) is reached and a single ReLU neuron is out of reach at polynomial width"
        ),
        cases=_feature_case,
    ),
    Statement(
        key="single-path",
        authors="this repository, after Malach et al. 2020",
        locator="docs/earlier.md, Theorem P",
        seen="bounds/earlier/single_path.py",
        quantity="width",
        symbol="n_s",
        relation=">=",
        formula=C * N_IN * sympy.ceiling(sympy.log(PROBLEMS / DELTA) / -sympy.log(1 - CHANCE)),
        depth=2 * L,
        activations="every activation satisfying Assumption 2.3",
        status=EarlierStatus.PROVED,
        status_note="C = 1; p >= t^2/4 per path (t^2/8 per sign class), t = tolerance over the largest weight",
        cases=partial(_own_paths, 1.0),
        universal=1.0,
        universal_range="all parameters",
    ),
    Statement(
        key="single-path-product",
        authors="this repository",
        locator="docs/earlier.md, Theorem P",
        seen="bounds/earlier/single_path.py",
        quantity="width",
        symbol="n_s",
        relation=">=",
        formula=C * N_IN * sympy.ceiling(sympy.log(PROBLEMS / DELTA) / -sympy.log(1 - CHANCE)),
        depth=2 * L,
        activations="every activation satisfying Assumption 2.3",
        status=EarlierStatus.PROVED,
        status_note="weights of twice the range: only the product must be close, p ~ t ln 2 instead of t^2/4",
        cases=partial(_own_paths, 2.0),
        universal=1.0,
        universal_range="all parameters",
    ),
)
