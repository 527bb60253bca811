r"""The laws of the variables of a subset-sum problem, and the uniform laws they contain.

Every law here is symmetric with a density p that is nonincreasing on (0, oo). Such a law *contains* U[-c, c] with
weight 2 c p(c) for each c > 0: p >= p(c) on [-c, c], so X is drawn from U[-c, c] with that probability.

    name             X                     p(t), t > 0          P(0 <= X <= t)                weight of U[-c, c]
    uniform          U[-1, 1]              1/2 (t <= 1)         min(t, 1)/2                   c            (c <= 1)
    product          U U'                  ln(1/t)/2 (t <= 1)   t (1 - ln t)/2                c ln(1/c)    (c <= 1)
    normal           N(0, 1)               exp(-t^2/2)/sqrt(2 pi)   erf(t/sqrt 2)/2           2 c p(c)
    normal_product   N N'                  K_0(t)/pi            series                        2 c K_0(c)/pi

Proofs: ``docs/subset-sums.md``. Source: ours; B22 Cor. A.2 uses the first two laws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy
from flint import arb

from bounds.arithmetic import certainly_at_most

if TYPE_CHECKING:
    from bounds.densities.law import DensityLaw

_SERIES_TERMS = 60
_SERIES_LIMIT = 8
_SERIES_NEGLIGIBLE = arb(2) ** -140


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A symmetric law with a density that is nonincreasing on (0, oo), in ball arithmetic.

    ``name``           key of the registry.
    ``symbol``         the theory's letter.
    ``factors``        number of U[-1, 1] factors in X (0: none), see ``grid_transfer``.
    ``density``        p(t) for t > 0.
    ``mass``           F(t) = P(0 <= X <= t) for t >= 0.
    ``mass_integral``  G(t) = int_0^t F for t >= 0.
    """

    name: str
    symbol: str
    factors: int
    density: Callable[[arb], arb]
    mass: Callable[[arb], arb]
    mass_integral: Callable[[arb], arb]

    def weight(self, half_width: arb) -> arb:
        """Return 2 c p(c), the mixture weight of U[-c, c] that X contains; c > 0.

        >>> from flint import arb
        >>> float(LAWS["product"].weight(arb("0.5")).mid())
        0.34657359027997264
        """
        return 2 * half_width * self.density(half_width)

    @staticmethod
    def from_density(expression: sympy.Expr, name: str = "mine", partial: bool = False) -> DensityLaw:
        r"""Return the law with a given density, for ``sufficient_size`` and ``necessary_size``.

        The law contains U[-c, c] with weight 2 c inf over |x| <= c of p(x), for all c at once; no symmetry is assumed.

        ``expression``  the density p in one real symbol such as ``bounds.x``; Piecewise, Abs, Max, Min allowed.
        ``name``        how statements call the law.
        ``partial``     p is only a lower bound of the law's density (its integral may be below 1).

        Returns a :class:`bounds.densities.law.DensityLaw`; every number derived from it is proved in ball arithmetic
        for the law with density p divided by its integral, which is 1 within 1e-3.
        Raises DensityError (a ValueError) when p is negative or undefined somewhere, does not integrate to 1 or is not
        shown to, or is not bounded away from 0 next to x = 0; ValueError when it is no expression in one real symbol.
        Source: docs/subset-sums.md, Corollary 9.

        >>> from sympy import Max, Abs, Symbol
        >>> triangular = Law.from_density(Max(0, 1 - Abs(Symbol("x", real=True))), "triangular")
        >>> triangular.contained_uniform()
        ContainedUniform(half_width=0.5, weight=0.5)
        """
        from bounds.densities.law import density_law  # lazily: laws of densities are built on this module

        return density_law(expression, name, partial)


def law(name: str, call: str = "law") -> Law:
    """Return the registered law; ValueError lists the known names."""
    if name not in LAWS:
        raise ValueError(f"{call}: law={name!r} is unknown; choose one of {', '.join(sorted(LAWS))}")
    return LAWS[name]


