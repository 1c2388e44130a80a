"""What the desk counts of each person: swaps, annual leave, nights, weekends."""

from collections import Counter

import pandas as pd

from constraints.case import OFF
from scheduler.desk.desk import Desk
from scheduler.desk.leave_rules import balance
from scheduler.desk.swap_rules import charged
from scheduler.summary import worked_weekends


def counts(desk: Desk) -> pd.DataFrame:
    """Return a row a person.

    Returns
    -------
    pandas.DataFrame
        ``agent``; ``month`` of the desk's time and ``swaps`` charged in it; days of
        annual leave ``due`` (missing where unknown) and ``taken`` or asked for; of the
        roster ``nights``, ``weekends`` and ``holidays`` worked; ``refused`` requests.

    Examples
    --------
    >>> from scheduler.desk.examples import small_desk
    >>> found = counts(small_desk(["DD-", "NN-"]))
    >>> found[["agent", "month", "swaps", "nights"]].values.tolist()
    [['A1', '2026-02', 0, 0], ['A2', '2026-02', 0, 2]]
    """
    case, roster = desk.case, desk.roster
    today = desk.now.astimezone(case.clock.zone).date()
    month = today.isoformat()[:7]
    spent = Counter(dict(desk.charged))
    for swap in desk.swaps:
        spent += charged(desk, swap)
    refused = Counter(r.by for r in desk.requests if r.state == "refused")
    nights = roster.works_class("night")[:, case.past :].sum(axis=1)
    weekends = worked_weekends(roster)
    holiday = [case.calendar.kind(on) == "statutory" for on in case.clock.dates()]
    holidays = (roster.table[:, holiday] != OFF).sum(axis=1)
    rows = []
    for number, agent in enumerate(case.agents):
        due, taken = balance(desk, number, today)
        rows.append(
            {
                "agent": agent.id,
                "month": month,
                "swaps": spent[agent.id, month],
                "due": due,
                "taken": taken,
                "nights": int(nights[number]),
                "weekends": int(weekends[number]),
                "holidays": int(holidays[number]),
                "refused": refused[agent.id],
            }
        )
    return pd.DataFrame(rows)
