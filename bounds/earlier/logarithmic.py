"""Logarithmic widths at depth 2L for ReLU: Pensia et al. 2020, Orseau et al. 2020, Fischer et al. 2021."""

from __future__ import annotations

from functools import partial

import sympy

from bounds.earlier.places import NO_BIASES, NORMS_AT_MOST_ONE, ONLY_RELU, network_cases, whole_network
from bounds.earlier.setting import Setting
from bounds.earlier.statement import Case, EarlierStatus, Statement
from bounds.earlier.symbols import DELTA, EPS, C, L, N

_LOGARITHM = sympy.log(N * L / sympy.Min(EPS, DELTA))


def _nothing(why: str, setting: Setting) -> tuple[Case, ...]:
    return (Case(label="network", values=whole_network(setting), note=why),)


_HYPERBOLIC = "nothing is proved here for weights of the hyperbolic law"

STATEMENTS = (
    Statement(
        key="pensia",
        authors="Pensia, Rajput, Nagle, Vishwakarma, Papailiopoulos, NeurIPS 2020",
        locator="Thm 1",
        seen="the order as quoted in Burkholz, NeurIPS 2022, section 2; the rest from memory",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N * _LOGARITHM,
        depth=2 * L,
        activations="ReLU",
        assumptions=(ONLY_RELU, NO_BIASES, NORMS_AT_MOST_ONE),
        status=EarlierStatus.UNVERIFIED,
        status_note="our 2L has this shape with the constant given (docs/earlier.md, section 3)",
        cases=partial(network_cases, "2L"),
    ),
    Statement(
        key="orseau-as-quoted",
        authors="Orseau, Hutter, Rivasplata, NeurIPS 2020",
        locator="as quoted in Burkholz, NeurIPS 2022, section 2",
        seen="Burkholz, NeurIPS 2022, section 2",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N**2 * sympy.log(N * L) / EPS,
        depth=2 * L,
        activations="ReLU; weights of a hyperbolic law",
        assumptions=(ONLY_RELU, NO_BIASES),
        status=EarlierStatus.UNVERIFIED,
        status_note=(
            "called logarithmic by the text that quotes it, but polynomial in 1/eps as quoted: the parenthesis looks "
            "misplaced (row orseau)"
        ),
        cases=partial(_nothing, _HYPERBOLIC),
    ),
    Statement(
        key="orseau",
        authors="Orseau, Hutter, Rivasplata, NeurIPS 2020",
        locator="the quotation with the parenthesis moved",
        seen="from memory",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N**2 * sympy.log(N * L / EPS),
        depth=2 * L,
        activations="ReLU; weights of a hyperbolic law",
        assumptions=(ONLY_RELU, NO_BIASES),
        status=EarlierStatus.UNVERIFIED,
        status_note="our reading of the quotation, after its own word logarithmic",
        cases=partial(_nothing, _HYPERBOLIC),
    ),
    Statement(
        key="fischer-biases",
        authors="Fischer, Gadhikar, Burkholz, 2021",
        locator="main theorem (nonzero biases)",
        seen="Burkholz, NeurIPS 2022, section 2: the approach of Pensia et al. transferred to nonzero biases",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N * _LOGARITHM,
        depth=2 * L,
        activations="ReLU; biases of the source nonzero",
        assumptions=(ONLY_RELU,),
        status=EarlierStatus.UNVERIFIED,
        status_note="our 2L builds biases from constant neurons, with biases in layer 1 of the source only",
        cases=partial(network_cases, "2L"),
    ),
)
