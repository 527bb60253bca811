"""The symbols of the printed statements; everything a paper hides in "C" or "O" is the symbol C."""

from __future__ import annotations

import sympy

C = sympy.Symbol("C", positive=True)
"""The hidden constant of a statement; every statement has its own."""
L = sympy.Symbol("L", positive=True, integer=True)
EPS = sympy.Symbol("epsilon", positive=True)
DELTA = sympy.Symbol("delta", positive=True)
EPS_L = sympy.Symbol("epsilon_l", positive=True)
T = sympy.Symbol("T", positive=True)
M = sympy.Symbol("M", positive=True)
SLOPE = sympy.Symbol("m", positive=True)
N_IN = sympy.Symbol("n_in", positive=True, integer=True)
N_OUT = sympy.Symbol("n_out", positive=True, integer=True)
N = sympy.Symbol("n", positive=True, integer=True)
PARAMETERS = sympy.Symbol("N", positive=True, integer=True)
PARAMETERS_ABOVE = sympy.Symbol("Pi_l", positive=True, integer=True)
"""The product of the numbers of nonzero parameters of the layers l, ..., L."""
RHO = sympy.Symbol("rho", positive=True)
GAMMA = sympy.Symbol("gamma", positive=True)
KAPPA = sympy.Symbol("kappa", positive=True)
SUBSET = sympy.Symbol("k", positive=True)
SIZE = sympy.Symbol("m", positive=True)
ENTROPY = sympy.Function("H_2", positive=True)
"""Binary entropy in bits."""
CHANCE = sympy.Symbol("p", positive=True)
PROBLEMS = sympy.Symbol("q", positive=True, integer=True)
NORM = sympy.Symbol("G_l", positive=True)
"""Everything in the bracket of B22 Lemma 2.8."""

LATEX_NAMES = {
    EPS: r"\varepsilon",
    EPS_L: r"\varepsilon_l",
    DELTA: r"\delta",
    N_IN: r"n_{\mathrm{in}}",
    N_OUT: r"n_{\mathrm{out}}",
    PARAMETERS_ABOVE: r"\prod_{s\ge l} N^{(s)}",
    RHO: r"\rho",
    GAMMA: r"\gamma",
    KAPPA: r"\kappa",
}
