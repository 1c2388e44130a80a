"""Page, workbook and calendars: complete, inert, and the same from run to run."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import icalendar
import numpy as np
import openpyxl
import pytest

from constraints.case import Agent, Case, Leave, Request, Shift
from constraints.examples import LETTERS, tiny_case
from constraints.leave import grant
from constraints.pack import read_rules
from constraints.roster import Duties, Roster
from constraints.rule import Text, audit
from forecasts.cleaning import clean
from forecasts.clock import Clock
from forecasts.forecaster import Forecast, forecast
from forecasts.history import History
from forecasts.models import METHODS
from forecasts.requirement import Requirement
from scheduler.checking import check
from scheduler.cli.show import outcome
from scheduler.files.read import Plan
from scheduler.files.rosters import read_roster
from scheduler.report import page as page_module
from scheduler.report.calendars import file_names, write_calendars
from scheduler.report.page import page_text, write_page
from scheduler.report.words import LANGUAGES, WORDS, capital, refusal, say
from scheduler.report.workbook import write_workbook
from scheduler.result import Result, Step
from scheduler.summary import kpi

HOSTILE = (
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Li\r\nEND:VEVENT\rBEGIN:VEVENT\nX",
    "+1-2@SUM\t\x00\x0b",
    "</style></title><b>",
    "$\\frac{$ {{ 7 * 7 }}",
    "javascript:alert(1)",
)
ROW = "DLN-DD-"


def week(names=("Ann", "Ben"), language="en", zone="Asia/Shanghai", **more) -> Case:
    """Return a week of people with leave, wishes and a rule book."""
    case = tiny_case(people=len(names), days=7)
    clock = Clock(date(2026, 3, 26), 7, 60, zone)
    heads = np.ones((1, clock.intervals), np.int64)
    is_open = np.ones(clock.intervals, bool)
    leave = (
        Leave(agent=1, first=date(2026, 3, 27), last=date(2026, 3, 28), kind="annual"),
        Leave(
            agent=0,
            first=date(2026, 3, 28),
            last=date(2026, 3, 28),
            kind="annual",
            requested=True,
        ),
    )
    agents = tuple(Agent(id=f"A{n + 1}", name=name) for n, name in enumerate(names))
    made = replace(
        case,
        clock=clock,
        agents=agents,
        requirement=Requirement(clock, ("calls",), heads, is_open),
        leave=leave,
        requests=(Request(agent=0, day=0, kind="off", weight=3),),
        rules=read_rules("bank"),
        forecast=Forecast.steady(clock, 2.0, 180.0),
        language=language,
        **more,
    )
    return grant(made)


def asked_by_shift(case: Case) -> Case:
    """Return the case with people asked for by shift, too: too many, then none."""
    cover = np.full((case.days, len(case.shifts)), -1)
    cover[:4, 0], cover[4:, 0] = 3, 0
    return replace(case, cover=cover, rules=read_rules("bank", {"coverage.shift": {}}))


def planned(case: Case) -> tuple[Plan, Result]:
    """Return a plan and a result in which everyone works the same week."""
    rows = ["---D-DN" if agent == 1 else ROW for agent in range(len(case.agents))]
    roster = Roster.from_codes(case, rows)
    start = int(case.start[case.past, 0])
    meal = Duties.of([(0, 0, "meal", start + 180, start + 210)])
    roster = roster.with_duties(meal)
    history = History(("calls",), 60, date(2026, 3, 1), np.full((1, 25, 24), 2.0))
    plan = Plan(
        path=Path("case"),
        settings=None,  # type: ignore[arg-type]
        case=case,
        history=history,
        forecast=case.forecast,
        input_hash="0" * 64,
        notes=(Text("A note.", "一条说明。"),),
    )
    result = Result(
        status="feasible",
        roster=roster,
        audit=audit(roster),
        seconds=2.0,
        stop_reason="time",
        trace=(Step(seconds=0.5, cost=9, bound=7, source="construct"),),
    )
    return plan, result


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Note a text."""
        self.words += data


