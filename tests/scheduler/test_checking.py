"""A finished roster played over sampled days: who is there, who calls, what is said."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from rich.cells import cell_len

from constraints.case import OFF, Case, Shift
from constraints.examples import tiny_case
from constraints.roster import PHONE, Duties, Roster
from constraints.rule import audit
from forecasts.clock import Clock
from forecasts.forecaster import Forecast
from forecasts.requirement import Requirement, Service
from scheduler import checking
from scheduler.checking import RUNS, check, presences
from scheduler.cli import run
from scheduler.engine.breaks import place_breaks
from scheduler.files.again import read_check
from scheduler.files.read import read_case
from scheduler.files.template import write_template
from scheduler.files.write import CHECKED, duty_rows, write_outputs
from scheduler.report.drawing import check_hours
from scheduler.report.words import LANGUAGES
from scheduler.result import Result
from scheduler.summary import expectation
from tests import rows

ROUND = Shift(code="R", shift_class="day", start=0, end=1440)


def calm(people=4, days=3, calls=40.0, **service) -> Case:
    """Return a case of steady calls, people who come, and nothing uncertain."""
    case = tiny_case(people, days)
    clock = Clock(date(2026, 3, 2), days, 60, "Asia/Shanghai")
    heads = np.ones((1, clock.intervals), np.int64)
    return replace(
        case,
        clock=clock,
        shifts=(*case.shifts, ROUND),
        requirement=Requirement(
            clock, ("calls",), heads, np.ones(clock.intervals, bool)
        ),
        forecast=Forecast.steady(clock, calls, 180.0),
        service=Service(**{"floor": 0, "shrinkage": 0.0, **service}),
        has_yesterday=True,
    )


def of_queues(roster, *skills, calls=40.0):
    """Return the roster in a case of two queues, with what each person can answer."""
    case, names = roster.case, ("calls", "loans")
    agents = tuple(
        replace(agent, skills=frozenset(known))
        for agent, known in zip(case.agents, skills, strict=True)
    )
    heads = np.repeat(case.requirement.heads, 2, axis=0)
    shape = heads.shape
    forecast = Forecast(
        case.clock, names, np.full(shape, calls), np.full(shape, 180.0), ("steady",) * 2
    )
    needed = replace(case.requirement, queues=names, heads=heads)
    case = replace(case, agents=agents, requirement=needed, forecast=forecast)
    return replace(roster, case=case)


# -- who is on the phone ------------------------------------------------------------


def test_presences_are_the_duties_on_the_phone():
    """Second by second what duties.csv calls phone: breaks and meetings are gaps."""
    case = calm(people=3)
    roster = Roster.from_codes(case, ["DDD", "LN-", "-RR"])
    days = (480, 480 + 1440)
    away = [(0, 0, "meal", days[0] + 180, days[0] + 210)]
    away += [(0, 1, "meeting", days[1], days[1] + 30)]
    away += [(1, 1, "handover", 1440 + 1800 - 15, 1440 + 1800)]
    roster = roster.with_duties(Duties.of(away))
    told = {
        (id, start, end)
        for id, _, kind, start, end in duty_rows(roster)
        if kind == PHONE
    }
    clock = case.clock
    found = {
        (
            case.agents[one.agent].id,
            clock.local(round(one.start / 60)).isoformat(),
            clock.local(round(one.end / 60)).isoformat(),
        )
        for _, one in presences(roster)
    }
    assert found == told
    assert len(found) == 8


def test_shifts_begun_before_the_horizon_count_until_their_end():
    """Last night's shift is there until 06:00, without a break; that of before not."""
    roster = rows.roster("---", "---", past=["--N", "-N-"])
    assert [(day, one.agent, one.start, one.end) for day, one in presences(roster)] == [
        (-1, 0, 0.0, 6 * 3600.0)
    ]


def test_nobody_is_on_two_phones_at_once():
    """In a roster that is not legal, the shift begun first is worked to its end."""
    roster = rows.roster("NV-")  # 22 to 06, and 04 to 12
    spans = [(one.start / 3600, one.end / 3600) for _, one in presences(roster)]
    assert spans == [(22, 30), (30, 36)]
    twice = replace(rows.roster("D--"), extra=((0, 0, 1),))  # 08 to 16, and 14 to 22
    spans = [(one.start / 3600, one.end / 3600) for _, one in presences(twice)]
    assert spans == [(8, 16), (16, 22)]


