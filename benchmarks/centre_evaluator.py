"""What a roster of a drawn centre costs and breaks, told from the files alone.

``python benchmarks/centre_evaluator.py CASE OUT`` reads the case folder and the
roster.csv and duties.csv in OUT, and prints amounts by hard rule and costs by soft one.
It ends with 3 where a hard rule is broken, and with 2 where files make no sense.

It is the second opinion on the audit: the rules of the packs ``bank`` and
``six-on-one-off`` written once more from the description of the file formats, day by
day and person by person, with the standard library only and nothing of the project.
Settings that centres do not have are refused, never guessed.
"""

import csv
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

DAY = 24 * 60
WEEK = 7
FULL_TIME = 40 * 60
CLASSES = ("day", "evening", "night")
ALWAYS = (-(10**6), 10**6)

Parameters = dict[str, object]

BANK: dict[str, Parameters] = {
    "coverage.need": {"penalty": 1, "short": 10, "over": 1},
    "coverage.floor": {},
    "coverage.role": {"role": "leader"},
    "shift.one": {},
    "leave.day": {},
    "eligibility": {},
    "hours.average": {"tolerance_minutes": 0},
    "hours.under": {"penalty": 3, "tolerance_minutes": 120},
    "hours.overtime": {"penalty": 20},
    "hours.weekly_max": {"minutes": 48 * 60},
    "sequence.run": {"most_days": 6},
    "sequence.class": {},
    "rest.daily": {"hours": 11},
    "rest.weekly": {"window_days": 7, "days": 1},
    "nights.run": {"most_nights": 4},
    "nights.rest": {"penalty": 10, "days": 1},
    "breaks.meal": {
        "after_minutes": 360,
        "meal_minutes": 30,
        "earliest_minutes": 90,
        "latest_before_end_minutes": 60,
        "longest_stretch_minutes": 360,
        "most_away": 0.34,
    },
    "leave.limit": {"most": 1, "scope": "centre", "kind": "annual"},
    "requests": {"penalty": 1},
    "starts.stable": {"penalty": 1, "minutes": 120},
    "fairness.nights": {"penalty": 5, "most_difference": 1},
    "fairness.weekends": {"penalty": 5, "most_difference": 1},
    "fairness.hours": {"penalty": 1, "most_difference_minutes": 480},
}
"""Rules and parameters of the pack; one without a penalty is hard."""

SIX = {
    "pattern.six_on_one_off": {"on": 6, "off": 1, "exceptions": 2},
    "nights.run": {"most_nights": 6},
    "nights.rest": {"penalty": 10, "days": 0},
}
PACKS = {"bank": BANK, "six-on-one-off": BANK | SIX}
BY_THE_HOUR = ("starts.stable", "fairness.hours")
"""Rules whose amounts are minutes that are priced by the hour begun."""


# -- the case -----------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """One shift: code, class, start and end in minutes of its day, paid minutes."""

    code: str
    kind: str
    start: int
    end: int
    paid: int

    @property
    def at_night(self) -> bool:
        """Whether a minute of it lies between 22:00 and 06:00."""
        nights = ((22 * 60 + turn, 30 * 60 + turn) for turn in (-DAY, 0, DAY))
        return any(self.start < end and self.end > start for start, end in nights)


@dataclass(frozen=True)
class Person:
    """One person; ``skills`` are the queues they can answer."""

    id: str
    team: str
    skills: frozenset[str]
    minutes: int
    classes: frozenset[str]
    leads: bool
    employed: tuple[int, int]
    protected: tuple[int, int] | None

    def may(self, shift: Shift, day: int) -> bool:
        """Return whether this person may work a shift that starts on a day."""
        guarded = self.protected and self.protected[0] <= day <= self.protected[1]
        return (
            (not self.classes or shift.kind in self.classes)
            and self.employed[0] <= day <= self.employed[1]
            and not (guarded and shift.at_night)
        )


