"""Scenarios: the case as a planner would have edited it, and every mistake told."""

import pytest

from constraints.case import OPEN
from forecasts.problems import InputError
from scheduler.files.read import read_case
from scheduler.files.scenario import Scenario, read_scenarios
from scheduler.files.template import write_template


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The commented case of ``roster init``."""
    path = tmp_path_factory.mktemp("case")
    write_template(path)
    return path


def case_of(folder, **edits):
    """Return the case under some edits."""
    return read_case(folder, Scenario("edited", edits)).case


def test_a_scenario_without_edits_changes_nothing(folder):
    """Requirement, people and shifts are those of the case."""
    before, after = read_case(folder).case, case_of(folder)
    assert (before.requirement.heads == after.requirement.heads).all()
    assert before.agents == after.agents
    assert before.rules == after.rules


def test_volume_is_a_factor_on_calls(folder):
    """A tenth more calls, and heads for them."""
    before, after = read_case(folder).case, case_of(folder, volume=1.1)
    assert after.forecast.calls.sum() == pytest.approx(
        1.1 * before.forecast.calls.sum()
    )
    assert after.requirement.heads.sum() > before.requirement.heads.sum()


def test_volume_multiplies_what_the_case_has(folder):
    """Ten per cent more than a case that has a fifth more is 32 % more in all."""
    whole = read_case(folder).case.forecast.calls.sum()
    both = case_of(folder, volume=1.1, forecast={"volume": 1.2})
    assert both.forecast.calls.sum() == pytest.approx(1.32 * whole)


def test_who_is_absent_is_sick_where_not_on_leave_already(folder):
    """Leave of before stays what it was; pins of these days are gone."""
    away = [{"agent": "A2", "first": "2026-03-09", "last": "2026-03-13"}]
    case = case_of(folder, absent=away)
    kinds = [case.leave_kinds.get((1, day)) for day in range(6, 13)]
    assert kinds == [None, "sick", "annual", "annual", "annual", "sick", None]
    case = case_of(
        folder,
        absent=[{"agent": "A7", "first": "2026-03-08", "last": "2026-03-08"}],
    )
    assert (case.pins == OPEN).all()


def test_who_is_hired_is_like_somebody_there(folder):
    """But for the columns that say otherwise; ids that are taken are passed over."""
    hired = [{"like": "A8", "count": 2, "hours_per_week": 20}, {"like": "A8"}]
    case = case_of(folder, hire=hired, agents=[{"agent": "A8+2", "name": "Temp"}])
    found = {agent.id: (agent.hours_per_week, agent.classes) for agent in case.agents}
    classes = frozenset({"day", "evening"})
    assert found["A8+1"] == (20, classes)
    assert found["A8+3"] == (20, classes)
    assert found["A8+4"] == (30, classes)
    assert found["A8+2"] == (40, frozenset())


def test_with_a_person_goes_all_that_is_said_of_them(folder):
    """Wishes, leave and limits too."""
    gone = [{"agent": id} for id in ("A3", "A6", "A8")]
    case = case_of(folder, without={"agents": gone})
    assert [agent.id for agent in case.agents] == ["A1", "A2", "A4", "A5", "A7", "A9"]
    assert not case.requests
    assert not case.limits
    assert len(case.leave) == 1


def test_a_shift_given_up_suits_nobody(folder):
    """It stays in the catalogue, as history may name it."""
    case = case_of(folder, without={"shifts": [{"shift": "E1"}]})
    assert [shift.offered for shift in case.shifts] == [False, True, True, True]
    assert not case.may[:, :, 0].any()


def test_lines_are_changed_by_their_keys_or_added(folder):
    """Other columns of the line stay."""
    case = case_of(
        folder,
        shifts=[
            {"shift": "E1", "end": "16:00"},
            {"shift": "X", "class": "day", "start": "07:15", "end": "15:15"},
        ],
        agents=[{"agent": "A9", "classes": ["day", "evening"]}],
        rules={"rest.daily": {"hours": 10}},
    )
    assert (case.shifts[0].start, case.shifts[0].end) == (480, 960)
    assert case.shifts[4].code == "X"
    assert case.agents[8].classes == {"day", "evening"}
    assert case.agents[8].hours_per_week == 20
    assert case.rule("rest.daily").hours == 10


def test_other_edits_have_another_hash(folder):
    """The name alone changes nothing."""
    plain = read_case(folder).input_hash
    one = read_case(folder, Scenario("one", {"volume": 1.1})).input_hash
    assert one != plain
    assert one == read_case(folder, Scenario("two", {"volume": 1.1})).input_hash
    assert one != read_case(folder, Scenario("one", {"volume": 1.2})).input_hash


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"volum": 2}, 'column "volum": found "volum", expected a part of a scenario.'),
        ({"volume": 0}, 'column "volume": found "0", expected a factor from 0.01'),
        ({"hire": [{"count": 2}]}, 'column "hire.0.like": found "no such column"'),
        ({"hire": [{"like": "A99"}]}, 'found "A99", expected an agent of agents.csv'),
        ({"hire": [{"like": "A1", "count": 0}]}, 'column "hire.0.count": found "0"'),
        ({"absent": [{"agent": "A1", "first": "x", "last": "x"}]}, 'found "x"'),
        ({"pins": {"agent": "A1"}}, 'column "pins": found "dict", expected a list'),
        ({"pins": [{"agent": "A1"}]}, 'column "pins.0.date"'),
        ({"without": {"calls": []}}, 'column "without.calls"'),
        ({"without": {"pins": [{"agnt": "A7"}]}}, 'Did you mean "agent"?'),
        ({"service": {"target": 2}}, 'case.toml under "edited"'),
        ({"agents": [{"agent": "A1", "joined": "?"}]}, 'agents.csv under "edited":2:'),
    ],
)
def test_an_edit_that_can_be_none_is_told(folder, edits, said):
    """With what was found and what was expected."""
    with pytest.raises(InputError) as caught:
        case_of(folder, **edits)
    assert said in str(caught.value)


def test_volume_needs_calls(folder, tmp_path):
    """A requirement that is given has no calls to multiply."""
    write_template(tmp_path / "case")
    frame = read_case(folder).case.requirement.to_frame()
    frame.to_csv(tmp_path / "case" / "requirement.csv", index=False)
    with pytest.raises(InputError) as caught:
        case_of(tmp_path / "case", volume=1.1)
    assert "expected volume = 1, as requirement.csv stands in" in str(caught.value)


def test_a_file_of_scenarios_is_read(tmp_path):
    """Inline tables and tables of their own alike."""
    file = tmp_path / "scenarios.toml"
    file.write_text(
        '[[scenario]]\nname = "Busy"\nvolume = 1.1\n'
        '[[scenario]]\nname = "Rest"\nrules."rest.daily".hours = 10\n'
        "[scenario.service]\ntarget = 0.8\n"
        '[[scenario.hire]]\nlike = "A1"\ncount = 2\n',
        encoding="utf-8",
    )
    busy, rest = read_scenarios(file)
    assert busy == Scenario("Busy", {"volume": 1.1})
    assert rest.edits["service"] == {"target": 0.8}
    assert list(rest.told()) == [
        'rules."rest.daily".hours = 10',
        "service.target = 0.8",
        "hire like A1, count 2",
    ]


def test_mistakes_in_a_file_have_their_lines(tmp_path):
    """All of them at once."""
    file = tmp_path / "scenarios.toml"
    file.write_text(
        '[[scenario]]\nname = "Busy"\nvolume = "two"\n\n'
        '[[scenario]]\nname = "Busy"\n[[scenario.hire]]\nlik = "A1"\n'
        "[[scenario]]\nvolume = 1\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_scenarios(file)
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == [
        (3, "volume"),
        (6, "name"),
        (7, "hire.0.like"),
        (8, "hire.0.lik"),
        (9, "name"),
    ]


def test_a_file_without_scenarios_is_refused(tmp_path):
    """Whatever else it holds."""
    file = tmp_path / "scenarios.toml"
    file.write_text("schema = 1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"expected tables \[\[scenario\]\]"):
        read_scenarios(file)
