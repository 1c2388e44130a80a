"""What-if: rosters go from case to case, and no answer is worse than another's."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

from constraints import read_rules
from constraints.case import OFF, Shift
from constraints.examples import tiny_case
from constraints.roster import Roster
from constraints.rule import audit
from forecasts.problems import InputError
from forecasts.requirement import Service
from scheduler.cli import run
from scheduler.engine.breaks import place_breaks
from scheduler.engine.solve import solve
from scheduler.files.scenario import Scenario
from scheduler.files.template import write_template
from scheduler.whatif import compare, move, rule_costs, staffings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The commented case of ``roster init``."""
    path = tmp_path_factory.mktemp("case")
    write_template(path)
    return path


@pytest.fixture(scope="module")
def case():
    """Nine people for a week under the rules of the bank."""
    return tiny_case(people=9, days=7, rules=read_rules("bank"))


@pytest.fixture(scope="module")
def solved(case):
    """A roster of it."""
    return solve(case, effort=1.0)


# -- a roster in another case ---------------------------------------------------------


def test_a_roster_moved_to_its_own_case_stays(case, solved):
    """Breaks and cost with it."""
    moved = move(solved.roster, case)
    assert moved.codes() == solved.roster.codes()
    assert audit(moved).cost == solved.cost


def test_who_is_new_is_off_and_who_is_gone_is_left_out(case, solved):
    """Whatever the order of people."""
    others = replace(case, agents=(*case.agents[3:], replace(case.agents[0], id="N")))
    others = replace(others, history=np.zeros((0, 0), np.int16))
    moved = move(solved.roster, others)
    assert moved.codes() == [*solved.roster.codes()[3:], "-------"]


def test_shifts_are_known_again_by_their_codes(case, solved):
    """A shift that is there no more is a day off."""
    fewer = replace(case, shifts=case.shifts[:0:-1])
    gone = case.shifts[0].code
    moved = move(solved.roster, fewer)
    kept = [row.replace(gone, "-") for row in solved.roster.codes()]
    assert moved.codes() == kept


def test_a_cell_that_is_fixed_otherwise_gives_way(case, solved):
    """Pins hold, and nobody works who may not."""
    table = solved.roster.table
    agent, day = (int(place[0]) for place in np.nonzero(table != OFF))
    pins = case.pins.copy()
    pins[agent, day] = OFF
    assert move(solved.roster, replace(case, pins=pins)).table[agent, day] == OFF
    given_up = tuple(replace(shift, offered=False) for shift in case.shifts)
    assert (move(solved.roster, replace(case, shifts=given_up)).table == OFF).all()


def test_breaks_follow_people_and_are_placed_anew_where_shifts_change(case, solved):
    """Nobody breaks in a shift of before."""
    later = [replace(shift, start=shift.start + 60) for shift in case.shifts]
    moved = move(solved.roster, replace(case, shifts=tuple(later)))
    assert not [v for v in audit(moved).hard if v.rule == "breaks.meal"]


# -- a solve that begins with a roster ------------------------------------------------


def test_what_is_given_is_never_made_worse(case, solved):
    """However little work is allowed."""
    again = solve(case, effort=0.01, start=solved.roster)
    assert again.cost <= solved.cost
    assert again.trace[0].source == "given"


def test_a_given_roster_that_is_illegal_is_made_legal(case):
    """Another is built beside it."""
    everybody = [[case.shifts[0].code] * case.days] * len(case.agents)
    start = place_breaks(Roster.from_codes(case, everybody))
    assert audit(start).hard
    assert not solve(case, effort=1.0, start=start).audit.hard


# -- scenarios side by side -----------------------------------------------------------


@pytest.mark.slow
def test_scenarios_stand_beside_the_case_as_it_is(folder):
    """Each no dearer than what another's roster would cost in its place."""
    scenarios = [
        Scenario("busy", {"volume": 1.2}),
        Scenario("short rest", {"rules": {"rest.daily": {"hours": 8}}}),
        Scenario(
            "none", {"without": {"agents": [{"agent": f"A{n}"} for n in range(1, 9)]}}
        ),
    ]
    seen = []
    found = compare(
        folder,
        scenarios,
        seconds=600,
        effort=1.0,
        on_done=lambda one: seen.append(one.scenario.name),
    )
    assert seen == ["as it is", "busy", "short rest", "none"]
    frame = found.to_frame().set_index("scenario")
    assert frame.loc["none", "status"] == "infeasible"
    assert np.isnan(frame.loc["none", "cost"])
    assert frame.loc["short rest", "cost"] <= frame.loc["as it is", "cost"]
    solved = frame.dropna(subset="cost")
    costs = solved[[name for name in frame if name.startswith("cost ")]]
    assert (costs.sum(axis=1) == solved["cost"]).all()
    for outcome in found.outcomes[:3]:
        mine = audit(outcome.result.roster)
        assert (mine.cost, mine.hard) == (outcome.result.cost, ())
        for other in found.outcomes[:3]:
            moved = audit(move(other.result.roster, outcome.plan.case))
            assert moved.hard or moved.cost >= outcome.result.cost


def test_scenarios_that_cannot_be_read_are_told_before_any_is_solved(folder):
    """All of them."""
    bad = [
        Scenario("one", {"service": {"target": 2}}),
        Scenario("two", {"hire": [{"like": "A99"}]}),
    ]
    with pytest.raises(InputError) as caught:
        compare(folder, bad, on_done=lambda one: pytest.fail("solved"))
    assert len(caught.value.problems) == 2


