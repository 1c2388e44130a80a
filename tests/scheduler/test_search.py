"""Searches and their keeper: who waits for whom, and what is kept."""

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from constraints import read_rules
from constraints.examples import tiny_case
from constraints.roster import Roster
from scheduler.engine import improve, search, solve
from scheduler.engine.alone import Alone
from scheduler.engine.improve import Improver, Standing
from scheduler.engine.patch import Patch
from scheduler.engine.paths import Paths
from scheduler.engine.search import first_roster, follow_apart
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts


def improver(case) -> Improver:
    return Improver(Alone(case, Paths(case), Starts(case)), 1)


def test_a_follower_waits_for_what_another_finds(monkeypatch):
    """Then it improves that, and ends when it is told to."""
    monkeypatch.setattr(search, "PATIENCE", 0.001)
    case = tiny_case(people=6, days=7, rules=read_rules("bank"))
    first = Patch.of(first_roster(case, Budget(60), 1))
    talk = follow_apart(case, monotonic() + 60, 1)
    assert next(talk).source == "start"
    assert talk.send([first]).source == "wait"
    assert talk.send([]).source == "wait"
    assert talk.send([first]).source == "improve"
    with pytest.raises(StopIteration):
        talk.send(None)


def test_a_follower_that_hears_nothing_goes_on_by_itself(monkeypatch):
    """The other search may have died."""
    monkeypatch.setattr(search, "PATIENCE", 0.001)
    monkeypatch.setattr(search, "BLENDING", 0.0)
    case = tiny_case(people=6, days=7, rules=read_rules("bank"))
    talk = follow_apart(case, monotonic() + 60, 1)
    assert next(talk).source == "start"
    first = Patch.of(first_roster(case, Budget(60), 1))
    assert talk.send([first]).source == "improve"


def test_what_changes_nothing_is_not_told():
    """A patch equals another where shifts, overtime and breaks are the same."""
    case = tiny_case(people=6, days=7, rules=read_rules("bank"))
    first = Patch.of(first_roster(case, Budget(60), 1))
    assert first.same(first)
    assert not first.same(replace(first, shift=first.shift + 1))
    assert not first.same(replace(first, overtime=first.overtime + 1))
    lunches = first.duties
    assert not first.same(replace(first, duties=lunches.pick(lunches.day > 0)))


def test_everybody_keeps_a_way_where_ways_are_left_out(monkeypatch):
    """Few are taken, the standing ones always; who has none keeps their cheapest."""
    monkeypatch.setattr(improve, "WAYS", 2)
    case = tiny_case(people=3, days=3, rules=read_rules("bank"))
    ours = improver(case)
    ways = np.array([[-1, -1], [0, -1], [0, 0]], np.int16)

    def within(agent, row, span):
        if agent == 0:  # what stands for this one is among no ways
            return ways[1:], np.array([7.0, 9.0])
        return ways, np.array([9.0, 0.0, 0.0])

    monkeypatch.setattr(ours.alone.paths, "within", within)
    nobody = Roster.empty(case)
    rows = ours._rows(nobody, np.arange(3), np.arange(2))
    assert [row.tolist() for row in rows[0][1]] == [[0, -1]]
    assert all((ways[0] == rows[agent][1]).all(axis=1).any() for agent in (1, 2))


def test_a_legal_roster_is_never_given_up_for_a_cheaper_one():
    """Not even where what is saved is worth more than a hard rule's price."""
    book = {rule.id: rule for rule in read_rules("bank")}
    dear = replace(book["coverage.need"], short=100_000)
    case = tiny_case(people=1, days=7, need=1, rules=(dear, book["sequence.run"]))
    legal = Standing.of(Roster.from_codes(case, ["DDDDDD-"]))
    broken = Standing.of(Roster.from_codes(case, ["DDDDDDD"]))
    assert not legal.audit.hard
    assert broken.audit.hard
    assert broken.weight < legal.weight
    keeper = solve._Run(case, Budget(60), 1, 1, None, 0, None)
    keeper._better(broken, "construct")
    keeper.bound = broken.audit.cost
    assert not keeper._settled
    keeper._take(Patch.of(legal.roster), "improve")
    keeper._take(Patch.of(broken.roster), "improve")
    assert not keeper.best.audit.hard


def test_the_bound_says_what_of_it_is_coverage():
    """All, where nothing else costs; a part under the bank's rules."""
    rules = read_rules("bank")
    bank = tiny_case(people=6, days=7, need=9, rules=rules)
    bare = bank.with_rules([bank.rule("coverage.need")])
    for case, least in ((bare, 1.0), (bank, 0.5)):
        found = solve.solve(case, effort=1.0, workers=1)
        assert least * found.bound <= found.coverage_in_bound <= found.bound > 0
