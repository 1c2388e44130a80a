"""Capacity: mixes cost what the engine proves, hires what arithmetic says."""

import json
import shutil
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from random import Random

import numpy as np
import pandas as pd
import pytest
from ortools.sat.python import cp_model
from rich.cells import cell_len

import scheduler as sc
from constraints import read_rules
from constraints.breaks import MealBreak
from constraints.case import OFF, Agent, Shift
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.examples import tiny_case
from constraints.hours import HoursAverage
from constraints.roster import Roster
from constraints.rule import audit
from forecasts.clock import Clock
from forecasts.problems import InputError
from forecasts.requirement import Requirement, Service
from scheduler.capacity import shift_mix
from scheduler.cbc import Found, Programme
from scheduler.cli import run
from scheduler.demo import write_demo_case
from scheduler.engine.model import RosterModel
from scheduler.files.hiring import needs_of
from scheduler.files.toml import parse_settings
from scheduler.hiring import Contract, HiringNeeds, hiring_plan

DAY = (("A", 7, 15), ("B", 9, 17), ("C", 11, 15), ("E", 14, 22))
ROUND = (("D", 6, 14), ("L", 14, 22), ("N", 22, 30), ("M", 18, 26))
"""Shifts: code, first and last hour; nights go on after midnight."""


def drawn(seed, shifts, *, people, days, most=3, floor=0, rules=(), hours=40.0):
    """A case whose need is drawn by the hour, people all alike."""
    random = Random(seed)
    clock = Clock(date(2026, 3, 2), days, 60, "Asia/Shanghai")
    heads = [[random.randrange(most + 1) for _ in range(clock.intervals)]]
    case = tiny_case(people=people, days=days)
    return replace(
        case,
        clock=clock,
        agents=tuple(
            Agent(id=f"A{n}", hours_per_week=hours) for n in range(1, people + 1)
        ),
        shifts=tuple(
            Shift(code=c, shift_class="day", start=60 * first, end=60 * last)
            for c, first, last in shifts
        ),
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.array(heads),
            is_open=np.ones(clock.intervals, bool),
        ),
        rules=(CoverageNeed(), CoverageFloor(), *rules),
        service=Service(floor=floor),
        has_yesterday=False,
    )


def two_queues(case, seed):
    """Half of the people answer cards, half of them loans, too; both are needed."""
    random = Random(seed)
    heads = [[random.randrange(2) for _ in range(case.clock.intervals)] for _ in "ab"]
    skills = [frozenset({"cards", "loans"}), frozenset({"cards"})]
    return replace(
        case,
        agents=tuple(
            replace(agent, skills=skills[n % 2]) for n, agent in enumerate(case.agents)
        ),
        requirement=replace(
            case.requirement, queues=("cards", "loans"), heads=np.array(heads)
        ),
    )


MEAL = MealBreak(meal_minutes=60, step_minutes=60, most_away=1.0)
APPLY = {
    "one day": drawn(1, DAY, people=4, days=1),
    "breaks": drawn(2, DAY, people=4, days=2, rules=(MEAL,)),
    "round the clock": drawn(3, ROUND, people=5, days=3),
    "a floor": drawn(4, ROUND, people=6, days=2, most=1, floor=2),
    "breaks round the clock": drawn(5, ROUND, people=5, days=2, rules=(MEAL,)),
    "contract hours": drawn(
        6, ROUND, people=4, days=5, hours=24.0, rules=(HoursAverage(),)
    ),
    "two queues": two_queues(drawn(7, DAY, people=4, days=2), 7),
}
"""Cases in which nothing links a person's days, or only hours do, all shifts alike."""


def proved(case):
    """The cost of the best roster, as the engine proves it."""
    result = sc.solve(case, seconds=60, seed=1, workers=1)
    assert result.status == "optimal"
    assert result.gap == 0
    return result.bound


def optimum(case):
    """The same from the engine's one model of all cells, without a run around it."""
    cells = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(Roster.empty(case), case.rules, cells)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.cp) == cp_model.OPTIMAL
    return round(solver.objective_value)


