"""What follows from the measured records: tickets over seeds, published values beside ours, verdicts."""

from __future__ import annotations

from empirical.experiments.published import comparison
from empirical.experiments.ticket_summary import summary
from empirical.experiments.verdicts import verdicts
from empirical.records import Record


def concluded(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """The records with the derived ones behind them; the verdicts come last."""
    by_name = {record.name: record for record in records}
    derived: list[Record] = []
    if "tickets" in by_name:
        over_seeds = summary(by_name["tickets"])
        derived += [over_seeds, *comparison(by_name["tickets"], over_seeds)]
    return (*records, *derived, verdicts(records))
