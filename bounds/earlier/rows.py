"""The table: every registered statement evaluated at a target, and its constants over a grid of targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sympy

from bounds.arithmetic import is_finite_real
from bounds.earlier import burkholz2022, burkholz2022_main, logarithmic, malach2020, others
from bounds.earlier.setting import Setting
from bounds.earlier.statement import Case, EarlierRow, Problem, Statement
from bounds.earlier.symbols import C, L
from bounds.network import NetworkSpec
from bounds.tolerances import check_open_unit
from bounds.widths.planning import default_first_activation

STATEMENTS: dict[str, Statement] = {
    statement.key: statement
    for module in (malach2020, logarithmic, others, burkholz2022, burkholz2022_main)
    for statement in module.STATEMENTS
}
"""The registry: one statement per key."""

MeasuredSize = Callable[[Problem], int | None]
"""Measures the base-set size of a subset-sum problem; None where no size tried was served often enough."""


def earlier_rows(
    spec: NetworkSpec,
    tolerance: float,
    failure_probability: float,
    *,
    first_activation: str | None = None,
    measured_size: MeasuredSize | None = None,
    gamma: float = 0.1,
    keys: Iterable[str] | None = None,
) -> tuple[EarlierRow, ...]:
    """Return earlier constructions and printed forms, evaluated at a target beside what is proved here.

    ``tolerance``, ``failure_probability``  in (0, 1).
    ``first_activation``  phi_0; default: the target's first hidden activation.
    ``measured_size``     measures base sets (``empirical.experiments.printed_constants``); None: nothing is measured.
    ``gamma``             the exponent gamma > 0 of B22 Thm 2.9.
    ``keys``              which statements; default: all of ``STATEMENTS``.

    Returns one :class:`EarlierRow` per statement. Raises ValueError for values out of range or an unknown key.

    >>> from bounds import LayerSpec, NetworkSpec
    >>> layer = LayerSpec(n_in=2, n_out=2, activation="relu", lipschitz=1.0, enlargement=float("inf"), input_sup=1.0,
    ...     input_l1=2.0, support_l1=2.0, row_sum=1.0, column_sum=1.0, max_weight=0.5, max_bias=0.0, nonzero_weights=4,
    ...     nonzero_biases=0, row_nonzeros=2, one_signed_inputs=0, two_signed_inputs=2)
    >>> spec = NetworkSpec((layer,), ((-1.0, -1.0), (1.0, 1.0)))
    >>> (row,) = earlier_rows(spec, 0.1, 0.01, keys=["malach-weights"])
    >>> row.depth, round(row.value, 6), str(row.status), row.constant_proved * row.value == row.proved
    (2, 3200.0, 'unverified', True)
    """
    check_open_unit("tolerance", tolerance, "earlier_rows")
    check_open_unit("failure_probability", failure_probability, "earlier_rows")
    if not (is_finite_real(gamma) and gamma > 0):
        raise ValueError(f"earlier_rows: gamma={gamma!r} must satisfy gamma > 0; B22 allows any, for example 0.1")
    first = first_activation or default_first_activation(spec)
    setting = Setting(spec, tolerance, failure_probability, first, gamma)
    chosen = [statement_named(key) for key in (STATEMENTS if keys is None else keys)]
    return tuple(_row(statement, setting, measured_size) for statement in chosen)


def statement_named(key: str) -> Statement:
    """Return the registered statement; ValueError lists the known keys."""
    if key not in STATEMENTS:
        raise ValueError(f"earlier_rows: statement {key!r} is unknown; choose one of {', '.join(STATEMENTS)}")
    return STATEMENTS[key]


def _row(statement: Statement, setting: Setting, measured_size: MeasuredSize | None) -> EarlierRow:
    cases = statement.cases(setting)
    said = [(case, _printed(statement, case)) for case in cases if case.values]
    proved = [_proved_constant(case, printed) for case, printed in said]
    decisive = _decisive(statement, said, proved)
    depth = statement.depth
    return EarlierRow(
        statement=statement,
        depth=None if depth is None else int(depth.subs(L, setting.spec.depth)),
        cases=cases,
        expression=None if decisive is None else sympy.N(_substituted(statement, decisive[0]), 8),
        value=None if decisive is None else decisive[1],
        proved=None if decisive is None else decisive[0].proved,
        constant_proved=_worst(statement, proved),
        constant_measured=_worst(statement, [_measured_constant(case, value, measured_size) for case, value in said]),
        violated=tuple(item.text for item in statement.assumptions if not item.holds(setting)),
        note="; ".join(dict.fromkeys(case.note for case in cases if case.note)),
    )


def _decisive(
    statement: Statement, said: list[tuple[Case, float]], proved: list[float | None]
) -> tuple[Case, float] | None:
    """Return the case whose constant is the row's, or the one with the worst printed value where that is unknown."""
    worst = _worst(statement, proved)
    if worst is not None:
        return said[proved.index(worst)]
    return said[[value for _, value in said].index(statement.worst(value for _, value in said))] if said else None