@pytest.mark.parametrize("name", APPLY)
def test_a_mix_costs_what_the_best_roster_does(name):
    """Two models, two solvers, one optimum."""
    mix = shift_mix(APPLY[name])
    assert mix.status == "optimal"
    assert mix.cost == optimum(APPLY[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLY)
def test_a_mix_costs_what_a_run_proves(name):
    """The same against the bound of a whole run, search and proof apart."""
    assert shift_mix(APPLY[name]).cost == proved(APPLY[name])


def only(case, codes):
    """The case with no other shift offered."""
    shifts = [replace(shift, offered=shift.code in codes) for shift in case.shifts]
    return replace(case, shifts=tuple(shifts))


def test_starts_are_chosen_as_well_as_can_be():
    """The engine, given the shifts chosen, proves the cost; no other pair has it."""
    case = drawn(8, ROUND, people=5, days=2)
    mix = shift_mix(case, starts=2)
    chosen = {case.shifts[shift].code for shift in mix.shifts}
    assert len(chosen) == 2
    assert shift_mix(case).cost < mix.cost
    assert mix.cost == proved(only(case, chosen)) == optimum(only(case, chosen))
    others = [set(pair) for pair in combinations("DLNM", 2) if set(pair) != chosen]
    assert mix.cost <= min(shift_mix(only(case, pair)).cost for pair in others)


def test_a_longer_horizon_has_a_bound_below_the_best_roster():
    """Ten days in four parts: the optimum lies between bound and cost."""
    case = drawn(9, ROUND, people=4, days=10, rules=(MEAL,))
    mix = shift_mix(case)
    best = optimum(case)
    assert 0.9 * best < mix.bound <= best <= mix.cost < 1.1 * best
    assert mix.heads.sum(axis=1).max() <= 4


def test_starts_chosen_apart_have_a_bound_for_any_choice():
    """What is chosen with heads that need not be whole bounds all choices."""
    case = drawn(9, ROUND, people=4, days=10)
    mix = shift_mix(case, starts=2)
    assert len(mix.shifts) == 2
    best = min(optimum(only(case, pair)) for pair in combinations("DLNM", 2))
    assert mix.bound <= best <= mix.cost


@pytest.mark.parametrize("seed", range(3))
def test_under_all_rules_a_mix_bounds_the_roster(seed):
    """Rest, runs and wishes can only cost more."""
    case = drawn(seed, ROUND, people=3, days=4, rules=())
    bank = replace(case, rules=read_rules("bank"), service=Service(floor=0))
    assert 0 < shift_mix(bank).bound <= optimum(bank)


def test_a_mix_costs_what_the_audit_would_charge_its_roster():
    """Heads of one day are people: any of them in turn make the roster."""
    case = APPLY["one day"]
    mix = shift_mix(case)
    shifts = np.repeat(np.arange(4), mix.heads[0])
    table = np.full((4, 1), OFF, np.int16)
    table[: len(shifts), 0] = shifts
    assert audit(Roster(case, table)).cost == mix.cost


def test_a_mix_that_cannot_be_is_said_to_be_none():
    """Nine at all hours are more than four people; one shift covers no whole day."""
    crowded = shift_mix(drawn(1, ROUND, people=4, days=1, floor=9))
    alone = shift_mix(drawn(1, ROUND, people=4, days=2, floor=1), starts=1)
    assert (crowded.status, alone.status) == ("infeasible", "infeasible")
    assert crowded.to_frame().empty


def test_a_mix_repeats():
    """No clock is asked."""
    case = drawn(9, ROUND, people=4, days=9)
    first, second = shift_mix(case), shift_mix(case)
    assert (first.heads == second.heads).all()


@pytest.mark.parametrize("starts", [None, 2])
def test_nothing_found_within_the_nodes_is_said(monkeypatch, starts):
    """Not knowing is never reported as infeasible, nor with more shifts than asked."""
    none = Found("unknown", None, None, float)
    monkeypatch.setattr(Programme, "solve", lambda *_, **__: none)
    for days in (2, 10):
        mix = shift_mix(drawn(9, ROUND, people=4, days=days), starts)
        assert (mix.status, mix.cost, mix.gap) == ("unknown", None, 0.0)


@pytest.mark.parametrize(
    ("case", "starts", "words"),
    [
        (APPLY["one day"], 0, "Expected at least 1 start, got 0."),
        (APPLY["one day"].with_rules(()), None, "Expected a case with coverage.need"),
    ],
)
def test_what_cannot_be_asked(case, starts, words):
    """An error says what was expected."""
    with pytest.raises(ValueError, match=words):
        shift_mix(case, starts)


def test_the_table_of_a_mix_adds_up():
    """One row for each shift of a day, in the words of shifts.csv."""
    mix = shift_mix(APPLY["round the clock"])
    frame = mix.to_frame()
    assert frame["heads"].sum() == mix.heads.sum()
    assert frame["paid_hours"].sum() == mix.paid_hours == 8 * mix.heads.sum()
    night = frame[frame["shift"] == "N"].iloc[0]
    assert (night["start"], night["end"]) == ("22:00", "30:00")


# -- the hiring plan ------------------------------------------------------------------

FULL = Contract(name="full", hours=100, cost=1000, hiring_cost=500, heads=10)
SHRINKING = HiringNeeds(
    workload=(1000, 990, 1000),
    contracts=(FULL,),
    attrition=(0.1,),
    training_months=1,
    ramp=(0.5,),
    overtime_share=0.1,
    overtime_price=20,
    shortage_price=40,
)


def test_a_plan_by_hand():
    """Ten people, of whom a tenth leave each month: 10, then 9, then 8.1 of them.

    Nobody hired: 1,000, 900 and 810 h at work for 1,000, 990 and 1,000 h.
    Month 2 lacks 90 h, all of it overtime (at most a tenth of 900): 1,800.
    Month 3 lacks 190 h: 81 of overtime, 1,620, and 109 short, 4,360.

    One hired in month 1 is paid in all three, as 1, 0.9 and 0.81 heads, 2,710, and
    hired at 500: 3,210. In training in month 1, at half work in month 2 (0.9 x 50 h =
    45 h) and at full work in month 3 (0.81 x 100 h = 81 h). Month 2: 45 h of overtime,
    900. Month 3: 891 h at work, 89.1 of overtime, 1,782, and 19.9 short, 796. Saved are
    1,800 + 1,620 + 4,360 - 900 - 1,782 - 796 = 4,302, more than 3,210.

    A second one saves 900 in month 2; in month 3 972 h are at work and 28 of overtime
    are 560 instead of 2,578, 2,918 in all, less than 3,210. One more hired in month 2
    costs 500 + 1,000 + 900 = 2,400 and works 45 h in month 3: 64 of overtime are 1,280
    instead of 2,578, 1,298 saved. In month 3 nobody hired would work. So one is hired:

    wages 1,000 x (11 + 9.9 + 8.91) = 29,810; hiring 500; overtime 900 + 1,782;
    shortage 796; in all 33,788.
    """
    plan = hiring_plan(SHRINKING)
    assert plan.status == "optimal"
    assert plan.hires.tolist() == [[1, 0, 0]]
    assert plan.hours == pytest.approx([1000, 945, 891])
    assert plan.overtime == pytest.approx([0, 45, 89.1])
    assert plan.shortage == pytest.approx([0, 0, 19.9])
    assert plan.costs == pytest.approx([11_500, 10_800, 11_488])
    assert plan.cost == pytest.approx(33_788)
    assert plan.bound == pytest.approx(33_788)


def test_two_contracts_leave_and_shares_by_hand():
    """A fifth are on leave: 80 h of a full, 40 h of a half contract.

    480 h are six full heads; five are there. Half contracts cost 400 for 40 h, full
    ones 1,000 for 80 h, so two halves for 800 are cheaper than a full for 1,000. At
    most a quarter of the heads may be half ones: 2 of 7 are more, 1 of 6 is not, which
    leaves 480 - 440 = 40 h short at 50 an hour, 2,000. One full, 1,000, is best: 6,000.
    Without the limit it would be two halves, 5,800.
    """
    full = Contract(name="full", hours=100, cost=1000, heads=5)
    half = Contract(name="half", hours=50, cost=400, most_share=0.25)
    needs = HiringNeeds(
        workload=(480,), contracts=(full, half), leave=(0.2,), shortage_price=50
    )
    plan = hiring_plan(needs)
    assert (plan.hires.tolist(), plan.cost) == ([[1], [0]], pytest.approx(6000))
    free = replace(needs, contracts=(full, replace(half, most_share=1.0)))
    plan = hiring_plan(free)
    assert (plan.hires.tolist(), plan.cost) == ([[0], [2]], pytest.approx(5800))


def cost_of(needs, hires):
    """What some hires cost, month after month, as a planner would go along."""
    total, groups = 0.0, []  # heads, contract, months since they were hired
    for contract in needs.contracts:
        groups.append([contract.heads, contract, 99])
    for month in range(needs.months):
        for number, contract in enumerate(needs.contracts):
            groups.append([float(hires[number][month]), contract, 0])
            total += contract.hiring_cost * hires[number][month]
        work = 0.0
        for heads, contract, age in groups:
            on_floor = age - needs.training_months
            if on_floor < 0:
                skill = 0.0
            else:
                skill = needs.ramp[on_floor] if on_floor < len(needs.ramp) else 1.0
            total += heads * contract.cost
            work += heads * contract.hours * skill * (1 - needs.leave[month])
        lacks = max(0.0, needs.workload[month] - work)
        over = min(lacks, needs.overtime_share * work)
        total += needs.overtime_price * over + needs.shortage_price * (lacks - over)
        for group in groups:
            group[0] *= 1 - needs.attrition[month]
            group[2] += 1
    return total


@pytest.mark.parametrize("seed", range(5))
def test_no_hires_are_cheaper(seed):
    """All plans of up to three hires a month and contract, one by one."""
    random = Random(seed)
    needs = HiringNeeds(
        workload=tuple(random.randrange(300, 800) for _ in range(3)),
        contracts=(
            Contract(name="full", hours=160, cost=900, hiring_cost=300, heads=2),
            Contract(name="half", hours=80, cost=500, hiring_cost=200, heads=1),
        ),
        attrition=tuple(random.choice((0, 0.1, 0.2)) for _ in range(3)),
        leave=tuple(random.choice((0, 0.1)) for _ in range(3)),
        training_months=seed % 2,
        ramp=(0.5,),
        overtime_share=0.1,
        overtime_price=12,
        shortage_price=15,
    )
    plan = hiring_plan(needs)
    grid = [np.reshape(one, (2, 3)) for one in product(range(4), repeat=6)]
    assert plan.hires.max() <= 3
    assert plan.cost == pytest.approx(cost_of(needs, plan.hires))
    assert plan.cost == pytest.approx(min(cost_of(needs, one) for one in grid))


def test_shares_that_no_hires_keep():
    """Half a head beside whole ones is never half of them all."""
    half = Contract(name="a", hours=1, cost=1, heads=0.5, most_share=0.5)
    other = Contract(name="b", hours=1, cost=1, heads=0, most_share=0.5)
    needs = HiringNeeds(workload=(1,), contracts=(half, other), shortage_price=1)
    plan = hiring_plan(needs)
    assert plan.status == "infeasible"
    assert plan.to_frame().empty


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workload": ()}, "a workload of at least one month"),
        ({"contracts": (FULL, FULL)}, "contracts of different names"),
        ({"leave": (0.1, 0.2)}, "leave of 1 or 3 months, got 2"),
        ({"attrition": (1.5,)}, "attrition from 0 to 1, got 1.5"),
        ({"workload": (1, -1, 1)}, "workload of at least 0, got -1"),
    ],
)
def test_needs_that_cannot_be(change, words):
    """An error says what was expected."""
    with pytest.raises(ValueError, match=words):
        replace(SHRINKING, **change)