def test_people_answer_the_queues_they_know():
    """By skills, whatever duties.csv names; who knows none is not on the phone."""
    roster = Roster.from_codes(calm(people=3), ["D--", "D--", "D--"])
    roster = of_queues(roster, {"calls", "loans"}, {"loans"}, {"abroad"}).serve()
    assert {one.agent: one.queues for _, one in presences(roster)} == {
        0: frozenset({0, 1}),
        1: frozenset({1}),
    }


# -- playing ------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [None, 180.0])
def test_at_constant_staffing_it_is_erlang(patience):
    """Nothing uncertain and nobody moving: within three standard errors."""
    case = calm(people=13, calls=200.0, patience_seconds=patience)
    played = check(Roster.from_codes(case, 13 * ["RRR"]), runs=24, seed=2)
    seen, erlang = played.outlook(), played.figures.horizon.erlang
    off = (seen.good - erlang * seen.counted).sum(axis=1)
    assert 0.7 < erlang < 0.95
    assert abs(off.mean()) <= 3 * off.std(ddof=1) / len(off) ** 0.5
    load, present = 200.0 * 180 / 3600, 13
    answered = 1 - played.figures.abandoned
    assert played.figures.occupancy == pytest.approx(
        load * answered / present, rel=0.02
    )


def test_the_first_minutes_are_not_calmer():
    """The phones are busy at midnight of the first day as they are at any time."""
    case = calm(people=5, days=1, calls=80.0)
    played = check(Roster.from_codes(case, 5 * ["R"]), runs=300, seed=3)
    seen = played.outlook()
    level = seen.good.sum(axis=0) / seen.counted.sum(axis=0)
    spread = level[1:].std()
    assert abs(level[0] - level[1:].mean()) < 3 * spread
    assert played.figures.occupancy == pytest.approx(0.8, rel=0.02)


def test_one_head_more_never_answers_fewer_in_time():
    """The same callers, run by run, where nobody gives up."""
    case, team = calm(people=10, calls=25.0, shrinkage=0.2), 3 * ["DDD", "LLL", "NNN"]
    few = check(Roster.from_codes(case, [*team, "---"]), runs=10)
    many = check(Roster.from_codes(case, [*team, "-D-"]), runs=10)
    assert (few.counted["offered"] == many.counted["offered"]).all()
    good, better = (one.good["offered"].sum(axis=(1, 2)) for one in (few, many))
    assert (better >= good).all()
    assert better.sum() > good.sum()


def test_nobody_at_all_answers_nothing():
    """A roster without a shift is played like any other."""
    nobody = check(Roster.from_codes(calm(people=2), ["---", "---"]), runs=3)
    assert nobody.counted["offered"].sum() > 0
    assert nobody.good["offered"].sum() == 0


def test_absences_are_whole_shifts_drawn_by_person_and_date():
    """As often as the case says, and the same whatever else the roster holds."""
    case = calm(people=4, days=28, calls=0.1, shrinkage=0.25)
    alone = check(Roster.from_codes(case, ["D" * 28, *3 * ["-" * 28]]), runs=30)
    other = check(Roster.from_codes(case, ["-" * 28, *3 * ["D" * 28]]), runs=30)
    both = check(Roster.from_codes(case, 4 * ["D" * 28]), runs=30)
    assert np.allclose(alone.present + other.present, both.present)
    shifts = both.present / (8 * 3600)
    assert np.allclose(shifts, shifts.round())
    expected, spread = 4 * 28 * 0.75, (4 * 28 * 0.75 * 0.25) ** 0.5
    assert abs(shifts.mean() - expected) <= 3 * spread / 30**0.5
    assert spread / 2 < shifts.std() < 2 * spread