# -- page ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_shows_every_section_in_the_language_of_the_case(lang):
    """Title, figures, grid, tables and certificate are there; no other language is."""
    plan, result = planned(asked_by_shift(week(language=lang)))
    tags = Tags(page_text(plan, result, check(result.roster, runs=2).figures))
    ids = {
        attrs["id"] for tag, attrs in tags.tags if tag == "section" and "id" in attrs
    }
    assert ids == set(page_module.SECTIONS)
    for key in (
        "check_title",
        "cost_title",
        "leave_title",
        "audit_title",
        "forecast_title",
    ):
        assert say(key, lang) in tags.words
        assert say(key, "zh" if lang == "en" else "en") not in tags.words
    assert ("A note." if lang == "en" else "一条说明。") in tags.words
    assert say("refused", lang) in tags.words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_tells_queues_apart_where_there_are_several(lang):
    """Each has who can answer it and its hours; hours add up to those of all."""
    assert say("by_queue", lang) not in page_text(*planned(week(language=lang)))
    case = week(language=lang)
    heads = np.stack([case.requirement.heads[0], 2 * case.requirement.heads[0]])
    two = replace(case.requirement, queues=("calls", "chat"), heads=heads)
    skills = (frozenset({"calls", "chat"}), frozenset({"chat"}))
    agents = tuple(
        replace(agent, skills=known)
        for agent, known in zip(case.agents, skills, strict=True)
    )
    plan, result = planned(replace(case, requirement=two, agents=agents, forecast=None))
    text = page_text(plan, result)
    rows = re.findall(r"<tr><td>(calls|chat)</td>(.*)</tr>", text)
    found = {
        queue: [float(cell) for cell in re.findall(r">([\d.,]+)<", row)]
        for queue, row in rows
    }
    assert say("by_queue", lang).capitalize() in text
    assert [found["calls"][0], found["chat"][0]] == [1, 2]  # people
    hours = int(case.counted.sum())
    assert [found["calls"][1], found["chat"][1]] == [hours, 2 * hours]
    short = kpi(result.roster, result.audit)["short_hours"]
    assert found["calls"][3] + found["chat"][3] == pytest.approx(short)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_people_asked_for_by_shift_are_shown(lang, tmp_path):
    """On page, workbook and screen; where nothing else is asked for, nothing else."""
    case = asked_by_shift(week(language=lang))
    closed = np.zeros(case.clock.intervals, bool)
    only = replace(case.requirement, is_open=closed)
    for given in (case, replace(case, requirement=only, forecast=None)):
        plan, result = planned(given)
        alone = given is not case
        text = page_text(plan, result)
        row = re.findall(r'<th class="who" scope="row">D <span>.*</tr>', text)[0]
        cells = re.findall(r"<td[^>]*>(\d*)<small>(\d*)</small>", row)
        there = (result.roster.table == 0).sum(axis=0).tolist()
        asked = [3, 3, 3, 3, 0, 0, 0]
        assert cells == [(str(a), str(b)) for a, b in zip(there, asked, strict=True)]
        short = sum(max(0, a - t) for a, t in zip(asked, there, strict=True))
        over = sum(max(0, t - a) for a, t in zip(asked, there, strict=True))
        usable = replace(result, audit=replace(result.audit, violations=()))
        told = list(outcome(plan, usable, tmp_path))
        for key, people in (("people_short", short), ("people_over", over)):
            assert f"{capital(say(key, lang))}</span><strong>{people}<" in text
        line = f"{capital(say('people_short', lang))}: {short}, "
        assert any(each.startswith(line) for each in told)
        assert ('id="heatmap"' in text) != alone
        assert (capital(say("short_hours", lang)) in text) != alone
        write_workbook(tmp_path / "roster.xlsx", plan, result)
        sheet = openpyxl.load_workbook(tmp_path / "roster.xlsx")["grid"]
        foot = {row[1].value: row for row in sheet.iter_rows(min_row=4)}
        here = foot[capital(say("people_there", lang))]
        assert [cell.value for cell in here[2:9]] == there
        assert (capital(say("short_hours", lang)) in foot) != alone


