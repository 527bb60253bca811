"""Other depths and sizes: Plant'n'Seek, universal tickets, convolutional tickets' tolerances, subsets of fixed size."""

from __future__ import annotations

import math

import sympy

from bounds.earlier.places import ONLY_RELU, whole_network
from bounds.earlier.setting import Setting
from bounds.earlier.statement import Case, EarlierStatus, Statement
from bounds.earlier.symbols import ENTROPY, EPS, KAPPA, PARAMETERS, PARAMETERS_ABOVE, SIZE, SUBSET, C, L, N
from bounds.tolerances import parameter_tolerances

_MOST_VARIABLES = 1 << 20


def _planted(setting: Setting) -> tuple[Case, ...]:
    note = "kappa stands for the unknown exponent, evaluated at kappa = 1; nothing is proved here"
    return (Case(label="network", values={**whole_network(setting), KAPPA: 1}, note=note),)


def _universal(setting: Setting) -> tuple[Case, ...]:
    note = "a statement about depth; our L+1 needs depth L + 1"
    return (Case(label="network", values={L: setting.spec.depth}, proved=setting.spec.depth + 1, note=note),)


def _tolerance_cases(setting: Setting) -> tuple[Case, ...]:
    """Return eps_l of every layer beside the repaired linf tolerance, which is proved."""
    counts = setting.parameters
    proved = parameter_tolerances(setting.spec, setting.tolerance)
    return tuple(
        Case(
            label=f"layer {index + 1}",
            values={
                EPS: setting.tolerance,
                PARAMETERS: sum(counts),
                PARAMETERS_ABOVE: math.prod(max(count, 1) for count in counts[index:]),
            },
            proved=tolerance,
        )
        for index, tolerance in enumerate(proved)
    )


def entropy(share: float) -> float:
    """Return the binary entropy in bits, 0 <= share <= 1.

    >>> entropy(0.5), entropy(0.0)
    (1.0, 0.0)
    """
    return sum(p * math.log2(1 / p) for p in (share, 1 - share) if p > 0)


def _fixed_size(setting: Setting) -> tuple[Case, ...]:
    """Return the least m with m H(k/m) >= log2(k/eps) for k = floor(m/2)."""
    eps = setting.tolerance
    size = next(
        m for m in range(2, _MOST_VARIABLES) if m * entropy((m // 2) / m) >= math.log2(max((m // 2) / eps, 1.0))
    )
    note = "k = floor(m/2), m the least solution for c = 1; sufficient sizes here allow subsets of every size"
    share = sympy.Rational(size // 2, size)
    values = {EPS: eps, SUBSET: size // 2, SIZE: size, ENTROPY(share): entropy(float(share))}
    return (Case(label="one base set", values=values, note=note),)


STATEMENTS = (
    Statement(
        key="plant-n-seek",
        authors="Fischer, Burkholz, ICLR 2022 (Plant 'n' Seek)",
        locator="existence theorem for depth L + 1",
        seen="Burkholz, NeurIPS 2022, section 1: the width requirement is polynomial in 1/eps",
        quantity="width",
        symbol="n_s",
        relation="O",
        formula=C * N * EPS ** (-KAPPA),
        depth=L + 1,
        activations="ReLU",
        assumptions=(ONLY_RELU,),
        status=EarlierStatus.UNVERIFIED,
        status_note="only extremely sparse targets; the exponent is not quoted and stands as the symbol kappa",
        cases=_planted,
    ),
    Statement(
        key="universal-tickets",
        authors="Burkholz, Laha, Mukherjee, Gotovos, ICLR 2022 (universal lottery tickets)",
        locator="as quoted in Burkholz, NeurIPS 2022, section 2",
        seen="Burkholz, NeurIPS 2022, section 2",
        quantity="depth",
        symbol="L_s",
        relation=">=",
        formula=2 * C * L,
        depth=2 * L,
        activations="ReLU",
        assumptions=(ONLY_RELU,),
        status=EarlierStatus.UNVERIFIED,
        status_note="C = 1 as quoted; uses excess depth instead of excess width",
        cases=_universal,
    ),
    Statement(
        key="burkholz-icml-tolerance",
        authors="Burkholz, ICML 2022 (convolutional and residual networks)",
        locator="error propagation, as quoted in Burkholz, NeurIPS 2022, after Lemma 2.8",
        seen="Burkholz, NeurIPS 2022, after Lemma 2.8",
        quantity="parameter tolerance",
        symbol=r"\varepsilon_l",
        relation="=",
        formula=C * EPS / (PARAMETERS * PARAMETERS_ABOVE),
        depth=2 * L,
        activations="ReLU",
        assumptions=(ONLY_RELU,),
        status=EarlierStatus.UNVERIFIED,
        status_note="C_proved is the largest C for which our repaired linf tolerances are at least as large",
        cases=_tolerance_cases,
        worst=min,
    ),
    Statement(
        key="natale-fixed-size",
        authors="Natale, Ferre, Giambartolomei, Giroire, Mallmann-Trenn, 2024",
        locator="random subset sums with subsets of size k",
        seen="from memory",
        quantity="base-set size",
        symbol="m",
        relation=">=",
        formula=C * sympy.log(SUBSET / EPS, 2) / ENTROPY(SUBSET / SIZE),
        depth=None,
        activations="ReLU",
        status=EarlierStatus.UNVERIFIED,
        status_note="m stands on both sides",
        cases=_fixed_size,
    ),
)