def test_people_come_and_go_by_contract():
    """The last of those alike go; a number that there are not is refused."""
    case = tiny_case(people=4)
    few = replace(case.agents[3], hours_per_week=20.0)
    case = replace(case, agents=(*case.agents[:3], few))
    gone, hired = staffings(case, (-2, 1))
    assert gone.edits == {"without": {"agents": [{"agent": "A2"}, {"agent": "A3"}]}}
    assert hired.edits == {"hire": [{"like": "A1", "count": 1}]}
    with pytest.raises(ValueError, match="Expected at least -1, as 1 people"):
        staffings(case, [-2], like="A4")
    with pytest.raises(ValueError, match="Expected an agent of the case"):
        staffings(case, [1], like="A9")


# -- what each rule costs -------------------------------------------------------------


FEW = ("coverage.need", "eligibility", "hours.average", "starts.stable")


def test_each_rule_is_priced_between_its_proofs(case):
    """What is saved lies between least and most; a rule sure to cost is marked."""
    few = case.with_rules(read_rules("none", {id: {} for id in FEW}))
    frame = rule_costs(few, seconds=600, effort=2.0).to_frame()
    assert set(frame["rule"]) == set(FEW) - {"eligibility"}
    assert (frame["least"] <= frame["saved"]).all()
    assert (frame["saved"] <= frame["most"]).all()
    assert (frame["saved"] >= 0).all()
    assert frame["saved"].is_monotonic_decreasing
    assert (frame["sure"] == (frame["least"] > 0)).all()
    assert frame.set_index("rule").loc["coverage.need", "sure"]


def test_rules_of_a_case_without_a_roster_have_no_price(case):
    """There is nothing to compare with."""
    found = rule_costs(replace(case, service=Service(floor=9)), effort=2.0)
    assert found.whole.status == "infeasible"
    assert found.to_frame().empty


def test_a_shift_offered_nobody_can_be_in_the_catalogue():
    """An engine that has none to choose from leaves everybody off."""
    case = tiny_case(rules=read_rules("none", {"coverage.need": {}}))
    shut = replace(case, shifts=tuple(replace(s, offered=False) for s in case.shifts))
    assert isinstance(shut.shifts[0], Shift)
    assert (solve(shut, effort=0.5).roster.table == OFF).all()


# -- roster whatif --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_writes_a_table_and_a_picture_of_each_answer(
    folder, tmp_path, capsys, lang
):
    """And prints them within 80 columns."""
    file = tmp_path / "scenarios.toml"
    file.write_text(
        '[[scenario]]\nname = "A name that is longer than its column is"\n'
        'volume = 1.2\n[[scenario]]\nname = "nobody"\nwithout.agents = ['
        + ",".join(f'{{agent = "A{n}"}}' for n in range(1, 9))
        + "]\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    words = ["whatif", folder, file, "--people", "1", "--out", out, "--lang", lang]
    words += ["--deterministic", "--seconds", "0.5"]
    assert run(list(map(str, words))) == 0
    printed = capsys.readouterr()
    lines = [line for line in printed.out.splitlines() if str(out) not in line]
    assert max(map(cell_len, lines)) <= 80
    names = ["frontier.csv", "frontier.png", "whatif.csv", "whatif.png"]
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == names
    frame = pd.read_csv(out / "whatif.csv")
    assert list(frame["status"]) == ["feasible", "feasible", "infeasible"]
    assert list(pd.read_csv(out / "frontier.csv")["people"]) == [9, 10]
    assert ("规则冲突" if lang == "zh" else "the rules conflict") in printed.out


@pytest.mark.slow
def test_the_command_prices_rules(tmp_path, capsys):
    """As JSON, too."""
    write_template(tmp_path / "case")
    file = tmp_path / "case" / "case.toml"
    few = "".join(f'[rules."{id}"]\n' for id in FEW)
    text = file.read_text(encoding="utf-8").replace('pack = "bank"', 'pack = "none"')
    file.write_text(f"{text}{few}", encoding="utf-8")
    words = ["whatif", tmp_path / "case", "--rules", "--out", tmp_path / "out"]
    words += ["--json", "--deterministic", "--seconds", "2", "--quiet"]
    assert run(list(map(str, words))) == 0
    found = json.loads(capsys.readouterr().out)["rule-costs"]
    assert {"rule", "hard", "charged", "saved", "least", "most", "gap", "sure"} == set(
        found[0]
    )
    assert (tmp_path / "out" / "rule-costs.png").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name a file of scenarios"),
        (["--people", "a few"], "Expected people such as -4..8/2, got a few"),
        (["--people", "8..4"], "Expected people such as"),
        (["--people", "-20"], "Expected at least -4, as 4 people are like A2"),
        (["--people", "1", "--like", "A99"], "Expected an agent of the case, got A99"),
    ],
)
def test_a_question_that_is_none_is_a_usage_error(
    folder, tmp_path, capsys, words, said
):
    """Nothing is written."""
    out = tmp_path / "out"
    assert run(["whatif", str(folder), *words, "--out", str(out)]) == 2
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not out.exists()


def test_scenarios_that_cannot_be_end_with_3(folder, tmp_path, capsys):
    """With file and line, and nothing written."""
    file = tmp_path / "scenarios.toml"
    file.write_text('[[scenario]]\nname = "x"\nvolum = 1.2\n', encoding="utf-8")
    out = tmp_path / "out"
    assert run(["whatif", str(folder), str(file), "--out", str(out)]) == 3
    assert capsys.readouterr().err.startswith("scenarios.toml:3: column ")
    assert not out.exists()


def test_rules_of_a_case_without_a_roster_end_as_its_solve_does(tmp_path, capsys):
    """With the conflict."""
    write_template(tmp_path / "case")
    file = tmp_path / "case" / "case.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("floor = 1 ", "floor = 9 "), encoding="utf-8")
    assert run(["whatif", str(tmp_path / "case"), "--rules"]) == 4
    assert "floor" in capsys.readouterr().err
