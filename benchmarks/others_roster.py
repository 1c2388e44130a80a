"""Rosters by pyworkforce, run by the interpreter of ``make bench-env``.

``.bench-venv/bin/python benchmarks/others_roster.py TASK.json`` prints the shifts it
chooses as rows of person, day and shift.

Its `MinAbsDifference` says how many people each shift needs on each day, and its
`MinHoursRoster` who takes them. It has no hours at most, no rest, no runs and no
breaks, but it knows bans. So before it is called, everybody has one class of shifts,
only shifts as long as their contract has them, and the same two days off each week,
where most can be spared, apart for who works at night. What is asked of it is cut to
who is there, as it finds nothing otherwise. It is called week by week. Its
``non_sequential_shifts`` are not used: two shifts that may not follow the same one ban
that one altogether, and a single one bans all work on the day after.
"""

import json
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from time import monotonic

from pyworkforce.rostering import MinHoursRoster
from pyworkforce.scheduling import MinAbsDifference

WEEK = 7


class Group:
    """People of one contract, and the shifts that are as long as it has them.

    Parameters
    ----------
    task
        ``people`` (id, hours, classes, away), ``shifts`` (code, class, cover, hours),
        ``need`` by day and interval, ``seconds`` and ``workers``.
    hours
        The contract, a week.
    """

    def __init__(self, task: dict, hours: int) -> None:
        self.task, self.hours = task, hours
        self.people = [one for one in task["people"] if one["hours"] == hours]
        fitting = min(abs(one["hours"] * 5 - hours) for one in task["shifts"])
        self.shifts = [
            one for one in task["shifts"] if abs(one["hours"] * 5 - hours) == fitting
        ]

    def counts(self, need: list[list[int]]) -> dict[str, list[int]]:
        """Return how many people each shift needs on each day."""
        found = MinAbsDifference(
            num_days=len(need),
            periods=len(need[0]),
            shifts_coverage={one["code"]: one["cover"] for one in self.shifts},
            required_resources=need,
            max_period_concurrency=max(1, 2 * max(map(max, need))) + len(self.people),
            max_shift_concurrency=len(self.people),
            max_search_time=self.task["seconds"] / 12,
            num_search_workers=self.task["workers"],
        ).solve()
        counts = {one["code"]: [0] * len(need) for one in self.shifts}
        for row in found["resources_shifts"]:
            if row["day"] >= 0:
                counts[row["shift"]][row["day"]] = row["resources"]
        return counts

    def all_rows(self, counts: dict[str, list[int]]) -> list[list]:
        """Return who takes which shift, week by week."""
        days = range(len(self.task["need"]))
        kinds = self.kinds(counts)
        off = self.days_off(counts, kinds)
        weeks = (days[first : first + WEEK] for first in days[::WEEK])
        return [row for week in weeks for row in self.rows(counts, week, kinds, off)]

    def rows(
        self,
        counts: dict[str, list[int]],
        days: range,
        kinds: dict[str, str],
        off: dict[str, set[int]],
    ) -> list[list]:
        """Return who takes which shift in a week."""
        first = days.start
        free = {one["id"]: self.free(one, days, off[one["id"]]) for one in self.people}
        self.cut(counts, days, kinds, free)
        bans = [
            {"resource": one["id"], "shift": shift["code"], "day": day - first}
            for one in self.people
            for shift in self.shifts
            for day in days
            if shift["class"] != kinds[one["id"]] or day not in free[one["id"]]
        ]
        found = MinHoursRoster(
            num_days=len(days),
            resources=[one["id"] for one in self.people],
            shifts=[one["code"] for one in self.shifts],
            shifts_hours=[round(one["hours"]) for one in self.shifts],
            min_working_hours=0,
            banned_shifts=bans,
            max_resting=len(days),
            required_resources={
                code: [of_day[day] for day in days] for code, of_day in counts.items()
            },
            max_search_time=self.task["seconds"] / 18,
            num_search_workers=self.task["workers"],
        ).solve()
        return [
            [row["resource"], first + row["day"], row["shift"]]
            for row in found["resource_shifts"]
            if row["day"] >= 0
        ]

    def kinds(self, counts: dict[str, list[int]]) -> dict[str, str]:
        """Return everybody's class, as many of each as are needed."""
        kind_of = {one["code"]: one["class"] for one in self.shifts}
        asked: Counter = Counter()
        for code, of_day in counts.items():
            asked[kind_of[code]] += sum(of_day)
        total = sum(asked.values()) or 1
        left = {kind: len(self.people) * count / total for kind, count in asked.items()}
        found = {}
        for one in sorted(self.people, key=lambda one: len(one["classes"])):
            fitting = [kind for kind in left if kind in one["classes"]] or ["day"]
            kind = max(fitting, key=lambda name: left.get(name, 0))
            left[kind] = left.get(kind, 0) - 1
            found[one["id"]] = kind
        return found

    def days_off(
        self, counts: dict[str, list[int]], kinds: dict[str, str]
    ) -> dict[str, set[int]]:
        """Return the two weekdays off of each person, where most can be spared.

        Nights have them apart, so that no more than four follow each other.
        """
        weeks = len(self.task["need"]) / WEEK
        spare: Counter = Counter()
        for kind, people in Counter(kinds.values()).items():
            for weekday in range(WEEK):
                days = range(weekday, len(self.task["need"]), WEEK)
                asked = sum(self.asked(counts, kind, day) for day in days)
                spare[kind, weekday] = people - asked / weeks
        found = {}
        for one in self.people:
            kind = kinds[one["id"]]
            order = sorted(range(WEEK), key=lambda day: -spare[kind, day])
            first = order[0]
            near = (
                {first} if kind != "night" else {(first + n) % WEEK for n in (-1, 0, 1)}
            )
            found[one["id"]] = {first, next(day for day in order if day not in near)}
            for day in found[one["id"]]:
                spare[kind, day] -= 1
        return found

    def free(self, person: dict, days: range, off: set[int]) -> set[int]:
        """Return the days of a week on which a person can work: five less leave."""
        here = [day for day in days if day not in person["away"]]
        here.sort(key=lambda day: day % WEEK in off)
        return set(here[: max(0, 5 - (len(days) - len(here)))])

    def asked(self, counts: dict[str, list[int]], kind: str, day: int) -> int:
        """Return how many people of a class are needed on a day."""
        return sum(
            counts[one["code"]][day] for one in self.shifts if one["class"] == kind
        )

    def cut(self, counts: dict, days: range, kinds: dict, free: dict) -> None:
        """Ask for no more people than are there."""
        for day in days:
            for kind in ("day", "evening", "night"):
                there = sum(
                    kinds[one["id"]] == kind and day in free[one["id"]]
                    for one in self.people
                )
                codes = [one["code"] for one in self.shifts if one["class"] == kind]
                while self.asked(counts, kind, day) > there:
                    most = max(codes, key=lambda code: counts[code][day])
                    counts[most][day] -= 1


def roster(task: dict) -> list[list]:
    """Return the rows of all contracts, the longest first, each given its share."""
    left, rows = [list(of_day) for of_day in task["need"]], []
    hours = sorted({one["hours"] for one in task["people"]}, reverse=True)
    for number, contract in enumerate(hours):
        group = Group(task, contract)
        rest = sum(
            one["hours"] for one in task["people"] if one["hours"] in hours[number:]
        )
        share = contract * len(group.people) / rest
        need = [[max(0, round(share * heads)) for heads in of_day] for of_day in left]
        counts = group.counts(need)
        rows += group.all_rows(counts)
        for shift in group.shifts:
            for day, people in enumerate(counts[shift["code"]]):
                for at, covered in enumerate(shift["cover"]):
                    left[day][at] -= covered * people
    return rows


if __name__ == "__main__":
    began = monotonic()
    asked = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    said = {"rows": roster(asked), "version": f"pyworkforce {version('pyworkforce')}"}
    print(json.dumps(said | {"elapsed": round(monotonic() - began, 1)}))