def test_who_waits_at_closing_time_does_not_wait_until_morning():
    """Nobody comes on the first day; the second is as good as if it had been shut."""
    case = calm(people=6, days=2, calls=60.0)
    is_open = (case.clock.walls >= 8 * 60) & (case.clock.walls < 16 * 60)
    needed = replace(case.requirement, is_open=is_open)
    forecast = replace(case.forecast, calls=case.forecast.calls * is_open)
    case = replace(case, requirement=needed, forecast=forecast)
    played = check(Roster.from_codes(case, 6 * ["-D"]), runs=5)
    first, second = played.figures.days
    assert (first.service_level, first.p_target) == (0.0, 0.0)
    assert second.service_level > 0.9
    assert played.figures.abandoned == pytest.approx(0.5, abs=0.05)


def test_days_stray_as_the_forecast_says():
    """With a day factor days lie further apart, and Erlang says the same as before."""
    case = calm(people=3, days=7, calls=25.0)
    cv = np.full(case.forecast.calls.shape, 0.15)
    unsure = replace(case, forecast=replace(case.forecast, cv=cv, day_cv=cv))
    sure, strays = (
        check(Roster.from_codes(one, 3 * ["R" * 7]), runs=40) for one in (case, unsure)
    )
    narrow, wide = (one.outlook().day_levels.std() for one in (sure, strays))
    assert wide > 1.2 * narrow
    assert sure.figures.horizon.erlang == strays.figures.horizon.erlang


def test_a_case_without_calls_forecast_cannot_be_played():
    """Nor can a roster be played no time at all."""
    case = replace(calm(), forecast=None)
    with pytest.raises(ValueError, match="Expected a case with a forecast"):
        check(Roster.empty(case))
    with pytest.raises(ValueError, match="Expected runs >= 1, got 0"):
        check(Roster.empty(calm()), runs=0)


# -- what is said -------------------------------------------------------------------


def test_tables_add_up():
    """All queues together are the sum of each; days are the sum of intervals."""
    roster = Roster.from_codes(calm(people=3), ["DDD", "LLL", "RRR"])
    skills, calls = ({"calls"}, {"loans"}, {"calls", "loans"}), np.array([[8.0], [2.0]])
    played = check(of_queues(roster, *skills, calls=calls), runs=6)
    frame, days = played.to_frame(), played.days_frame()
    assert list(frame["queue"][:3]) == ["calls", "loans", "*"]
    by_queue = frame.pivot_table("calls", "timestamp", "queue", sort=False)
    assert np.allclose(by_queue["calls"] + by_queue["loans"], by_queue["*"], atol=0.03)
    whole = days.query("queue == '*'")["calls"].sum()
    assert by_queue["*"].sum() == pytest.approx(whole, abs=1.0)
    assert played.figures.horizon.queue == "*"
    assert [row.queue for row in played.figures.queues] == ["calls", "loans"]
    shares = frame[["service_level", "p10", "p90", "erlang", "answered", "any_end"]]
    assert shares.notna().all(axis=None)
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    assert (frame["p10"] <= frame["p90"]).all()
    erlang = frame.pivot_table("erlang", "timestamp", "queue", sort=False)
    by_formula = expectation(played.roster)[2]
    assert np.allclose(erlang[["calls", "loans"]].T, by_formula, atol=1e-4)
    assert not np.allclose(*by_formula)


def test_intervals_that_do_not_count_have_no_level():
    """Nobody knows who was there in the first hours; no call is played then."""
    case = replace(calm(), has_yesterday=False, shifts=tiny_case().shifts)
    played = check(Roster.from_codes(case, ["DDD", "LLL", "NNN", "---"]), runs=3)
    frame = played.to_frame()
    unknown = frame[: int(case.assumed.sum())]
    assert len(unknown) == 14
    assert unknown["calls"].sum() == 0
    assert unknown["service_level"].isna().all()
    assert frame["service_level"].notna().sum() == 72 - 14
    assert played.figures.hours[0].calls < played.figures.hours[-1].calls * 2