def test_search_says_how_high_it_began():
    """Costs beyond the scale are no line along its top."""
    plan, result = planned(week())
    steps = [(0.5, 9000, "construct"), (1.0, 100, "blend"), (1.5, 90, "improve")]
    trace = tuple(
        Step(seconds=at, cost=cost, bound=7, source=source)
        for at, cost, source in steps
    )
    text = page_text(plan, replace(result, trace=trace))
    drawn = text[text.index('id="search"') :]
    assert "↑ 9,000" in drawn
    path = re.search(r'<path class="mean" d="M([\d.]+) ([\d.]+)L([\d.]+)', drawn)
    assert path[1] == path[3]  # straight down, from the second step on
    low = page_text(plan, replace(result, trace=trace[1:]))
    assert "↑" not in low[low.index('id="search"') :]


def test_page_needs_no_network_and_no_script():
    """Nothing is fetched: no script, link, image, frame, import or remote address."""
    text = page_text(*planned(week()))
    tags = Tags(text)
    assert {tag for tag, _ in tags.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "base", "form", "use", "image"}
    )
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)
    for tag, attrs in tags.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        assert tag != "a" or (attrs["href"] or "").startswith("#")


def test_policy_names_the_one_style_by_its_hash():
    """The policy forbids all but the style whose hash it gives."""
    import base64
    import hashlib

    text = page_text(*planned(week()))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert digest in policy.replace("&#43;", "+")


def test_hostile_names_add_no_markup_to_the_page():
    """The tags of a page do not depend on what people, shifts and case are called."""
    hostile, plain = (week(names) for names in (HOSTILE, ["x"] * len(HOSTILE)))
    shift = replace(hostile.shifts[0], colour="red;}*{color:lime", label=HOSTILE[1])
    hostile = replace(hostile, name=HOSTILE[5], shifts=(shift, *hostile.shifts[1:]))
    seen, usual = (Tags(page_text(*planned(case))) for case in (hostile, plain))
    assert [tag for tag, _ in seen.tags] == [tag for tag, _ in usual.tags]
    assert {name for _, attrs in seen.tags for name in attrs} == {
        name for _, attrs in usual.tags for name in attrs
    }
    assert "<script>alert(1)</script>" in seen.words
    assert "{{ 7 * 7 }}" in seen.words
    assert "color:lime" not in seen.words


def test_long_tables_are_cut_and_say_so(monkeypatch):
    """Beyond their caps grid and audit say how much is left out."""
    monkeypatch.setattr(page_module, "PEOPLE_SHOWN", 1)
    monkeypatch.setattr(page_module, "ROWS_SHOWN", 2)
    text = page_text(*planned(week()))
    assert say("more_people", shown=1, people=2) in text
    assert re.search(r"\d+ more rows stand in audit.json", text)
    assert text.count('scope="row"') == 1 + 4


def test_page_of_a_case_without_roster_says_why():
    """A conflict is told in the page; nothing else is shown."""
    plan, _ = planned(week())
    result = Result(
        status="infeasible", conflicts=(Text("Too few people.", "人太少。"),)
    )
    words = Tags(page_text(plan, result)).words
    assert "Too few people." in words
    assert "infeasible" in words


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "UTC"])
def test_page_draws_days_of_23_and_25_hours(zone):
    """Days on which clocks change fit the pictures."""
    plan, result = planned(week(zone=zone))
    played = check(result.roster, runs=2).figures
    assert not re.search(r"nan\b", page_text(plan, result, played), re.IGNORECASE)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_says_which_method_was_picked_and_what_was_odd(lang):
    """The table of methods and the list of oddities, in the language of the case."""
    calls = np.full((1, 56, 24), 50.0)
    calls[0, 40, 9:15] = 0.0
    past = History(("calls",), 60, date(2026, 1, 5), calls)
    plan, result = planned(week(language=lang))
    found = clean(past)
    ahead = forecast(found.history, plan.case.clock)
    plan = replace(plan, history=past, cleaned=found, forecast=ahead)
    text = page_text(plan, result)
    for name in METHODS:
        assert f"<td>{name}" in text
    for key in ("picked", "oddities_title", "was_drop"):
        assert say(key, lang).lower() in text.lower()
    assert found.oddities[0].reason(lang) in text


def test_page_of_a_given_requirement_has_no_forecast(tmp_path):
    """Without calls there is no service level and no picture of calls."""
    case = replace(week(), forecast=None)
    plan, result = planned(case)
    write_page(tmp_path / "report.html", replace(plan, history=None), result)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="forecast"' not in text
    assert say("given_requirement") in text