class Centre:
    """A case folder. Days count from the first of the horizon, minutes from its 0:00.

    Parameters
    ----------
    folder
        Holds the files that centres have; any other table is refused.
    """

    def __init__(self, folder: Path) -> None:
        known = [
            "agents",
            "calendar",
            "history",
            "leave",
            "pins",
            "requests",
            "requirement",
            "shifts",
        ]
        unknown = {path.stem for path in folder.glob("*.csv")} - set(known)
        if unknown:
            raise ValueError(f"{folder} has tables unknown here: {sorted(unknown)}.")
        said = tomllib.loads((folder / "case.toml").read_text("utf-8"))
        self.folder = folder
        self.first: date = said["horizon"]["first_day"]
        self.days: int = said["horizon"]["days"]
        self.size: int = said["horizon"]["interval_minutes"]
        self.intervals = self.days * DAY // self.size
        self.zone = _even_zone(said["time_zone"], self.first, self.days)
        self.floor: int = said["service"]["floor"]
        self.rules = _rules(said["rules"])
        self.shifts = {row["shift"]: self._shift(row) for row in self._rows("shifts")}
        self.people = {row["agent"]: self._person(row) for row in self._rows("agents")}
        self._read_need()
        self._read_past()
        self._read_leave()
        self.wishes = [
            (row["agent"], self.day(row["date"]), row) for row in self._rows("requests")
        ]
        self.pins = {
            (row["agent"], self.day(row["date"])): row["shift"]
            for row in self._rows("pins")
        }

    def day(self, text: str) -> int:
        """Return the day of a date."""
        return (date.fromisoformat(text) - self.first).days

    def minute(self, text: str) -> int:
        """Return the minute of a time, which may have an offset."""
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            at = at.astimezone(self.zone).replace(tzinfo=None)
        return (at - datetime.combine(self.first, datetime.min.time())) // timedelta(
            minutes=1
        )

    def week(self, day: int) -> int:
        """Return the number of the week of a day; weeks begin on Mondays."""
        return (day + self.first.weekday()) // WEEK

    def span(self) -> range:
        """Return the days of history and horizon."""
        return range(-self.past, self.days)

    def weeks(self) -> list[list[int]]:
        """Return the days of each week of history and horizon."""
        found: dict[int, list[int]] = {}
        for day in self.span():
            found.setdefault(self.week(day), []).append(day)
        return list(found.values())

    def _rows(self, name: str) -> list[dict[str, str]]:
        path = self.folder / f"{name}.csv"
        return _rows(path) if name in NEEDED or path.exists() else []

    def _shift(self, row: Mapping[str, str]) -> Shift:
        start, end = (_clock(row[name]) for name in ("start", "end"))
        span = (end if end > start else end + DAY) - start
        breaks = self.rules["breaks.meal"]
        unpaid = breaks["meal_minutes"] if span > breaks["after_minutes"] else 0
        if row.get("skills"):
            raise ValueError("Shifts that need skills are unknown here.")
        paid = int(row.get("paid_minutes") or span - unpaid)
        return Shift(row["shift"], row["class"], start, start + span, paid)

    def _person(self, row: Mapping[str, str]) -> Person:
        guarded = self._between(row, "protected_from", "protected_to")
        return Person(
            row["agent"],
            row.get("team") or "",
            _listed(row.get("skills")),
            round(float(row.get("hours_per_week") or 40) * 60),
            _listed(row.get("classes")),
            self.rules["coverage.role"]["role"] in _listed(row.get("roles")),
            self._between(row, "joined", "left"),
            None if guarded == ALWAYS else guarded,
        )

    def _between(
        self, row: Mapping[str, str], first: str, last: str
    ) -> tuple[int, int]:
        """Return the days that two columns name, empty ones being open."""
        return (
            self.day(row[first]) if row.get(first) else ALWAYS[0],
            self.day(row[last]) if row.get(last) else ALWAYS[1],
        )

    def _read_need(self) -> None:
        self.need: dict[str, list[int]] = {}
        for row in self._rows("requirement"):
            queue = row.get("queue") or "calls"
            heads = self.need.setdefault(queue, [-1] * self.intervals)
            heads[self.minute(row["timestamp"]) // self.size] = int(row["required"])
        if any(-1 in heads for heads in self.need.values()):
            raise ValueError("An interval of requirement.csv is missing.")
        several = len(self.need) > 1
        queues = frozenset(self.need)
        self.answers = {
            id: person.skills & queues if several else queues
            for id, person in self.people.items()
        }

    def _read_past(self) -> None:
        self.history: dict[tuple[str, int], str] = {}
        for row in self._rows("history"):
            self.history[row["agent"], self.day(row["date"])] = row["shift"]
        self.past = max((-day for _, day in self.history), default=0)
        self.known = {agent for agent, _ in self.history}
        if not any(day == -1 for _, day in self.history):
            raise ValueError("Expected a history of the day before the horizon.")

    def _read_leave(self) -> None:
        self.leave: dict[str, set[int]] = {id: set() for id in self.people}
        self.leaves = []
        for row in self._rows("leave"):
            if row.get("status") not in (None, "", "approved"):
                raise ValueError("Leave that is not approved is unknown here.")
            first, last = self.day(row["first"]), self.day(row["last"])
            self.leaves.append((row["agent"], first, last, row["kind"]))
            self.leave[row["agent"]].update(range(first, last + 1))


DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NEEDED = ("agents", "shifts", "requirement", "history")
"""Tables without which a case is none; the others may be missing."""


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ValueError(f"{path}, line {number}: expected a cell a column.")
    return rows


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _listed(text: str | None) -> frozenset[str]:
    return frozenset(part for part in (text or "").split(";") if part)


def _even_zone(name: str, first: date, days: int) -> ZoneInfo:
    """Return a time zone whose clocks do not change within the horizon."""
    zone = ZoneInfo(name)
    begin = datetime.combine(first, datetime.min.time(), zone) - timedelta(days=30)
    offsets = {(begin + timedelta(days=n)).utcoffset() for n in range(days + 31)}
    if len(offsets) > 1:
        raise ValueError("Days of 23 or 25 hours are unknown here.")
    return zone


def _rules(said: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return the parameters of the rules that are on, the case's own merged in."""
    rules = {id: dict(given) for id, given in PACKS[str(said["pack"])].items()}
    for id, settings in said.items():
        if id == "pack":
            continue
        unknown = set(settings) - set(rules.get(id, {})) - {"penalty"}
        if id not in rules or unknown:
            raise ValueError(f"Settings of {id} are unknown here: {settings}.")
        rules[id] |= settings
    return rules


# -- the roster ---------------------------------------------------------------------


@dataclass
class Plan:
    """A roster as its files have it, history included.

    Attributes
    ----------
    rows
        Shifts by person and day, in the order of the file; legal ones have one a day.
    overtime
        Minutes booked by person and day.
    duties
        Start, end and kind of what is off the phone, by person and day of the shift.
    named
        Queue answered by person and interval, where the file says so.
    """

    centre: Centre
    rows: dict[tuple[str, int], list[Shift]] = field(default_factory=dict)
    overtime: Counter[tuple[str, int]] = field(default_factory=Counter)
    duties: dict[tuple[str, int], list[tuple[int, int, str]]] = field(
        default_factory=dict
    )
    named: dict[tuple[str, int], str] = field(default_factory=dict)

    @classmethod
    def read(cls, centre: Centre, out: Path) -> "Plan":
        """Read roster.csv and duties.csv of a folder."""
        plan = cls(centre)
        for (agent, day), code in centre.history.items():
            plan.rows[agent, day] = [centre.shifts[code]]
        for place, row in plan._placed(out / "roster.csv"):
            if row["shift"] not in ("", "-"):
                shift = centre.shifts[row["shift"]]
                plan.rows.setdefault(place, []).append(shift)
                plan.overtime[place] += int(row.get("overtime_minutes") or 0)
        for place, row in plan._placed(out / "duties.csv"):
            plan._duty(row, place)
        return plan

    def _placed(self, path: Path) -> Iterator[tuple[tuple[str, int], dict[str, str]]]:
        """Yield person and day of each row of a file, and the row."""
        codes = {"", "-", *self.centre.shifts}
        for number, row in enumerate(_rows(path), 2):
            agent, on, code = (row.get(name, "") for name in ("agent", "date", "shift"))
            day = self.centre.day(on) if DATE.fullmatch(on) else -1
            within = agent in self.centre.people and 0 <= day < self.centre.days
            if not within or code not in codes:
                said = ", ".join((agent, on, code))
                raise ValueError(
                    f"{path}, line {number}: found {said}; expected a person, "
                    "a day and a shift of the case."
                )
            yield (agent, day), row

    def _duty(self, row: Mapping[str, str], place: tuple[str, int]) -> None:
        centre, agent = self.centre, place[0]
        start, end = centre.minute(row["start"]), centre.minute(row["end"])
        if row["kind"] != "phone":
            self.duties.setdefault(place, []).append((start, end, row["kind"]))
        elif row.get("queue") and len(centre.need) > 1:
            for interval in whole(start, end, centre):
                self.named[agent, interval] = row["queue"]

    def shift(self, agent: str, day: int) -> Shift | None:
        """Return the shift of a day; the first where there are several."""
        return self.rows[agent, day][0] if (agent, day) in self.rows else None

    def kinds(self, agent: str, day: int) -> set[str]:
        """Return the classes of a day's shifts."""
        return {shift.kind for shift in self.rows.get((agent, day), ())}

    @cached_property
    def stints(self) -> dict[str, list[tuple[int, int, int]]]:
        """Start, end and day of everybody's shifts, by start."""
        found: dict[str, list[tuple[int, int, int]]] = {
            agent: [] for agent in self.centre.people
        }
        for (agent, day), shifts in self.rows.items():
            for shift in shifts:
                start, end = DAY * day + shift.start, DAY * day + shift.end
                found[agent].append((start, end, day))
        return {agent: sorted(each) for agent, each in found.items()}

    @cached_property
    def busy(self) -> set[tuple[str, int]]:
        """Days that hold a minute of a shift, by person."""
        return {
            (agent, day)
            for agent, each in self.stints.items()
            for start, end, _ in each
            for day in range(start // DAY, (end - 1) // DAY + 1)
        }

    def away(self, kinds: Sequence[str] = ()) -> dict[tuple[str, int], set[int]]:
        """Return the intervals of a shift that its person is off the phone in.

        Parameters
        ----------
        kinds
            Of duty; any where left out.
        """
        size, found = self.centre.size, {}
        for (agent, day), each in self.duties.items():
            shift = self.shift(agent, day)
            if shift is None:
                continue
            there = set(
                whole(DAY * day + shift.start, DAY * day + shift.end, None, size)
            )
            gone = {
                interval
                for start, end, kind in each
                if not kinds or kind in kinds
                for interval in range(start // size, -(-end // size))
            }
            found[agent, day] = {
                at for at in gone & there if 0 <= at < self.centre.intervals
            }
        return found

    def minutes(self, agent: str, days: Sequence[int]) -> int:
        """Return the paid minutes of some days."""
        return sum(
            shift.paid for day in days for shift in self.rows.get((agent, day), ())
        )

    def credit(self, agent: str, week: Sequence[int]) -> dict[int, int]:
        """Return the minutes that leave counts in a week, by day.

        The first leave days count, as many as five less the days worked (six, where
        six days are worked a week), each a fifth (or sixth) of the contract.
        """
        most = 6 if "pattern.six_on_one_off" in self.centre.rules else 5
        left = most - sum((agent, day) in self.rows for day in week)
        leave = [day for day in week if day in self.centre.leave[agent]]
        share = self.centre.people[agent].minutes // most
        return dict.fromkeys(leave[: max(0, left)], share)


def whole(
    start: int, end: int, centre: Centre | None, size: int | None = None
) -> range:
    """Return the intervals that lie wholly between two minutes."""
    length = size or centre.size
    first, last = -(-start // length), end // length
    if centre is not None:
        first, last = max(0, first), min(centre.intervals, last)
    return range(first, max(first, last))


# -- heads --------------------------------------------------------------------------


class Heads:
    """Who is there and on the phone, by interval."""

    def __init__(self, plan: Plan) -> None:
        centre = plan.centre
        self.scheduled = [0] * centre.intervals
        self.on_break = [0] * centre.intervals
        self.free = [Counter[frozenset[str]]() for _ in range(centre.intervals)]
        self.named = [Counter[str]() for _ in range(centre.intervals)]
        self.unable: set[tuple[str, int]] = set()
        there = self._count(plan)
        self.phone = [
            sum(count for queues, count in each.items() if queues) for each in self.free
        ]
        for (agent, interval), queue in plan.named.items():
            if (agent, interval) in there:
                answers = centre.answers[agent]
                self.free[interval][answers] -= 1
                if queue in answers:
                    self.named[interval][queue] += 1
                else:
                    self.unable.add((agent, interval))

    def _count(self, plan: Plan) -> set[tuple[str, int]]:
        """Count heads by what they can answer; return who is on the phone when."""
        there, answers = set[tuple[str, int]](), plan.centre.answers
        for agent, stints in plan.stints.items():
            for start, end, _ in stints:
                for interval in whole(start, end, plan.centre):
                    self.scheduled[interval] += 1
                    self.free[interval][answers[agent]] += 1
                    there.add((agent, interval))
        for (agent, _), intervals in plan.away().items():
            for interval in intervals:
                self.free[interval][answers[agent]] -= 1
                there.discard((agent, interval))
        for intervals in plan.away(("meal", "rest")).values():
            for interval in intervals:
                self.on_break[interval] += 1
        return there

    def short(self, need: Mapping[str, list[int]], interval: int) -> tuple[int, int]:
        """Return heads short and over in an interval, all queues, split at the best.

        Whoever has no queue named answers where it helps most: however they are split,
        a group of queues lacks what it needs beyond those who can answer any of it,
        and the group that lacks most says what the best split leaves short.
        """
        named, free = self.named[interval], self.free[interval]
        lack = {
            queue: max(0, heads[interval] - named[queue])
            for queue, heads in need.items()
        }
        short = 0
        for size in range(1, len(lack) + 1):
            for group in combinations(lack, size):
                able = sum(
                    n for queues, n in free.items() if not queues.isdisjoint(group)
                )
                short = max(short, sum(lack[queue] for queue in group) - able)
        heads = named.total() + sum(n for queues, n in free.items() if queues)
        return short, heads - sum(each[interval] for each in need.values()) + short


# -- rules --------------------------------------------------------------------------
# Each yields amounts, a violation each; those with prices of their own yield both.

Amounts = Iterator[int | tuple[int, int]]
Check = Callable[[Plan, Heads, Mapping[str, object]], Amounts]
CHECKS: dict[str, Check] = {}


def rule(id: str) -> Callable[[Check], Check]:
    """Register the check of a rule."""

    def add(check: Check) -> Check:
        CHECKS[id] = check
        return check

    return add


@rule("coverage.need")
def _need(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for interval in range(plan.centre.intervals):
        short, over = heads.short(plan.centre.need, interval)
        if short or over:
            yield short + over, said["short"] * short + said["over"] * over


@rule("coverage.floor")
def _floor(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    yield from (max(0, plan.centre.floor - phone) for phone in heads.phone)


@rule("coverage.role")
def _role(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    leaders = [person.id for person in plan.centre.people.values() if person.leads]
    for day in range(plan.centre.days if leaders else 0):
        staffed = {kind for id in plan.centre.people for kind in plan.kinds(id, day)}
        led = {kind for id in leaders for kind in plan.kinds(id, day)}
        yield from (1 for _ in staffed - led)


@rule("shift.one")
def _one(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for stints in plan.stints.values():
        for (_, end, day), (start, _, later) in pairwise(stints):
            if later >= 0 and (start < end or day == later):
                yield 1


@rule("leave.day")
def _leave(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for agent, day in plan.rows:
        if day >= 0 and day in plan.centre.leave[agent]:
            yield 1


@rule("eligibility")
def _eligible(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    centre = plan.centre
    wrong = {
        (agent, day)
        for (agent, day), code in centre.pins.items()
        if code != (shift.code if (shift := plan.shift(agent, day)) else "-")
    }
    for (agent, day), shifts in plan.rows.items():
        pinned = (agent, day) in centre.pins
        if day >= 0 and not pinned and not centre.people[agent].may(shifts[0], day):
            wrong.add((agent, day))
    for agent, interval in heads.unable:
        at = interval * centre.size
        for day in (at // DAY, at // DAY - 1):
            shift = plan.shift(agent, day) if day >= 0 else None
            if shift and shift.start <= at - DAY * day < shift.end:
                wrong.add((agent, day))
    yield from (1 for _ in wrong)


def _weekly(plan: Plan) -> Iterator[tuple[Person, list[int], int]]:
    """Yield person, days and minutes, leave credited, of each week of the horizon."""
    for person in plan.centre.people.values():
        for week in plan.centre.weeks():
            if week[-1] >= 0:
                minutes = plan.minutes(person.id, week)
                yield person, week, minutes + sum(plan.credit(person.id, week).values())


@rule("hours.average")
def _average(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for person, _, minutes in _weekly(plan):
        yield max(0, minutes - person.minutes - said["tolerance_minutes"])


@rule("hours.under")
def _under(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for person, week, minutes in _weekly(plan):
        days = sum(
            person.employed[0] <= day <= person.employed[1]
            and (day >= 0 or person.id in plan.centre.known)
            for day in week
        )
        due = person.minutes * days // WEEK - said["tolerance_minutes"]
        yield max(0, -(-(due - minutes) // 60))


@rule("hours.overtime")
def _overtime(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    yield from (-(-minutes // 60) for minutes in plan.overtime.values())


@rule("hours.weekly_max")
def _weekly_max(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for agent in plan.centre.people:
        for week in plan.centre.weeks():
            if week[-1] >= 0:
                yield max(0, plan.minutes(agent, week) - said["minutes"])


def _beyond(plan: Plan, most: int, counts: Callable[[str, int], bool]) -> Amounts:
    """Yield 1 for each day of a run that is longer than allowed."""
    for agent in plan.centre.people:
        run = 0
        for day in plan.centre.span():
            run = run + 1 if counts(agent, day) else 0
            if run > most and day >= 0:
                yield 1


@rule("sequence.run")
def _run(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    yield from _beyond(plan, said["most_days"], lambda *place: place in plan.rows)


@rule("nights.run")
def _nights(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    yield from _beyond(
        plan, said["most_nights"], lambda *place: "night" in plan.kinds(*place)
    )


@rule("sequence.class")
def _changes(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for agent in plan.centre.people:
        seen = None  # whether the run of dates has had a day or a night shift
        for day in plan.centre.span():
            shift = plan.shift(agent, day)
            kind = shift.kind if shift else None
            turns = kind in ("day", "night") and seen not in (None, kind)
            if turns or _soon_after_night(plan, agent, day):
                yield from (1 for _ in range(day >= 0))
            seen = seen if kind == "evening" else kind


def _soon_after_night(plan: Plan, agent: str, day: int) -> bool:
    """Return whether a day shift starts within 24 hours after a night."""
    if "day" not in plan.kinds(agent, day):
        return False
    starts = DAY * day + plan.rows[agent, day][0].start
    return any(
        "night" in plan.kinds(agent, before)
        and starts - DAY * before - plan.rows[agent, before][0].end < DAY
        for before in (day - 1, day - 2)
    )


@rule("rest.daily")
def _daily(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for stints in plan.stints.values():
        for (_, end, day), (start, _, later) in pairwise(stints):
            if later >= 0 and day != later:
                yield max(0, round(said["hours"] * 60) - (start - end))


@rule("rest.weekly")
def _rest(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    length = said["window_days"]
    for stints in plan.stints.values():
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        for start, end, day in stints:
            starts[day] = min(start, starts.get(day, start))
            ends[day] = max(end, ends.get(day, end))
        rests = {
            day
            for day in range(-plan.centre.past - length, plan.centre.days)
            if day not in starts
            and (
                ends.get(day - 1, -(10**9)) <= DAY * day
                or starts.get(day + 1, 10**9) - ends[day - 1] >= DAY
            )
        }
        for last in range(plan.centre.days):
            window = range(last - length + 1, last + 1)
            if sum(day in rests for day in window) < said["days"]:
                yield 1


@rule("nights.rest")
def _after_nights(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    due = set()
    for agent in plan.centre.people:
        for day in plan.centre.span():
            night = "night" in plan.kinds(agent, day)
            if night and "night" not in plan.kinds(agent, day + 1):
                ends = day + (plan.rows[agent, day][0].end > DAY)
                due |= {(agent, ends + 1 + n) for n in range(said["days"])}
    yield from (1 for _, day in due & plan.busy if 0 <= day < plan.centre.days)


@rule("pattern.six_on_one_off")
def _pattern(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    centre = plan.centre
    for person in centre.people.values():
        known = -centre.past if person.id in centre.known else 0
        first = max(known, person.employed[0], -centre.past)
        days = [
            (
                "on"
                if (person.id, day) in plan.rows
                else "leave"
                if day in centre.leave[person.id] or day > person.employed[1]
                else "off"
            )
            for day in range(first, centre.days)
        ]
        leave = {day - first for day in centre.leave[person.id]}
        yield from _out_of_pattern(days, leave, -first, said)


def _out_of_pattern(
    days: Sequence[str], leave: set[int], horizon: int, said: Mapping[str, int]
) -> Amounts:
    """Yield 1 for each day of the horizon that is out of the pattern.

    Parameters
    ----------
    days
        ``on``, ``off`` or ``leave``.
    leave
        Places of leave, worked or not.
    horizon
        Where in them it begins.
    """
    on, off, exceptions = said["on"], said["off"], []
    runs = _runs(days)
    for place, kind in enumerate(days):
        length = runs[place]
        before = place - length
        out = length > {"on": on, "off": off + 1, "leave": len(days)}[kind]
        early = (  # a run of work ended early, between two rests
            kind == "off"
            and length == 1
            and before >= 0
            and days[before] == "on"
            and runs[before] < on
            and before - runs[before] >= 0
            and days[before - runs[before]] == "off"
        )
        double = (  # a day of rest more, not beside leave
            kind == "off"
            and length == off + 1
            and before >= 0
            and days[before] == "on"
            and (place + 1 == len(days) or place + 1 not in leave)
        )
        if early or double:
            recent = sum(at > place - 28 for at in exceptions)
            out = out or recent >= said["exceptions"]
            exceptions.append(place)
        if out and place >= horizon:
            yield 1


def _runs(days: Sequence[str]) -> list[int]:
    """Return how many days of one kind end on each day."""
    runs: list[int] = []
    for place, kind in enumerate(days):
        same = place > 0 and days[place - 1] == kind
        runs.append(runs[-1] + 1 if same else 1)
    return runs


@rule("breaks.meal")
def _breaks(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for (agent, day), shifts in plan.rows.items():
        if day >= 0 and shifts[0].end - shifts[0].start > said["after_minutes"]:
            start, end = DAY * day + shifts[0].start, DAY * day + shifts[0].end
            yield _fault(start, end, plan.duties.get((agent, day), ()), said)
    for people, away in zip(heads.scheduled, heads.on_break, strict=True):
        yield max(0, away - max(1, int(said["most_away"] * people + 1e-9)))


def _fault(
    start: int,
    end: int,
    duties: Sequence[tuple[int, int, str]],
    said: Mapping[str, int],
) -> int:
    """Return the minutes of meal missing, or else those beyond the longest stretch."""
    earliest = start + said["earliest_minutes"]
    latest = end - said["latest_before_end_minutes"]
    taken = sorted(
        (begin, finish, kind)
        for begin, finish, kind in duties
        if kind in ("meal", "rest") and earliest <= begin and finish <= latest
    )
    eaten = sum(finish - begin for begin, finish, kind in taken if kind == "meal")
    since = [start, *(finish for _, finish, _ in taken)]
    until = [*(begin for begin, _, _ in taken), end]
    stretch = max(b - a for a, b in zip(since, until, strict=True))
    missing = max(0, said["meal_minutes"] - eaten)
    return missing or max(0, stretch - said["longest_stretch_minutes"])


@rule("leave.limit")
def _limit(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    by_team = said["scope"] == "team"
    for day in range(plan.centre.days):
        away = Counter(
            plan.centre.people[agent].team if by_team else ""
            for agent, first, last, kind in plan.centre.leaves
            if kind == said["kind"] and first <= day <= last
        )
        yield from (max(0, count - said["most"]) for count in away.values())


@rule("requests")
def _wishes(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for agent, day, wish in plan.centre.wishes:
        shift, kind = plan.shift(agent, day), wish["kind"].removeprefix("not-")
        if kind in ("off", "work"):
            met = (shift is None) == (kind == "off")
        else:
            asked = shift and (shift.code if kind == "shift" else shift.kind)
            met = (asked == wish["value"]) != wish["kind"].startswith("not-")
        if not met:
            yield 1, int(wish["weight"])


@rule("starts.stable")
def _starts(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    for (agent, day), shifts in plan.rows.items():
        before = plan.shift(agent, day - 1)
        if day >= 0 and before:
            yield max(0, abs(shifts[0].start - before.start) - said["minutes"])


def _present(plan: Plan, person: Person) -> int:
    """Return the days a person was there to be asked: employed, known, not on leave."""
    known = person.id in plan.centre.known
    days = sum(
        person.employed[0] <= day <= person.employed[1]
        and day not in plan.centre.leave[person.id]
        and (day >= 0 or known)
        for day in plan.centre.span()
    )
    return max(1, days)


def _sharers(plan: Plan, kinds: Sequence[str]) -> Iterator[Person]:
    """Yield who may work shifts of some classes on at least half of the horizon."""
    centre = plan.centre
    shifts = [shift for shift in centre.shifts.values() if shift.kind in kinds]
    for person in centre.people.values():
        days = sum(
            day not in centre.leave[person.id]
            and any(person.may(shift, day) for shift in shifts)
            for day in range(centre.days)
        )
        if 2 * days >= centre.days:
            yield person


def _rounded(top: int, bottom: int) -> int:
    """Return a ratio, rounded half up."""
    return (2 * top + bottom) // (2 * bottom)


def _spread(shares: Sequence[int], most: int) -> Amounts:
    if shares:
        yield max(0, max(shares) - min(shares) - most)


@rule("fairness.nights")
def _fair_nights(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    days = plan.centre.span()
    shares = [
        _rounded(
            sum("night" in plan.kinds(person.id, day) for day in days) * len(days),
            _present(plan, person),
        )
        for person in _sharers(plan, ("night",))
    ]
    yield from _spread(shares, said["most_difference"])


@rule("fairness.weekends")
def _fair_weekends(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    centre, shares = plan.centre, []
    for person in _sharers(plan, CLASSES):
        weekends = {
            centre.week(day)
            for day in centre.span()
            if (day + centre.first.weekday()) % WEEK >= 5
            and (person.id, day) in plan.rows
        }
        count = len(weekends) * len(centre.span())
        shares.append(_rounded(count, _present(plan, person)))
    yield from _spread(shares, said["most_difference"])


@rule("fairness.hours")
def _fair_hours(plan: Plan, heads: Heads, said: Mapping[str, int]) -> Amounts:
    days = plan.centre.span()
    shares = [
        _rounded(
            plan.minutes(person.id, days) * len(days) * FULL_TIME,
            _present(plan, person) * person.minutes,
        )
        for person in _sharers(plan, CLASSES)
        if person.minutes
    ]
    yield from _spread(shares, said["most_difference_minutes"])


# -- the outcome --------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """Amounts by hard rule that is broken, and costs by soft rule that charges."""

    hard: Mapping[str, int]
    costs: Mapping[str, int]

    @property
    def cost(self) -> int:
        """The objective."""
        return sum(self.costs.values())


def evaluate(case: Path, out: Path) -> Outcome:
    """Return what the roster in a folder costs and breaks.

    Parameters
    ----------
    case
        The case folder.
    out
        Holds roster.csv and duties.csv.
    """
    centre = Centre(case)
    plan = Plan.read(centre, out)
    heads = Heads(plan)
    hard: dict[str, int] = {}
    costs: dict[str, int] = {}
    for id, said in centre.rules.items():
        penalty = said.get("penalty")
        for found in CHECKS[id](plan, heads, said):
            amount, price = found if isinstance(found, tuple) else (found, None)
            if not amount:
                continue
            if penalty in (None, "hard"):
                hard[id] = hard.get(id, 0) + amount
                continue
            per = 60 if id in BY_THE_HOUR else 1
            units = -(-amount // per) if price is None else price
            costs[id] = costs.get(id, 0) + int(penalty) * units
    return Outcome(hard, costs)


def main() -> int:
    """Print what a roster costs and breaks; 3 where it breaks anything."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        found = evaluate(Path(sys.argv[1]), Path(sys.argv[2]))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; expected a file.", file=sys.stderr)
        return 2
    except (ValueError, KeyError) as error:
        print(f"{sys.argv[1]}, {sys.argv[2]}: {error}", file=sys.stderr)
        return 2
    for id, amount in found.hard.items():
        print(f"hard  {id:24} {amount:>10,}")
    for id, cost in found.costs.items():
        print(f"cost  {id:24} {cost:>10,}")
    print(f"cost  {'in all':24} {found.cost:>10,}")
    return 3 if found.hard else 0


if __name__ == "__main__":
    sys.exit(main())
