"""The tables of the report, in the order in which a referee reads them."""

from __future__ import annotations

from reports.cells import integer, integers, number, percent, ratio, text, tolerance, yes_no
from reports.tables import Column, TableDesign

REPORT = "ticketproof report"
NOT_BUILT = "not built in this report"
NO_LABELS = "this target has no labelled test data"
NO_PROMISE = "tickets built as published promise nothing"
NO_PLAN = "as published there is no plan to compare with"


def _formula(key: str, heading: str) -> Column:
    return Column(key, heading, text, markup=f"{key}_mathml", latex=f"{key}_latex", numeric=False)


VERDICTS = TableDesign(
    "verdicts",
    "Verdicts",
    "What this report stands on, counted over every row of its tables.",
    (
        Column("statement", "statement", numeric=False),
        Column("holds", "holds", integer),
        Column("cells", "of", integer),
        Column("status", "status", numeric=False),
        Column("where", "where not", missing="holds in every cell", numeric=False),
    ),
    REPORT,
)

BASE_SETS = TableDesign(
    "base_sets",
    "Base-set sizes: necessary ≤ measured ≤ sufficient",
    "Number of random variables of one subset-sum problem with a target of absolute value at most 1, given in advance. "
    "Necessary: proved that with fewer some target fails with more than the failure probability. Sufficient: proved to "
    "fail with at most that. Measured: the smallest size at which the lower confidence limit of the success frequency "
    "at the worst target, 1, reaches it.",
    (
        Column("law", "law of a variable", numeric=False),
        Column("quantifier", "targets", numeric=False),
        Column("tolerance", "tolerance ε", tolerance),
        Column("failure_probability", "failure probability δ", number),
        Column("necessary", "necessary", integer),
        Column("measured", "measured", integer),
        Column("sufficient", "sufficient", integer),
        Column("closed_form", "sufficient, closed form", integer),
        Column("measured_over_necessary", "measured / necessary", ratio),
        Column("sufficient_over_measured", "sufficient / measured", ratio),
        Column("trials", "trials", integer),
    ),
    REPORT,
)

_TICKET_COLUMNS = (
    Column("verified", "verified", yes_no, numeric=False),
    Column("error_lower", "error: witness", number),
    Column("error_upper", "error: certified", number),
    Column("verifier_upper", "error: verifier's certificate", number),
    Column("promised", "error: promised", number, NO_PROMISE),
    Column("target_accuracy", "target accuracy", percent, NO_LABELS),
    Column("ticket_accuracy", "ticket accuracy", percent, NO_LABELS),
    Column("target_parameters", "target parameters", integer),
    Column("ticket_parameters", "ticket parameters", integer),
    Column("problems", "subset-sum problems", integer),
    Column("failed_problems", "failed", integer),
    Column("spare_rows", "spare rows used", integer),
    Column("spare_neurons", "spare neurons used", integer),
    Column("used_over_planned", "used / planned", ratio, NO_PLAN),
    Column("base_set_sizes", "base-set sizes", integers, numeric=False),
    Column("widths", "source widths", integers, numeric=False),
)

TICKET_SUMMARY = TableDesign(
    "ticket_summary",
    "Tickets",
    "Per target, construction and mode over all seeds: accuracies and parameters are means, sizes, errors and "
    "used / planned the worst of the seeds, failed problems and spares totals. Errors are sup norms over the "
    "target's domain.",
    (
        Column("target", "target", numeric=False),
        Column("construction", "construction", numeric=False),
        Column("mode", "mode", numeric=False),
        Column("tickets", "tickets", integer),
        *_TICKET_COLUMNS,
    ),
    REPORT,
)

TICKETS = TableDesign(
    "tickets",
    "Every ticket",
    "One row per ticket; its file can be verified again. Failed problems were not redrawn: spare rows or spare neurons "
    "of the same source network served them. As published, the subset kept is the smallest within the tolerance "
    "(digits) or the best (random).",
    (
        Column("target", "target", numeric=False),
        Column("construction", "construction", numeric=False),
        Column("mode", "mode", numeric=False),
        Column("seed", "seed (ticket file)", link="file"),
        *_TICKET_COLUMNS,
        Column("objective", "subset kept", missing="the plan decides", numeric=False),
        Column("command", "again", numeric=False),
    ),
    "ticketproof build as in the last column",
    folded=True,
)

_SETTINGS = (("source", "locator"), ("published setting", "published_setting"), ("our setting", "our_setting"))

PUBLISHED = TableDesign(
    "published",
    "The paper's tickets beside ours",
    "Accuracy of target and ticket, and parameters of the ticket per parameter of the target. The data and the target "
    "differ, the rule that picks subsets does not; our sigmoid tickets of depth 2L are looks-linear.",
    (
        Column("activation", "activation", numeric=False),
        Column("construction", "construction", numeric=False),
        Column("published_target_accuracy", "paper: target accuracy", percent),
        Column("published_ticket_accuracy", "paper: ticket accuracy", percent),
        Column("our_target_accuracy", "our target accuracy", percent),
        Column("our_ticket_accuracy", "our ticket accuracy", percent),
        Column("published_parameter_ratio", "paper: ticket / target parameters", ratio),
        Column("our_parameter_ratio", "our ticket / target parameters", ratio),
    ),
    REPORT,
    notes=_SETTINGS,
)

PUBLISHED_CODE = TableDesign(
    "published_code",
    "Published code beside ours",
    "Sup error of tickets for a random sparse target, nonlinearity run in every layer.",
    (
        Column("activation", "activation", numeric=False),
        Column("construction", "construction", numeric=False),
        Column("published_error", "published code: error", number),
        Column("our_error_found", "our error found by search", number, NOT_BUILT),
        Column("our_error_certified", "our certified error", number, NOT_BUILT),
    ),
    REPORT,
    notes=_SETTINGS,
)

ACTIVATIONS = TableDesign(
    "activations",
    "Activations",
    "Derived from the expression alone: slopes on both sides of 0, intercept, Lipschitz constant, the radius a(ε) "
    "on which the piecewise linear approximation is within ε, g(ε) = ε / a(ε) and its inverse.",
    (
        Column("activation", "activation", numeric=False),
        _formula("expression", "φ(x)"),
        _formula("m_plus", "slope right"),
        _formula("m_minus", "slope left"),
        _formula("d", "φ(0)"),
        _formula("lipschitz", "Lipschitz constant"),
        _formula("a", "a(ε)"),
        _formula("g", "g(ε)"),
        _formula("g_inverse", "inverse of g"),
        Column("proved", "radii proved", integer),
        Column("tolerances", "of", integer),
        Column("largest_slack", "largest slack a*/a", ratio),
    ),
    "ticketproof bounds ACTIVATION",
)

RADII = TableDesign(
    "radii",
    "Certified radii",
    "a(ε) in closed form, the exact radius a*(ε), the slack a*/a, and whether ball arithmetic proves the error at "
    "most ε on the whole interval [-a, a].",
    (
        Column("activation", "activation", numeric=False),
        Column("tolerance", "tolerance ε", tolerance),
        Column("a", "a(ε)", number),
        Column("a_exact", "a*(ε)", number),
        Column("slack", "slack a*/a", ratio),
        Column("verdict", "certificate", numeric=False),
    ),
    "ticketproof bounds ACTIVATION --tolerance E",
    folded=True,
)

DESIGNS = (VERDICTS, BASE_SETS, TICKET_SUMMARY, PUBLISHED, PUBLISHED_CODE, ACTIVATIONS, RADII, TICKETS)
