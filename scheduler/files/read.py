"""Read a case: a folder or a workbook in, a `Plan` out, or every problem at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from constraints.case import Agent, Case, Leave, Limit, Request, Shift
from constraints.coverage import CoverageFloor, CoverageNeed, CoverageRole
from constraints.leave import annual_capacity, grant
from constraints.rule import Text
from constraints.runs import SequenceForbidden
from constraints.totals import ShiftsMost
from forecasts.calendar import Calendar, CalendarDay, calendar_days
from forecasts.cleaning import Cleaned, clean, repairs_from_rows
from forecasts.forecaster import Forecast, forecast
from forecasts.history import History, history_from_table
from forecasts.requirement import Requirement, requirement_from_table, staff
from forecasts.table import Problems, Table
from scheduler.desk.sheet import Sheet
from scheduler.files.carry import Left, carried_desk, carried_past
from scheduler.files.edited import Edited
from scheduler.files.scenario import Scenario
from scheduler.files.settings import CaseSettings, check_settings
from scheduler.files.source import Source, open_source
from scheduler.files.tables import (
    COLUMNS,
    ROLES,
    Names,
    Past,
    no_past,
    outside,
    read_agents,
    read_cover,
    read_history,
    read_leave,
    read_limits,
    read_pins,
    read_requests,
    read_shifts,
)
from scheduler.files.toml import Key, dotted

T = TypeVar("T")
NAMED = 10
PLAIN = ("", "UTF-8", "UTF-8 with byte order mark")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A case as it was handed in, and all that was made of it before the solve.

    Attributes
    ----------
    path
        The case folder or workbook.
    settings
        What case.toml says.
    case
        People, shifts, requirement and rules, with leave decided.
    history, cleaned, forecast
        Calls of the past, what is left of them and what was odd, and calls to expect;
        None where the case brought its own requirement.
    input_hash
        SHA-256 over the bytes of all input files.
    notes
        What a planner should know about the input.
    desk
        What the desk left in carry.json.
    """

    path: Path
    settings: CaseSettings
    case: Case
    history: History | None = None
    cleaned: Cleaned | None = None
    forecast: Forecast | None = None
    input_hash: str = ""
    notes: tuple[Text, ...] = ()
    desk: Left = field(default_factory=Left)

    @property
    def out(self) -> Path:
        """The folder results go to unless another is named."""
        return self.folder / "out"

    @property
    def folder(self) -> Path:
        """The folder that the case lies in."""
        return self.path if self.path.is_dir() else self.path.parent

    def beside(self, name: str) -> Path:
        """Return a place in that folder, apart from those of other workbooks in it."""
        alone = self.path.is_dir() or self.path.stem == "case"
        return self.folder / (name if alone else f"{self.path.stem}-{name}")

    @property
    def desk_file(self) -> Path:
        """The desk's ledger, unless ``[desk]`` names another."""
        return self.beside("desk.sqlite")

    def __repr__(self) -> str:
        """Say it in one line."""
        case = self.case
        return (
            f"<Plan {case.name}: {len(case.agents):,} people, {case.days} days "
            f"from {case.clock.first_day}>"
        )


def read_case(path: Path | str, scenario: Scenario | None = None) -> Plan:
    """Read a case folder or workbook, and forecast and staff it.

    Parameters
    ----------
    path
        A folder with case.toml and its tables, or a workbook such as case.xlsx.
    scenario
        Edits to read it with.

    Raises
    ------
    InputError
        With the problems of all files, each with line, column and remedy.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_case(folder)
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: case.toml: found "no such file", ...
    """
    path = Path(path)
    source = open_source(path)
    return _Reading(path, Edited(source, scenario) if scenario else source).plan()


@dataclass(frozen=True)
class _People:
    agents: tuple[Agent, ...]
    shifts: tuple[Shift, ...]
    leave: tuple[Leave, ...]
    requests: tuple[Request, ...]
    limits: tuple[Limit, ...]