def _substituted(statement: Statement, case: Case, constant: sympy.Expr = C) -> sympy.Expr:
    """Return the printed expression at a case: symbols first, then the values of functions such as g^-1 and H_2."""
    symbols = {key: value for key, value in case.values.items() if key.is_Symbol}
    return statement.formula.subs({**symbols, C: constant}).subs(dict(case.values))


def _printed(statement: Statement, case: Case) -> float:
    """Return the printed expression with C = 1."""
    return float(_substituted(statement, case, sympy.Integer(1)))


def _worst(statement: Statement, constants: list[float | None]) -> float | None:
    known = [constant for constant in constants if constant is not None]
    return statement.worst(known) if known and len(known) == len(constants) else None


def _proved_constant(case: Case, printed: float) -> float | None:
    if case.constant is not None or case.proved is None:
        return case.constant
    return case.proved / printed


def _measured_constant(case: Case, printed: float, measured_size: MeasuredSize | None) -> float | None:
    """Return (sum of measured base sets) / printed, None where one of them was not measured."""
    if measured_size is None or not case.problems:
        return None
    sizes = [(measured_size(problem), count) for problem, count in case.problems]
    measured = [size * count for size, count in sizes if size is not None]
    return sum(measured) / printed if len(measured) == len(sizes) else None


@dataclass(frozen=True, slots=True)
class GridConstant:
    """The constants of one statement over a grid of settings.

    ``proved``    sup (inf, for tolerances) of the proved constants over ``points`` settings; ``measured`` the same over
                  the ``measured_points`` of them at which every base set was measured. None: nothing there.
    ``unproved``  settings at which nothing is proved.
    """

    key: str
    proved: float | None
    measured: float | None
    points: int
    measured_points: int
    unproved: int


def grid_constants(
    settings: Iterable[tuple[NetworkSpec, float, float]],
    keys: Iterable[str] | None = None,
    measured_size: MeasuredSize | None = None,
) -> tuple[GridConstant, ...]:
    """Return the constants of statements over a grid of (target, tolerance, failure probability)."""
    table = [earlier_rows(*point, keys=keys, measured_size=measured_size) for point in settings]
    return tuple(_over_grid(list(rows)) for rows in zip(*table, strict=True))


def _over_grid(rows: list[EarlierRow]) -> GridConstant:
    worst = rows[0].statement.worst
    proved = [row.constant_proved for row in rows if row.constant_proved is not None]
    measured = [row.constant_measured for row in rows if row.constant_measured is not None]
    return GridConstant(
        key=rows[0].key,
        proved=worst(proved) if proved else None,
        measured=worst(measured) if measured else None,
        points=len(rows),
        measured_points=len(measured),
        unproved=len(rows) - len(proved),
    )