def test_it_speaks_in_one_line():
    """Runs, the level played, Erlang's, and how many days reach the target."""
    played = check(Roster.from_codes(calm(), 4 * ["RRR"]), runs=4)
    words = repr(played)
    assert words.startswith("<Check 4 runs: ")
    assert "within 10 s (Erlang " in words
    assert "\n" not in words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hours_that_are_closed_are_gaps_in_the_drawing(lang):
    """Open from 20:00 to 04:00: two pieces of each line, and no missing number."""
    case = calm(days=2, calls=60.0)
    late = (case.clock.walls >= 20 * 60) | (case.clock.walls < 4 * 60)
    needed = replace(case.requirement, is_open=late)
    forecast = replace(case.forecast, calls=case.forecast.calls * late)
    case = replace(case, requirement=needed, forecast=forecast)
    played = check(Roster.from_codes(case, 4 * ["RR"]), runs=3)
    drawn = check_hours(played.figures, lang)
    assert drawn.count('class="bold"') == drawn.count('class="band"') == 2
    assert "nan" not in drawn.lower()
    empty = replace(case, forecast=replace(forecast, calls=forecast.calls * 0))
    silent = check(Roster.from_codes(empty, 4 * ["RR"]), runs=3).figures
    assert silent.days == silent.hours == silent.worst == ()
    assert 'class="bold"' not in check_hours(silent, lang)


