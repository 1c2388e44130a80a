"""Rosters of others as files: breaks placed where they know none, queues named."""

from pathlib import Path

import scheduler as sc
from scheduler.files.write import DUTIES, ROSTER, duty_rows, roster_rows, write_rows


def write_roster(roster: sc.Roster, out: Path) -> None:
    """Write roster.csv and duties.csv.

    Parameters
    ----------
    roster
        Whose breaks are placed by `place_breaks` where it has none.
    out
        The folder; made where it is missing.
    """
    if roster.duties is None:
        roster = sc.place_breaks(roster)
    out.mkdir(parents=True, exist_ok=True)
    several = len(roster.case.requirement.queues) > 1
    write_rows(out / "roster.csv", ROSTER, roster_rows(roster))
    duties = duty_rows(roster.serve())
    write_rows(out / "duties.csv", DUTIES + ("queue",) * several, duties)
