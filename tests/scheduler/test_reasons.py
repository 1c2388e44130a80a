"""Reasons: what is said of a cell or an interval is true of the roster it offers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from constraints.case import OFF
from constraints.cells import Eligibility
from constraints.coverage import CoverageNeed
from constraints.examples import tiny_case
from constraints.rest import DailyRest
from constraints.roster import Duties, Roster
from constraints.rule import audit
from scheduler.cli import run
from scheduler.demo import write_demo_case
from scheduler.engine.solve import solve
from scheduler.files.read import Plan, read_case
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_roster
from scheduler.reasons import explain_cell, explain_interval
from tests import FULL

CELLS = 20 if FULL else 2
WORK = 12.0 if FULL else 2.0  # for the next best roster
PEOPLE, DAYS, GROUND = (60, 28, 15.0) if FULL else (24, 14, 0.7)  # of the demo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, Plan, Roster]:
    """The demo case with a roster in its out folder."""
    folder = tmp_path_factory.mktemp("demo") / "case"
    write_demo_case(folder, people=PEOPLE, days=DAYS)
    plan = read_case(folder)
    result = solve(plan.case, seconds=3000.0, effort=GROUND, workers=1)
    assert result.roster is not None
    (folder / "out").mkdir()
    write_roster(result.roster, folder / "out")
    return folder, plan, read_roster(folder / "out" / "roster.csv", plan.case)


def cells(plan: Plan) -> Iterator[tuple[str, str, int, int]]:
    """Draw cells of the horizon: id of the person, date, and both as indices."""
    random = np.random.default_rng(2026)
    for _ in range(CELLS):
        agent = int(random.integers(len(plan.case.agents)))
        day = int(random.integers(plan.case.days))
        yield plan.case.agents[agent].id, str(plan.case.clock.date(day)), agent, day


def swapped(roster: Roster, one: int, other: int, day: int) -> Roster:
    """Let two people take each other's shift of a day, with its breaks."""
    table = roster.table.copy()
    table[[one, other], day] = table[[other, one], day]
    assert roster.duties is not None
    rows = [
        (
            {one: other, other: one}.get(agent, agent) if at == day else agent,
            at,
            *rest,
        )
        for agent, at, *rest in roster.duties.rows()
    ]
    return Roster(roster.case, table, Duties.of(rows), overtime=roster.overtime)