class _Reading:
    """Reads one case and collects its problems and notes."""

    def __init__(self, path: Path, source: Source) -> None:
        self.path, self.source = path, source
        self.problems = Problems()
        self.names = Names()
        self.notes: list[Text] = []
        self.desk = Left()
        self.settings = self.problems.attempt(
            lambda: check_settings(self.source.settings())
        )
        self.clock = None if self.settings is None else self.settings.clock

    def plan(self) -> Plan:
        """Return the plan, or raise all problems."""
        people = self.people()
        past = self.past()
        pins = self.read(
            "pins",
            lambda table: read_pins(
                table,
                self.names,
                self.clock,
                people.leave,
                self.source.place("leave"),
                self.problems,
            ),
        )
        cover = self.read(
            "cover",
            lambda table: read_cover(table, self.names, self.clock, self.problems),
        )
        self._check_shifts_named()
        demand = _Demand(self)
        self.problems.raise_if_any()
        settings, requirement = self.settings, demand.requirement
        assert settings is not None
        assert requirement is not None
        case = Case(
            name=settings.name,
            clock=settings.clock,
            agents=people.agents,
            shifts=people.shifts,
            requirement=requirement,
            rules=settings.rules,
            leave=people.leave,
            requests=people.requests,
            limits=people.limits,
            history=past.table,
            known=past.known,
            past_leave=past.leave,
            has_yesterday=past.has_yesterday,
            service=settings.service,
            forecast=demand.forecast,
            calendar=demand.calendar,
            language=settings.language,
        )
        if pins is not None:
            case = replace(case, pins=pins)
        if cover is not None:
            case = replace(case, cover=cover)
        case = Sheet({}, self.desk.leave).case(case)
        self.note_case(case)
        return Plan(
            path=self.path,
            settings=settings,
            case=grant(case),
            history=demand.history,
            cleaned=demand.cleaned,
            forecast=demand.forecast,
            input_hash=self.source.input_hash(),
            notes=tuple(self.notes),
            desk=self.desk,
        )

    # -- tables ---------------------------------------------------------------------
    def read(
        self, name: str, use: Callable[[Table], T], *, due: bool = False
    ) -> T | None:
        """Return what is made of a table; None where it is absent or cannot be read.

        Parameters
        ----------
        name
            Name of the table.
        use
            Reads its rows.
        due
            Whether the table and a row in it must be there.
        """
        if not due and not self.source.has(name):
            return None
        required, optional = COLUMNS[name]
        table = self.problems.attempt(
            lambda: self.source.table(name, required, optional, needs_rows=due)
        )
        if table is None:
            return None
        self.say(table.warnings)
        if table.encoding not in PLAIN:
            self.notes.append(
                Text(
                    f"{table.file} was read as {table.encoding}.",
                    f"{table.file} 按 {table.encoding} 编码读取。",
                )
            )
        bare = replace(table, encoding="", warnings=())
        return self.problems.attempt(lambda: use(bare))

    def say(self, warnings: Iterable[str]) -> None:
        """Note what another part has to say; its words stand for both languages."""
        self.notes.extend(Text(words, words) for words in warnings)

    def _check_shifts_named(self) -> None:
        """Refuse rules about shifts that the catalogue does not have."""
        for rule in self.settings.rules if self.settings is not None else ():
            if isinstance(rule, SequenceForbidden):
                name, codes = "pairs", [code for pair in rule.named for code in pair]
            elif isinstance(rule, ShiftsMost):
                name, codes = "most", list(rule.named)
            else:
                continue
            key = ("rules", rule.id, name)
            for code in dict.fromkeys(codes):
                if self.names.shifts and code not in self.names.shifts:
                    self.problems.add(
                        file=self.source.place("case"),
                        line=self.source.settings().line(key),
                        column=dotted(key),
                        found=code,
                        expected=f"a shift of {self.source.place('shifts')}",
                        remedy="Correct the code.",
                    )

    def people(self) -> _People:
        """Read who there is, which shifts, and who is away or wishes what."""
        names, problems = self.names, self.problems
        agents = self.read(
            "agents",
            lambda table: read_agents(table, names, problems, self.roles()),
            due=True,
        )
        shifts = self.read(
            "shifts", lambda table: read_shifts(table, names, problems), due=True
        )
        read = {"agents": agents, "shifts": shifts}
        names.unread = {name for name, rows in read.items() if rows is None}
        leave = self.read("leave", lambda table: read_leave(table, names, problems))
        requests = self.read(
            "requests",
            lambda table: read_requests(table, names, self.clock, problems),
        )
        wishes, beyond = requests or ((), 0)
        if beyond:
            self.notes.append(
                Text(
                    f"{beyond} wishes lie outside the horizon and are left out.",
                    f"{beyond} 条意愿不在排班期内,已忽略。",
                )
            )
        limits = self.read("limits", lambda table: read_limits(table, names, problems))
        return _People(agents or (), shifts or (), leave or (), wishes, limits or ())

    def roles(self) -> tuple[str, ...]:
        """Return the roles that agents may hold."""
        rules = self.settings.rules if self.settings else ()
        named = (rule.role for rule in rules if isinstance(rule, CoverageRole))
        return (*ROLES, *named)

    def past(self) -> Past:
        """Read what was worked before the horizon."""
        people = len(self.names.agents)
        past = self.read(
            "history",
            lambda table: read_history(table, self.names, self.clock, self.problems),
        )
        if past is None and not self.source.has("history"):
            past = self.problems.attempt(self.carried)
        past = past or no_past(people)
        if past.ignored:
            self.notes.append(
                Text(
                    f"{past.ignored:,} lines of history are too long ago to matter.",
                    f"{past.ignored} 条历史记录过早,已忽略。",
                )
            )
        return past

    def carried(self) -> Past | None:
        """Return the past as a former period's carry.json has it."""
        carried = self.source.carried()
        if carried is None:
            return None
        past = carried_past(carried, self.names, self.clock, self.problems)
        self.desk = carried_desk(carried)
        return past

    # -- notes ----------------------------------------------------------------------
    def note_case(self, case: Case) -> None:
        """Note what is unusual, yet no mistake."""
        self.note_people(case)
        self.note_queues(case)
        closed = self.settings.hours.unnamed if self.settings else ()
        if closed:
            self.notes.append(
                Text(
                    f"The service hours do not name {', '.join(closed)}: closed then.",
                    f"服务时间未列出 {', '.join(closed)}:按不营业处理。",
                )
            )
        far = outside(case.leave, case.clock)
        if far:
            self.notes.append(
                Text(
                    f"{far} lines of leave touch no day of the horizon.",
                    f"{far} 条休假记录与排班期无关。",
                )
            )
        if case.past and not case.has_yesterday:
            before = case.clock.date(-1)
            self.notes.append(
                Text(
                    f"The history holds no row for {before}, the day before the "
                    "horizon; early intervals of the first day are not counted.",
                    f"历史记录中没有排班期前一天 {before} 的数据,首日清晨时段不计。",
                )
            )
        warning = annual_capacity(case)
        if warning is not None:
            self.notes.append(warning)

    def note_people(self, case: Case) -> None:
        """Note people who are not there, and people of whom nothing is known."""
        never = np.asarray(~case.employed[:, case.past :].any(axis=1))
        gone = [case.agents[number].id for number in np.flatnonzero(never)]
        if gone:
            more = len(gone) - NAMED
            ids = ", ".join(gone[:NAMED]) + (f" + {more:,}" if more > 0 else "")
            self.notes.append(
                Text(
                    f"Not employed on any day of the horizon: {ids}.",
                    f"排班期内不在职:{ids}。",
                )
            )
        rested = int((~case.known & ~never).sum())
        if case.past and rested:
            self.notes.append(
                Text(
                    f"{rested} people have no history and count as rested.",
                    f"{rested} 人没有历史记录,按已休息处理。",
                )
            )

    def note_queues(self, case: Case) -> None:
        """Note queues that nobody answers, and people who answer none of several."""
        queues, skills = case.requirement.queues, case.skill_sets
        asked = {skill for shift in case.shifts for skill in shift.skills}
        held = {skill for agent in case.agents for skill in agent.skills}
        known = skills.sets.sum(axis=0).tolist()
        unanswered = [
            queue for queue, sets in zip(queues, known, strict=True) if not sets
        ]
        idle = int((~skills.able[skills.of]).sum())
        strange = sorted(held - asked - set(queues))
        if unanswered:
            names = ", ".join(unanswered)
            self.notes.append(
                Text(
                    f"Nobody's skills in agents.csv name {names}: all of its need "
                    "stays short.",
                    f"agents.csv 中无人具备 {names} 的技能:其需求将全部成为缺口。",
                )
            )
        if idle and not unanswered:
            self.notes.append(
                Text(
                    f"People with the skill of no queue, who answer nothing: {idle}.",
                    f"{idle} 人不具备任何队列的技能,不接听来电。",
                )
            )
        if strange and len(queues) > 1:
            names = ", ".join(strange[:NAMED])
            self.notes.append(
                Text(
                    f"Skills that are no queue and that no shift asks for: {names}.",
                    f"既非队列、也无班次要求的技能:{names}。",
                )
            )