# -- workbook -----------------------------------------------------------------------


def test_workbook_holds_the_codes(tmp_path):
    """Row 1 has real dates, each person a row, each cell a code, leave or nothing."""
    plan, result = planned(week())
    write_workbook(tmp_path / "roster.xlsx", plan, result)
    book = openpyxl.load_workbook(tmp_path / "roster.xlsx")
    assert book.sheetnames == ["grid", "long", "audit"]
    rows = [[cell.value for cell in row] for row in book["grid"].iter_rows()]
    assert rows[0][:2] == ["agent", "name"]
    dates = [cell.date() for cell in rows[0][2:9]]
    assert dates == list(plan.case.clock.dates())
    assert rows[1][:9] == ["A1", "Ann", "D", "L", "N", None, "D", "D", None]
    leave = "leave:annual"
    assert rows[2][:9] == ["A2", "Ben", None, leave, leave, "D", None, "D", "N"]
    assert rows[1][9:13] == [37.5, 1, 1, 0]
    assert all(row[0] is None for row in rows[3:])
    codes = {shift.code for shift in plan.case.shifts}
    assert not [cell for row in rows[3:] for cell in row[2:9] if cell in codes]


def test_edited_grid_is_read_back(tmp_path):
    """A planner changes a cell, deletes the long sheet, and the audit can read it."""
    plan, result = planned(week())
    path = tmp_path / "roster.xlsx"
    write_workbook(path, plan, result)
    assert read_roster(path, plan.case).codes() == result.roster.codes()
    book = openpyxl.load_workbook(path)
    book["grid"]["C2"] = "N"
    del book["long"]
    book.save(path)
    assert read_roster(path, plan.case).codes() == ["NLN-DD-", "---D-DN"]
    foot = book["grid"].max_row + 2
    book["grid"].cell(foot, 1).value = " "  # a planner's own sums, without a person
    book["grid"].cell(foot, 3).value = "N"
    book.save(path)
    assert read_roster(path, plan.case).codes() == ["NLN-DD-", "---D-DN"]


def test_workbook_lists_roster_and_audit(tmp_path):
    """The sheet long is roster.csv; the sheet audit has every row, hard ones first."""
    plan, result = planned(week(language="zh"))
    write_workbook(tmp_path / "roster.xlsx", plan, result)
    book = openpyxl.load_workbook(tmp_path / "roster.xlsx")
    long = list(book["long"].values)
    assert long[0][:3] == ("agent", "date", "shift")
    assert long[1][:4] == ("A1", "2026-03-26", "D", "day")
    assert long[1][4] == "2026-03-26T08:00:00+08:00"
    found = list(book["audit"].values)
    assert len(found) == 1 + len(result.audit.violations)
    severity = [row[1] for row in found[1:]]
    assert severity == sorted(severity, key=lambda word: word != "硬性")
    assert any("意愿" in row[7] for row in found[1:])


def test_workbook_writes_every_text_as_text(tmp_path):
    """No name becomes a formula, a link or a number; codes such as 08 stay text."""
    shift = replace(LETTERS["D"], code="08")
    case = week(HOSTILE)
    case = replace(case, name=HOSTILE[0], shifts=(shift, *case.shifts[1:]))
    plan, result = planned(case)
    roster = Roster(case, np.zeros((len(HOSTILE), 7), np.int16))
    result = replace(result, roster=roster, audit=audit(roster))
    write_workbook(tmp_path / "roster.xlsx", plan, result)
    book = openpyxl.load_workbook(tmp_path / "roster.xlsx")
    kinds = {
        cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row
    }
    assert "f" not in kinds
    grid = book["grid"]
    assert [grid.cell(2 + n, 2).value.strip() for n in (0, 1)] == list(HOSTILE[:2])
    assert grid.cell(2, 3).value == "08"
    assert not any(cell.hyperlink for row in grid.iter_rows() for cell in row)


def test_same_result_gives_the_same_bytes(tmp_path):
    """Workbook, page and calendars do not change from run to run."""
    plan, result = planned(week())
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_workbook(tmp_path / name / "roster.xlsx", plan, result)
        write_page(tmp_path / name / "report.html", plan, result)
        write_calendars(tmp_path / name, plan.case, result.roster)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


# -- calendars ----------------------------------------------------------------------