# -- capacity.toml --------------------------------------------------------------------

TOML = """\
first_month = "2026-11"
hours = [9000, 9500, 9500]
attrition = 0.02
training_months = 1
ramp = [0.6]
shortage_price = 300

[overtime]
share = 0.05
price = 90

[[contract]]
name = "full"
hours = 166
cost = 9000
heads = 50

[[contract]]
name = "half"
hours = 83
cost = 4600
"""


def test_a_file_becomes_needs():
    """Every key where it belongs; months go on into the next year."""
    needs = needs_of(parse_settings(TOML, "capacity.toml"))
    assert needs.workload == (9000, 9500, 9500)
    assert [needs.month(n) for n in range(3)] == ["2026-11", "2026-12", "2027-01"]
    assert (needs.attrition, needs.leave, needs.ramp) == ((0.02,), (0.0,), (0.6,))
    assert (needs.overtime_share, needs.overtime_price) == (0.05, 90)
    assert [contract.heads for contract in needs.contracts] == [50, 0]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"2026-11"', '"soon"', '1: column "first_month": found "soon", expected a mo'),
        ("9500, 9500", "-1, 9500", '2: column "hours.2": found "-1", expected a list'),
        ("= 0.02", "= 2", '3: column "attrition": found "2", expected a share from'),
        ("= 0.02", "= [0.1, 0.2]", '3: column "attrition": found "2 values", expected'),
        ("= 1\n", "= 1.5\n", '4: column "training_months": found "1.5", expected'),
        ("shortage", "shortige", '6: column "shortige_price": found "shortige_price"'),
        ("share = 0.05", "share = 5", '9: column "overtime.share": found "5", expect'),
        ('"half"', '"full"', '19: column "contract.2.name": found "full", expected a'),
        ("= 83", "= 0", '20: column "contract.2.hours": found "0", expected paid hou'),
        ("= 4600", '= "4600"', '21: column "contract.2.cost": found "4600", expected'),
        ("hours = [9", "volume = [1]\nhours = [9", '2: column "volume": found "hours'),
        ("hours = [9000, 9500, 9500]\n", "", " found \"neither hours nor volume\""),
        ("hours = [9000, 9500, 9500]", "volume = [1]", '2: column "volume": found "vo'),
        ("= 50", "= 50\nmost_share = 0.2\nleast_share = 0.3", "least_share"),
        ("= 50", "= 50\nleast_share = 0.7\n[[contract]]\nname='c'\nhours=1\ncost=1"
         "\nleast_share = 0.7", "shares from 1.4 to 3 in all"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_line(old, new, problem):
    """File, line, key, found, expected and remedy, in one line."""
    assert old in TOML
    text = TOML.replace(old, new, 1)
    with pytest.raises(InputError) as refused:
        needs_of(parse_settings(text, "capacity.toml"))
    told = [str(one) for one in refused.value.problems]
    assert any(problem in line.removeprefix("capacity.toml:") for line in told)
    assert all(line.startswith("capacity.toml:") for line in told)
    assert not any("\n" in line for line in told)


def test_a_contract_that_is_no_table_is_told():
    """One problem, where a list of numbers stands for tables."""
    text = 'first_month = "2026-04"\nhours = 1\nshortage_price = 3\ncontract = [1]\n'
    with pytest.raises(InputError, match=r'"contract\.1": found "1", expected'):
        needs_of(parse_settings(text, "capacity.toml"))


# -- the command ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two days of a small demo, with its capacity.toml."""
    path = tmp_path_factory.mktemp("capacity") / "case"
    write_demo_case(path, people=20, days=1)
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_writes_and_tells(folder, tmp_path, capsys, lang):
    """Four files, and lines of at most 80 columns."""
    arguments = ["capacity", str(folder), "--out", str(tmp_path), "--lang", lang]
    assert run(arguments) == 0
    out = capsys.readouterr().out
    names = ["capacity-mix.csv", "capacity-mix.png", "hiring.csv", "hiring.png"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix in (".csv", ".png")) \
        == names  # fmt: skip
    assert ("Hiring plan" in out) == (lang == "en")
    lines = [line for line in out.splitlines() if str(tmp_path) not in line]
    assert max(map(cell_len, lines)) <= 80
    hiring = pd.read_csv(tmp_path / "hiring.csv")
    assert len(hiring) == 12
    assert hiring["workload_hours"].gt(0).all()


def test_factors_on_the_calls_become_hours(folder):
    """At 1.0 the mean day of the case, each day of the month; Erlang's above that."""
    plan = sc.read_case(folder)
    hours = "hours = [9000, 9500, 9500]"
    text = TOML.replace(hours, "volume = [1.0, 1.0, 2.0]")
    november, december, january = needs_of(parse_settings(text, "x"), plan).workload
    day = plan.case.requirement.heads.sum() / 2
    assert (november, december) == (30 * day, 31 * day)
    assert december < january < 2 * december


def test_without_a_file_the_way_to_one_is_told(folder, tmp_path, capsys):
    """The mix alone, and what to write."""
    case = tmp_path / "case"
    shutil.copytree(folder, case, ignore=shutil.ignore_patterns("out"))
    (case / "capacity.toml").unlink()
    assert run(["capacity", str(case), "--starts", "3", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "For a hiring plan write" in out
    assert not (case / "out" / "hiring.csv").exists()
    assert pd.read_csv(case / "out" / "capacity-mix.csv")["shift"].nunique() <= 3


def test_nothing_is_written_on_bad_input(folder, tmp_path, capsys):
    """Exit 3, a line for each problem."""
    file, out = tmp_path / "plan.toml", tmp_path / "out"
    file.write_text(TOML.replace("= 83", "= 0").replace("= 0.05", "= 5"))
    assert run(["capacity", str(folder), "--plan", str(file), "--out", str(out)]) == 3
    told = capsys.readouterr().err.splitlines()
    assert [line.split(" ")[0] for line in told] == ["plan.toml:9:", "plan.toml:20:"]
    assert not out.exists()
    missing = str(tmp_path / "none.toml")
    assert run(["capacity", str(folder), "--plan", missing, "--out", str(out)]) == 3
    assert not out.exists()


def test_no_mix_is_a_conflict(folder, tmp_path, capsys):
    """One shift cannot staff the clock: exit 4, and what would help."""
    arguments = ["capacity", str(folder), "--starts", "1", "--out", str(tmp_path)]
    assert run([*arguments, "--lang", "en", "--json"]) == 4
    out, err = capsys.readouterr()
    assert "with at most 1 shifts" in err
    assert json.loads(out)["mix"]["cost"] is None