class _Demand:
    """What is needed: from calls.csv, or as requirement.csv says."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.history: History | None = None
        self.cleaned: Cleaned | None = None
        self.forecast: Forecast | None = None
        self.requirement: Requirement | None = None
        self.calendar = Calendar()
        days = reading.read(
            "calendar", lambda table: calendar_days(table.rows, table.file)
        )
        source = reading.source
        if source.has("requirement"):
            self._given(days or ())
        elif source.has("calls"):
            self._forecast(days or ())
        elif source.has("cover") and not self._counts_heads():
            self._by_shift(days or ())
        else:
            reading.problems.add(
                file=source.place("calls"),
                found="neither calls nor requirement",
                expected="the call history, or requirement.csv with the heads needed",
                remedy="Put one of the two into the case, or cover.csv with the people "
                "that shifts ask for, under rules that count no heads.",
            )

    def _counts_heads(self) -> bool:
        """Whether a rule counts heads on the phone."""
        rules = self.reading.settings.rules if self.reading.settings else ()
        return any(isinstance(rule, CoverageNeed | CoverageFloor) for rule in rules)

    def _by_shift(self, days: Iterable[CalendarDay]) -> None:
        """Ask for nobody on the phone: shifts ask for people."""
        settings = self.reading.settings
        if settings is None:
            return
        clock = settings.clock
        self._build_calendar(settings, range(clock.first_day.year, 0), days)
        nobody = np.zeros((1, clock.intervals), np.int64)
        never = np.zeros(clock.intervals, bool)
        self.requirement = Requirement(clock, ("calls",), nobody, never)

    def _given(self, days: Iterable[CalendarDay]) -> None:
        reading = self.reading
        settings = reading.settings
        if settings is None:
            return
        clock = settings.clock
        self._build_calendar(settings, range(clock.first_day.year, 0), days)
        is_open = settings.hours.open_intervals(clock, self.calendar)
        self.requirement = reading.read(
            "requirement",
            lambda table: requirement_from_table(table, clock, is_open),
            due=True,
        )
        if self.requirement is not None:
            reading.say(self.requirement.warnings)
        self._refuse_calls_used(settings)
        if reading.source.has("calls"):
            reading.notes.append(
                Text(
                    "The requirement is given, so the calls are not used.",
                    "已提供需求人数,来电数据未使用。",
                )
            )

    def _refuse_calls_used(self, settings: CaseSettings) -> None:
        """Refuse to price heads by calls that are not known, or to make these more."""
        needs = [rule for rule in settings.rules if isinstance(rule, CoverageNeed)]
        asked: list[tuple[Key, object, str]] = []
        if any(rule.price == "service-level" for rule in needs):
            asked += [(("rules", "coverage.need", "price"), "service-level", '"heads"')]
        if settings.volume != 1:
            asked += [(("forecast", "volume"), settings.volume, "1")]
        source = self.reading.source
        for key, found, usual in asked:
            self.reading.problems.add(
                file=source.settings().file,
                line=source.settings().line(key),
                column=dotted(key),
                found=str(found),
                expected=f"{key[-1]} = {usual}, as requirement.csv stands in for calls",
                remedy=f"Write {usual}, or take requirement.csv out of the case.",
            )

    def _forecast(self, days: Iterable[CalendarDay]) -> None:
        reading = self.reading
        history = reading.read("calls", history_from_table, due=True)
        settings = reading.settings
        if history is None or settings is None:
            return
        reading.say(history.warnings)
        years = range(history.first_day.year, settings.clock.first_day.year + 1)
        self._build_calendar(settings, years, days)
        repairs = reading.read(
            "cleaning",
            lambda table: repairs_from_rows(table.rows, table.file, history),
        )
        self.history = history
        self.cleaned = clean(history, self.calendar, repairs or ())
        self._note_oddities(self.cleaned)
        is_open = settings.hours.open_intervals(settings.clock, self.calendar)
        try:
            self.forecast = forecast(
                self.cleaned.history,
                settings.clock,
                self.calendar,
                default_aht_seconds=settings.service.aht_seconds,
                method=settings.method,
                is_open=is_open,
            ).times(settings.volume)
        except ValueError as error:
            self._refuse_calls(str(error))
            return
        reading.say(self.forecast.warnings)
        self.requirement = staff(
            self.forecast, settings.service, is_open, quantile=settings.quantile
        )

    def _note_oddities(self, cleaned: Cleaned) -> None:
        left = sum(one.action == "drop" for one in cleaned.oddities)
        kept = sum(one.action == "keep" for one in cleaned.oddities)
        if left:
            self.reading.notes.append(
                Text(
                    f"Odd stretches of the call history left out: {left}. They are "
                    "listed in cleaning.csv.",
                    f"已剔除 {left} 段异常来电历史,详见 cleaning.csv。",
                )
            )
        if kept:
            self.reading.notes.append(
                Text(
                    f"Odd stretches of the call history kept: {kept}; several days in "
                    "a row may be a new level. They are listed in cleaning.csv.",
                    f"保留 {kept} 段异常来电历史(连续多日可能是新的水平),"
                    "详见 cleaning.csv。",
                )
            )

    def _refuse_calls(self, words: str) -> None:
        sentence, _, remedy = words.partition(". ")
        expected, _, found = sentence.removeprefix("Expected ").rpartition(", got ")
        self.reading.problems.add(
            file=self.reading.source.place("calls"),
            found=found.rstrip("."),
            expected=expected or sentence,
            remedy=remedy or "Export more of the history.",
        )

    def _build_calendar(
        self, settings: CaseSettings, years: range, days: Iterable[CalendarDay]
    ) -> None:
        last = settings.clock.date(settings.clock.days - 1)
        ahead = {settings.clock.first_day.year, last.year}
        known = {*years, *ahead}
        # A holiday's eve and the days after it may lie in other years than itself.
        wanted = range(min(known) - 1, max(known) + 2)
        days = tuple(days)
        try:
            self.calendar = Calendar.build(settings.country, wanted, days)
        except ValueError as error:
            self.calendar = Calendar.build(None, wanted, days)
            expected = str(error).removeprefix("Expected ").partition(", got")[0]
            self.reading.problems.add(
                file=self.reading.source.place("case"),
                column="forecast.country",
                found=settings.country,
                expected=expected,
                remedy='Write "" for none.',
            )
        for year in sorted(ahead.intersection(self.calendar.unannounced)):
            self.reading.notes.append(
                Text(
                    f"The calendar of {settings.country} does not know yet which days "
                    f"of {year} are moved; add them to calendar.csv.",
                    f"{settings.country} 日历中尚无 {year} 年的调休安排,"
                    "请在 calendar.csv 中补充。",
                )
            )