def _uniform_density(t: arb) -> arb:
    inside = certainly_at_most(t, 1)
    return arb(0.25, 0.25) if inside is None else arb(0.5 if inside else 0.0)


def _uniform_mass(t: arb) -> arb:
    return t.min(arb(1)) / 2


def _uniform_mass_integral(t: arb) -> arb:
    inside = t.min(arb(1))
    return inside * inside / 4 + (t - inside) / 2


def _product_density(t: arb) -> arb:
    return -t.min(arb(1)).log() / 2


def _product_mass(t: arb) -> arb:
    if t == 0:
        return arb(0)
    inside = t.min(arb(1))
    return inside * (1 - inside.log()) / 2


def _product_mass_integral(t: arb) -> arb:
    if t == 0:
        return arb(0)
    inside = t.min(arb(1))
    return inside * inside * (3 - 2 * inside.log()) / 8 + (t - inside) / 2


def _normal_density(t: arb) -> arb:
    return (-t * t / 2).exp() / (2 * arb.pi()).sqrt()


def _normal_mass(t: arb) -> arb:
    return (t / arb(2).sqrt()).erf() / 2


def _normal_mass_integral(t: arb) -> arb:
    return t * _normal_mass(t) + (-t * t / 2).expm1() / (2 * arb.pi()).sqrt()


def _normal_product_density(t: arb) -> arb:
    return t.bessel_k(arb(0)) / arb.pi()


def _normal_product_mass(t: arb) -> arb:
    return _bessel_integral(t, 1)


def _normal_product_mass_integral(t: arb) -> arb:
    return _bessel_integral(t, 2)


def _bessel_integral(t: arb, times: int) -> arb:
    r"""Return the density K_0/pi integrated once or twice from 0 to t, 0 <= t <= 8.

    K_0(x) = sum_k (x/2)^{2k}/(k!)^2 (psi(k+1) - ln(x/2)), and
    int_0^x y^n (A - ln(y/2)) dy = x^{n+1}/(n+1) (A - ln(x/2) + 1/(n+1)).
    From k + 1 >= t on a term's bound is below half its predecessor's (their ratio is at most 2 (t/2)^2/(k+1)^2), so the
    tail is below twice its first term's bound; the sum stops once that is negligible.
    """
    if t == 0:
        return arb(0)
    if not certainly_at_most(t, _SERIES_LIMIT):
        raise ValueError(f"normal_product: t={t} must satisfy t <= {_SERIES_LIMIT}; ask for a smaller interval")
    total, coefficient, psi = arb(0), arb(1), -arb.const_euler()
    minus_log = -(t / 2).log()
    for k in range(_SERIES_TERMS):
        first = arb(1) / (2 * k + 1)
        second = arb(1) / (2 * k + 2) if times == 2 else arb(0)
        weight = first * (second if times == 2 else 1)
        total += coefficient * weight * (psi + minus_log + first + second)
        coefficient *= t * t / (4 * (k + 1) ** 2)
        psi += arb(1) / (k + 1)
        if k + 1 >= _SERIES_LIMIT and certainly_at_most(coefficient, _SERIES_NEGLIGIBLE):
            break
    tail = 2 * coefficient * (abs(psi) + abs(minus_log) + 2)
    return t**times * (total + arb(0, tail.upper())) / arb.pi()


LAWS: dict[str, Law] = {
    record.name: record
    for record in (
        Law(
            name="uniform",
            symbol="U",
            factors=1,
            density=_uniform_density,
            mass=_uniform_mass,
            mass_integral=_uniform_mass_integral,
        ),
        Law(
            name="product",
            symbol="UU",
            factors=2,
            density=_product_density,
            mass=_product_mass,
            mass_integral=_product_mass_integral,
        ),
        Law(
            name="normal",
            symbol="N",
            factors=0,
            density=_normal_density,
            mass=_normal_mass,
            mass_integral=_normal_mass_integral,
        ),
        Law(
            name="normal_product",
            symbol="NN",
            factors=0,
            density=_normal_product_density,
            mass=_normal_product_mass,
            mass_integral=_normal_product_mass_integral,
        ),
    )
}