def test_calendar_has_shifts_breaks_and_leave(tmp_path):
    """Shifts are instants, breaks stand in the description, leave is whole days."""
    plan, result = planned(week(language="zh"))
    write_calendars(tmp_path, plan.case, result.roster)
    first, second = (
        icalendar.Calendar.from_ical((tmp_path / name).read_bytes()).walk("VEVENT")
        for name in ("A1.ics", "A2.ics")
    )
    assert [str(event["summary"]) for event in first] == list("DLNDD")
    assert first[0].start == plan.case.clock.local(480)
    assert first[2].end - first[2].start == timedelta(hours=8)
    assert "用餐 11:00–11:30" in str(first[0]["description"])
    leave = second[-1]
    assert (leave.start, leave.end) == (date(2026, 3, 27), date(2026, 3, 29))
    assert str(leave["summary"]) == "休假: 年假"
    ids = [str(event["uid"]) for event in (*first, *second)]
    assert len(ids) == len(set(ids))


def test_hostile_names_add_no_event(tmp_path):
    """Line breaks in names and labels end no line and no event."""
    case = week([HOSTILE[3]] * 2)
    shift = replace(case.shifts[0], label=HOSTILE[3], code="D")
    case = replace(case, name=HOSTILE[3], shifts=(shift, *case.shifts[1:]))
    _, result = planned(case)
    write_calendars(tmp_path, case, result.roster)
    raw = (tmp_path / "A1.ics").read_bytes()
    assert raw.count(b"\r\nBEGIN:VEVENT\r\n") == raw.count(b"\r\nEND:VEVENT\r\n") == 5
    assert raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert len(icalendar.Calendar.from_ical(raw).walk("VEVENT")) == 5


def test_file_names_are_safe_and_differ():
    """Slashes, dots, reserved names, long and empty ids, and case give no clash."""
    ids = [
        "a1",
        "A1",
        "../../etc",
        "CON",
        "",
        "李娜",
        "a/b",
        "a:b",
        "x" * 400,
        "甲" * 200,
    ]
    names = file_names(ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert Path(name).name == name
        assert not re.search(r'[\x00-\x1f/\\:*?"<>|]', name)
        assert not name.startswith(".")
        assert len(name.encode()) < 200
        assert name.split(".")[0].casefold() != "con"
    assert names[5] == "李娜.ics"


# -- words --------------------------------------------------------------------------


def test_every_word_has_both_languages_with_the_same_places():
    """English and Chinese name the same facts."""
    for key, text in WORDS.items():
        assert text.en, key
        assert text.zh, key
        places = [set(re.findall(r"\{(\w+)\}", part)) for part in (text.en, text.zh)]
        assert places[0] == places[1], key


def test_reasons_of_refused_leave_are_told_in_chinese():
    """Every reason that granting gives has its Chinese sentence."""
    case = week()
    pinned = np.full((2, 7), -2, np.int16)
    pinned[0, 2] = 0
    lone = replace(case, pins=pinned)
    floor = read_rules("none", {"coverage.floor": {"heads": 2}})
    for refused in (case, grant(lone), grant(case.with_rules(floor))):
        reason = refused.leave[1].reason
        assert reason
        assert re.search(r"[\u4e00-\u9fff]", refusal(reason, "zh"))
        assert refusal(reason, "en") == reason


def test_second_shift_of_a_date_is_shown():
    """A file with two rows for a date shows a plus sign in the grid."""
    plan, result = planned(week())
    roster = replace(result.roster, extra=((0, 0, 1),))
    result = replace(result, roster=roster, audit=audit(roster))
    assert ">D+</td>" in page_text(plan, result)


def test_colour_of_a_shift_is_honoured_when_it_is_one():
    """A colour of shifts.csv is used; anything else falls back to the class."""
    from scheduler.report.palette import shift_fills

    shifts = tuple(
        Shift(code=c, shift_class="day", start=480, end=960, colour=c)
        for c in ("#4C72B0", "#fff", "red", "#12345", "url(x)")
    )
    fills = [f.background for f in shift_fills(replace(tiny_case(), shifts=shifts))]
    assert fills == ["#4c72b0", "#ffffff", "#fdf0c8", "#fdf0c8", "#fdf0c8"]