# -- the command --------------------------------------------------------------------


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The commented case of ``roster init`` with a result, made without a solver."""
    folder = tmp_path_factory.mktemp("check") / "case"
    write_template(folder)
    return folder, _result(read_case(folder), 1)


def _result(plan, seed):
    """Return a result in which people work most days they may."""
    case, rng = plan.case, np.random.default_rng(seed)
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    for agent, day in np.ndindex(*table.shape):
        may = np.flatnonzero(case.free_to_work[agent, day])
        if may.size and rng.random() < 0.8:
            table[agent, day] = rng.choice(may)
    roster = place_breaks(Roster(case, table))
    return Result(status="feasible", roster=roster, audit=audit(roster), bound=3)


@pytest.fixture
def out(solved, tmp_path):
    """A folder of results of that case."""
    folder, result = solved
    write_outputs(read_case(folder), result, tmp_path / "out")
    return tmp_path / "out"


def texts(out):
    """Return every file of a folder that is text by name."""
    return {
        path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.is_file()
    }


def shown(out):
    """Whether the page has the section."""
    return 'id="check"' in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_check_writes_its_files_and_sums_up(solved, out, capsys, lang):
    """Exit 0; a screenful of 80 columns with the definition; the page shows it."""
    folder = str(solved[0])
    words = ["check", folder, "--out", str(out), "--runs", "5", "--lang", lang]
    before = texts(out)
    assert run(words) == 0
    said = capsys.readouterr().out
    definition = {"en": "of all calls offered", "zh": "秒内接起，占全部来电"}[lang]
    assert definition in said
    lines = [line for line in said.splitlines() if str(out) not in line]
    assert max(map(cell_len, lines)) <= 80
    assert len(said.splitlines()) <= 24
    after = texts(out)
    assert after.keys() == before.keys() | set(CHECKED)
    assert {name for name in before if before[name] != after[name]} == {"report.html"}
    page = (out / "report.html").read_text("utf-8")
    assert shown(out)
    assert definition in page.replace("Answered", "answered")
    assert list(out.parent.iterdir()) == [out]


def test_check_files_repeat_and_report_shows_the_same_page(solved, out):
    """Byte by byte with one seed; another gives others. JSON and tables agree."""
    folder = str(solved[0])
    words = ["check", folder, "--out", str(out), "--runs", "4", "--quiet"]
    assert run(words) == 0
    first = texts(out)
    assert run(words) == 0
    assert texts(out) == first
    assert run(["report", folder, "--out", str(out), "--quiet"]) == 0
    assert texts(out)["report.html"] == first["report.html"]
    played = check(solved[1].roster, runs=4, seed=1)
    assert read_check(out) == played.figures
    record = json.loads(first["check.json"])
    assert record["figures"]["runs"] == 4
    assert record["service_level"]["en"] == "answered within 10 s, of all calls offered"
    rows_told = first["check_days.csv"].decode().splitlines()
    assert len(rows_told) - 1 == len(record["figures"]["days"]) == 28
    assert run([*words, "--seed", "9"]) == 0
    assert texts(out)["check.csv"] != first["check.csv"]


def test_the_page_shows_the_check_of_its_own_roster_only(solved, out, tmp_path):
    """Not that of another, edited or damaged one; a new roster goes without it."""
    folder = str(solved[0])
    words = ["check", folder, "--out", str(out), "--runs", "3", "--quiet"]
    report = ["report", folder, "--out", str(out), "--quiet"]
    mine = tmp_path / "mine" / "roster.csv"
    mine.parent.mkdir()
    mine.write_text("agent,date,shift\nA2,2026-03-04,E1\n")
    assert run(words) == 0
    assert shown(out)
    assert run(["check", folder, str(mine), *words[2:]]) == 0
    assert not shown(out)
    assert run(words) == 0
    duties = (out / "duties.csv").read_text("utf-8")
    (out / "duties.csv").write_text(duties.replace(",meal,", ",meeting,", 1), "utf-8")
    assert run(report) == 0
    assert not shown(out)
    (out / "duties.csv").write_text(duties, "utf-8")
    assert run(report) == 0
    assert shown(out)
    good = (out / "check.json").read_text("utf-8")
    for broken in ("", "[]", good.replace('"hours"', '"ours"'), '{"sha256": 1}'):
        (out / "check.json").write_text(broken, "utf-8")
        assert run(report) == 0
        assert not shown(out)
    plan = read_case(solved[0])
    write_outputs(plan, _result(plan, 2), out)
    assert not {path.name for path in out.iterdir()} & set(CHECKED)
    assert not shown(out)


def test_check_without_a_page_writes_no_page(solved, tmp_path, capsys):
    """A roster of one's own, without breaks, is played as well; JSON on request."""
    mine = tmp_path / "mine.csv"
    mine.write_text("agent,date,shift\nA2,2026-03-04,E1\n")
    words = ["check", str(solved[0]), str(mine), "--out", str(tmp_path / "o")]
    assert run([*words, "--runs", "2", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["sha256"].keys() == {"mine.csv"}
    assert record["figures"]["horizon"]["service_level"] < 0.1
    assert {path.name for path in (tmp_path / "o").iterdir()} == set(CHECKED)


def test_check_that_cannot_be_made_says_why(solved, tmp_path, capsys):
    """No roster 3, no forecast 3, no folder 7, no runs 2; and nothing is written."""
    folder = tmp_path / "case"
    write_template(folder)
    assert run(["check", str(folder)]) == 3
    assert f"roster solve {folder}" in capsys.readouterr().err
    assert run(["check", str(folder), "--out", str(folder)]) == 7
    assert run(["check", str(folder), "--runs", "0"]) == 2
    capsys.readouterr()
    needed = solved[1].roster.case.requirement.to_frame()
    needed.to_csv(folder / "requirement.csv", index=False)
    assert run(["check", str(folder)]) == 3
    said = capsys.readouterr().err
    assert said.startswith("requirement.csv: found ")
    assert "to play a roster against calls" in said
    assert not (folder / "out").exists()


def test_an_interrupted_check_leaves_everything_as_it_was(solved, out, monkeypatch):
    """Ctrl-C gives 130 and no half of a result."""
    before = texts(out)

    def interrupted(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "play", interrupted)
    assert run(["check", str(solved[0]), "--out", str(out)]) == 130
    assert texts(out) == before
    assert list(out.parent.iterdir()) == [out]


def test_help_says_how_often_it_is_played(capsys):
    """The number of runs stands in the help as it is in the code."""
    assert run(["check", "--help"]) == 0
    assert f"[{RUNS}]" in capsys.readouterr().out


@pytest.mark.slow
def test_a_month_of_sixty_people_takes_seconds(tmp_path):
    """The demo, about 3,000 calls a day, played as often as usual: under 30 s CPU."""
    from time import process_time

    from scheduler.demo import write_demo_case

    write_demo_case(tmp_path)
    result = _result(read_case(tmp_path), 1)
    began = process_time()
    check(result.roster)
    assert process_time() - began < 30