def test_what_is_said_of_random_cells_is_true(demo, capsys):
    """The roster offered is audited from its files, and costs what was said."""
    folder, plan, roster = demo
    case, stands = plan.case, audit(roster)
    ids = [agent.id for agent in case.agents]
    codes = [shift.code for shift in case.shifts]
    for agent, when, who, day in cells(plan):
        words = ["--agent", agent, "--date", when, "--seconds", str(WORK)]
        words += ["--deterministic", "--workers", "1", "--json", "--lang", "en"]
        assert run(["explain", str(folder), *words]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["cost"] == stands.cost
        legal = [one["cost"] for one in said["choices"] if not one["breaks"]]
        if said["best"] is None:
            assert not legal
            continue
        file = folder / "out" / "alternative" / "roster.csv"
        offered = read_roster(file, case)
        found = audit(offered)
        assert found.hard == stands.hard == ()
        assert found.cost == said["best"]["cost"] == stands.cost + said["best"]["more"]
        by_rule, stood = found.cost_by_rule(), stands.cost_by_rule()
        for rule in {*by_rule, *stood}:
            more = by_rule.get(rule, 0) - stood.get(rule, 0)
            assert said["best"]["by_rule"].get(rule, 0) == more
        assert offered.table[who, day] != roster.table[who, day]
        moved = roster.table.copy()
        for move in said["best"]["moves"]:
            becomes = codes.index(move["becomes"]) if move["becomes"] != "-" else OFF
            on = case.clock.day(date.fromisoformat(move["date"]))
            moved[ids.index(move["agent"]), on] = becomes
        assert (moved == offered.table).all()
        if said["proved"]:  # then neither a change of the cell nor a swap is better
            rivals = (
                audit(swapped(roster, who, other, day))
                for other in range(len(case.agents))
                if roster.table[other, day] != roster.table[who, day]
            )
            swaps = [rival.cost - stands.cost for rival in rivals if not rival.hard]
            assert said["best"]["more"] <= min(legal + swaps, default=1 << 30)


def test_each_choice_is_what_it_says(demo):
    """A choice changes one cell, and the audit says the same of it."""
    _, plan, roster = demo
    stands = audit(roster)
    for agent, when, who, day in cells(plan):
        found = explain_cell(roster, agent, when, effort=0.01)
        assert {shift for shift, _ in found.choices} | {found.shift} == {
            OFF,
            *(n for n, shift in enumerate(plan.case.shifts) if shift.offered),
        }
        for shift, change in found.choices:
            after = change.after.roster
            different = np.argwhere(after.table != roster.table).tolist()
            assert (different, after.table[who, day]) == ([[who, day]], shift)
            again = audit(after)
            assert again.cost - stands.cost == change.cost
            assert again.hard == change.broken
        broken = {v.rule for _, change in found.choices for v in change.broken}
        assert set(found.binding) == broken


def test_who_could_come_would_be_there(demo):
    """Each choice, and the best roster, has one more head where one is short."""
    _, plan, roster = demo
    lack = plan.case.requirement.heads[0] - roster.on_phone
    at = int(np.argmax(lack))
    when = plan.case.clock.stamp(at)[:16]
    found = explain_interval(roster, when, effort=WORK)
    assert (found.interval, found.required - found.on_phone) == (at, lack[at])
    assert sum(found.people.values()) == len(plan.case.agents)
    assert found.people["phone"] == found.on_phone
    assert found.people["break"] == found.scheduled - found.on_phone
    assert found.choices
    for agent, change in found.choices:
        assert not roster.answering[agent, at]
        assert change.after.roster.answering[agent, at]
        assert {who for who, *_ in change.moves} <= {agent}
        assert audit(change.after.roster).cost - audit(roster).cost == change.cost
    assert found.best is not None
    assert found.best.after.roster.on_phone[at] > found.on_phone
    assert not audit(found.best.after.roster).hard
    legal = [change.cost for _, change in found.choices if not change.broken]
    if found.proved:
        assert found.best.cost <= min(legal)


@pytest.mark.parametrize("rows", [("D-N", "DD-", "-LN"), ("---", "NNN", "D-D")])
def test_the_next_best_is_the_best_of_all(rows):
    """Against every roster there is within reach, by listing them."""
    case = tiny_case(people=3, rules=(DailyRest(), CoverageNeed()))
    roster = Roster.from_codes(case, rows)
    stands = audit(roster)
    found = explain_cell(roster, "A1", "2026-03-03")
    at = [(0, 0), (0, 1), (0, 2), (1, 1), (2, 1)]
    costs = []
    for shifts in product((OFF, 0, 1, 2), repeat=len(at)):
        table = roster.table.copy()
        table[tuple(zip(*at, strict=True))] = shifts
        rival = audit(Roster(case, table))
        if table[0, 1] != roster.table[0, 1] and len(rival.hard) <= len(stands.hard):
            costs.append(rival.cost - stands.cost)
    assert found.proved
    assert found.best is not None
    assert found.best.cost == min(costs)


def test_a_cell_that_may_not_be_is_explained_too():
    """Somebody has a shift of a class that is not theirs: anything else is offered."""
    case = tiny_case(people=2, rules=(CoverageNeed(), Eligibility()))
    agents = (replace(case.agents[0], classes=frozenset({"day"})), case.agents[1])
    roster = Roster.from_codes(replace(case, agents=agents), ["N--", "-D-"])
    found = explain_cell(roster, "A1", "2026-03-02", effort=1.0)
    assert found.shift == 2
    assert found.best is not None
    assert not audit(found.best.after.roster).hard


def test_places_that_are_not_there(demo, capsys):
    """Arguments are told by what was expected; exit 2."""
    folder, _, _ = demo
    for words, told in (
        (["--agent", "A001"], "--agent and --date together"),
        (["--queue", "calls"], "--interval beside --queue"),
        (["--agent", "X", "--date", "2026-04-01"], "somebody of agents.csv"),
        (["--agent", "A001", "--date", "2027-01-01"], "from 2026-03-30 to 2026-04-"),
        (["--interval", "noon"], "a time such as 2026-04-02 09:30"),
        (["--interval", "2026-04-02"], "a time such as 2026-04-02 09:30"),
        (["--roster", "r.csv"], "beside --roster"),
        (["--interval", "2026-04-02 09:30", "--queue", "x"], "a queue of calls"),
    ):
        assert run(["explain", str(folder), *words]) == 2
        assert told in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_place_is_told_within_the_width(demo, capsys, lang):
    """In both languages, with what binds and what is next best."""
    folder, plan, roster = demo
    agent = int(np.argmax((roster.table[:, 3] != OFF) & (plan.case.pins[:, 3] < OFF)))
    on = ["--agent", plan.case.agents[agent].id, "--date", "2026-04-02"]
    for words in (on, ["--interval", "2026-04-02 10:00"]):
        words += ["--deterministic", "--seconds", "0.2", "--lang", lang]
        assert run(["explain", str(folder), *words]) == 0
        out = capsys.readouterr().out
        assert all(cell_len(line) <= 80 for line in out.splitlines())
        assert ("proved" in out or "best found" in out) == (lang == "en")
