"""Played rosters against exact formulas, a naive twin, and by hand."""

from dataclasses import replace

import numpy as np
import pytest

from forecasts.erlang import DEFINITIONS, performance
from forecasts.simulate import (
    NOBODY,
    Calls,
    Outlook,
    Presence,
    draw_calls,
    outlook,
    play,
    presences_of,
    replicate,
)

BOTH = frozenset({0, 1})
SKILLS = [frozenset(queues) for queues in ({0}, {1}, {2}, {0, 1}, {1, 2}, {0, 1, 2})]


def by_hand(*rows):
    """Return calls of (arrival, queue, handling, patience)."""
    arrival, queue, handling, patience = np.array(rows, dtype=float).reshape(-1, 4).T
    return Calls(arrival, queue.astype(np.int64), handling, patience)


def day_of(rate, seed=0, patience=180.0, **options):
    """Return 8 hours of calls at a constant rate per quarter of an hour."""
    rng = np.random.default_rng(seed)
    return draw_calls(rng, [rate] * 32, 240.0, 900, patience_seconds=patience)


def centre(seed):
    """Return calls of three queues, and 24 agents of all skills with breaks."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(rng, np.full((3, 8), 25.0), 240.0, 900, patience_seconds=120.0)
    presences = []
    for agent in range(24):
        times = np.sort(rng.uniform(0, 8000, 6))
        skills = SKILLS[agent % len(SKILLS)]
        for start, end in zip(times[::2], times[1::2], strict=True):
            presences.append(Presence(start, end, agent, skills))
    return calls, presences


def same(one, other):
    return (one.wait == other.wait).all() and (one.agent == other.agent).all()


# -- drawing ------------------------------------------------------------------------


def test_calls_come_at_their_rate_and_handling_time():
    """Of each queue and interval, within four standard errors."""
    rates, aht = np.array([[2000.0, 0.0], [500.0, 900.0]]), [[60.0], [300.0]]
    calls = draw_calls(np.random.default_rng(0), rates, aht, 900, patience_seconds=90.0)
    cell = calls.queue * 2 + (calls.arrival // 900).astype(int)
    counts = np.bincount(cell, minlength=4).reshape(2, 2)
    assert (abs(counts - rates) <= 4 * np.sqrt(rates)).all()
    for queue, seconds in enumerate((60.0, 300.0)):
        own = calls.handling[calls.queue == queue]
        assert own.mean() == pytest.approx(seconds, abs=4 * seconds / len(own) ** 0.5)
    assert calls.patience.mean() == pytest.approx(90.0, rel=0.07)
    assert (np.diff(calls.arrival) >= 0).all()


@pytest.mark.parametrize("cv", [0.0, 0.5, 1.0, 1.5])
def test_handling_times_spread_as_asked(cv):
    """Mean and coefficient of variation, whatever the shape."""
    calls = draw_calls(np.random.default_rng(1), [2e5], 100.0, 900, handling_cv=cv)
    assert calls.handling.mean() == pytest.approx(100.0, rel=0.02)
    assert calls.handling.std() == pytest.approx(100.0 * cv, rel=0.05, abs=1e-9)
    assert np.isinf(calls.patience).all()


def test_calls_out_of_order_are_refused():
    """Arrivals ascend."""
    with pytest.raises(ValueError, match="Expected calls in order of arrival"):
        by_hand((2, 0, 1, 1), (1, 0, 1, 1))


# -- presences ----------------------------------------------------------------------


def test_presences_follow_the_curve():
    """Heads present in each interval are those asked; equal neighbours are merged."""
    heads = np.array([0, 3, 3, 1, 0, 2])
    presences = presences_of(heads, 900, start=-900.0, first_agent=5)
    middles = -900 + 900 * (np.arange(6) + 0.5)
    counted = [sum(one.start < at < one.end for one in presences) for at in middles]
    assert counted == heads.tolist()
    assert len(presences) == 5
    assert {one.agent for one in presences} == {5, 6, 7}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: presences_of([-1], 900), "Expected 0 <= heads, got -1."),
        (lambda: Presence(5.0, 5.0, 0), "Expected start < end, got 5.0, 5.0."),
        (
            lambda: play(by_hand(), [Presence(0, 9, 0), Presence(8, 10, 0)]),
            "Expected presences of an agent apart",
        ),
    ],
)
def test_impossible_presences(make, said):
    """The condition and the value."""
    with pytest.raises(ValueError, match=said):
        make()


# -- against formulas ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "heads", "patience"),
    [
        (2.0, 3, 180.0),
        (10.0, 10, 60.0),
        (10.0, 14, None),
        (30.0, 30, 180.0),
        (30.0, 26, 350.0),
        (60.0, 62, 120.0),
    ],
)
def test_constant_staffing_is_erlang(load, heads, patience):
    """Service level by all four definitions and share giving up, within three se."""
    rate = load / 240.0 * 900

    def draw(rng):
        return draw_calls(
            rng, [rate] * 24, 240.0, 900, patience_seconds=patience, start=-7200.0
        )

    presences = presences_of([heads] * 40, 900, start=-7200.0)
    plays = list(replicate(draw, presences, replications=60, seed=3))
    seen = outlook(plays, np.zeros(16), 900, threshold_seconds=20, target=0.8)
    exact = performance(
        load, heads, aht_seconds=240, threshold_seconds=20, patience_seconds=patience
    )
    counted = seen.counted.sum(axis=1)
    for definition in DEFINITIONS:
        by = outlook(
            plays,
            np.zeros(16),
            900,
            threshold_seconds=20,
            target=0.8,
            definition=definition,
        )
        off = by.good.sum(axis=1) - exact.level(definition) * by.counted.sum(axis=1)
        assert abs(off.mean()) <= 3 * off.std(ddof=1) / len(off) ** 0.5
    real = [played.calls.arrival >= 0 for played in plays]
    gone = np.array(
        [(~played.answered)[own].sum() for played, own in zip(plays, real, strict=True)]
    )
    off = gone - exact.p_abandon * counted
    assert abs(off.mean()) <= 3 * off.std(ddof=1) / len(off) ** 0.5


def test_a_constant_curve_may_be_cut_into_any_intervals():
    """Call by call the same, by curve or by presences that meet."""
    calls = day_of(90.0)
    whole = play(calls, presences_of([25], 32 * 900))
    assert same(whole, play(calls, presences_of([25] * 32, 900)))
    pieces = [
        Presence(start, start + 300.0, agent)
        for start in range(0, 32 * 900, 300)
        for agent in range(25)
    ]
    assert same(whole, play(calls, pieces))


# -- against a naive twin -----------------------------------------------------------


def naive(calls, presences):
    """Look at everybody whenever anything happens."""
    wait, answered_by = calls.patience.copy(), np.full(len(calls), NOBODY)
    agents = {one.agent for one in presences}
    ends = dict.fromkeys(agents, -np.inf)  # of the last call of each agent
    moments = sorted({*calls.arrival, *(one.start for one in presences)})
    while moments:
        now = moments.pop(0)
        for call in np.flatnonzero(calls.arrival <= now):
            alive = now < calls.arrival[call] + calls.patience[call]
            if answered_by[call] != NOBODY or not (alive or now == calls.arrival[call]):
                continue
            idle = [
                (max(one.start, ends[one.agent]), one.agent)
                for one in presences
                if one.start <= now < one.end
                and ends[one.agent] <= now
                and calls.queue[call] in one.queues
            ]
            if idle:
                agent = min(idle)[1]
                wait[call], answered_by[call] = now - calls.arrival[call], agent
                ends[agent] = now + calls.handling[call]
                moments = sorted({*moments, ends[agent]})
    return wait, answered_by


@pytest.mark.parametrize("seed", range(4))
def test_the_naive_twin_agrees(seed):
    """Wait and agent of every call: skills, breaks, oldest call, longest idle."""
    calls, presences = centre(seed)
    played = play(calls, presences)
    wait, agent = naive(calls, presences)
    assert (played.agent == agent).all()
    assert played.wait == pytest.approx(wait)
    assert 0.3 < played.answered.mean() < 0.95


# -- what must hold whatever is drawn -----------------------------------------------


def test_nobody_takes_a_call_after_their_presence():
    """Calls are taken within a presence, by who knows the queue, one at a time."""
    calls, presences = centre(7)
    played = play(calls, presences)
    begins = calls.arrival + played.wait
    for agent in range(24):
        mine = played.agent == agent
        own = [one for one in presences if one.agent == agent]
        assert set(calls.queue[mine].tolist()) <= own[0].queues
        assert all(
            any(one.start - 1e-6 <= begin < one.end for one in own)
            for begin in begins[mine]
        )
        order = np.argsort(begins[mine])
        ends = (begins + calls.handling)[mine][order]
        assert (begins[mine][order][1:] >= ends[:-1]).all()
    assert any(
        begin + handling > max(one.end for one in presences if one.agent == agent)
        for begin, handling, agent in zip(
            begins, calls.handling, played.agent, strict=True
        )
        if agent != NOBODY
    )


def test_every_call_is_answered_or_not():
    """Answered calls waited no longer than their patience; others just as long."""
    calls, presences = centre(8)
    played = play(calls, presences)
    assert len(played.wait) == len(calls)
    assert (played.wait[played.answered] <= calls.patience[played.answered]).all()
    assert (played.wait == calls.patience)[~played.answered].all()


def test_more_heads_on_the_same_callers():
    """Replication r draws the same calls whatever the roster, each r its own."""

    def draw(rng):
        return draw_calls(rng, [90.0] * 8, 240.0, 900, patience_seconds=180.0)

    few, many = (
        list(replicate(draw, presences_of([heads] * 8, 900), replications=3, seed=4))
        for heads in (20, 26)
    )
    for one, other in zip(few, many, strict=True):
        assert (one.calls.arrival == other.calls.arrival).all()
        assert (one.calls.handling == other.calls.handling).all()
        assert (one.calls.patience == other.calls.patience).all()
        assert one.answered.sum() < other.answered.sum()
    assert few[0].calls.arrival[0] != few[1].calls.arrival[0]


def test_pooled_queues_wait_less_than_split_ones():
    """The same 14 heads for two queues: together they answer more calls in time."""
    rng = np.random.default_rng(5)
    calls = draw_calls(rng, np.full((2, 96), 22.0), 240.0, 900, patience_seconds=180.0)
    split = [
        *presences_of([7] * 96, 900),
        *presences_of([7] * 96, 900, queues=frozenset({1}), first_agent=7),
    ]
    pooled = [replace(one, queues=BOTH) for one in split]
    split_level, pooled_level = (
        play(calls, presences).judged(10.0)[0].mean() for presences in (split, pooled)
    )
    assert pooled_level > split_level + 0.05


def test_split_queues_are_two_worlds():
    """Two queues that share nobody play as each would alone."""
    rng = np.random.default_rng(6)
    calls = draw_calls(rng, np.full((2, 16), 22.0), 240.0, 900, patience_seconds=180.0)
    first = presences_of([7] * 16, 900)
    second = presences_of([6] * 16, 900, queues=frozenset({1}), first_agent=7)
    together = play(calls, [*second, *first])
    for queue, presences in enumerate((first, second)):
        own = calls.queue == queue
        alone = play(
            Calls(*(part[own] for part in vars(calls).values())),
            presences,
        )
        assert (together.wait[own] == alone.wait).all()
        assert (together.agent[own] == alone.agent).all()


# -- by hand ------------------------------------------------------------------------


def test_a_break_begins_when_the_call_ends():
    """The call at 90 ends at 130, within the break; the next is taken after it."""
    calls = by_hand((90, 0, 40, 999), (100, 0, 10, 999))
    played = play(calls, [Presence(0, 100, 0), Presence(200, 300, 0)])
    assert played.wait.tolist() == [0.0, 100.0]


def test_a_call_longer_than_the_break_eats_it():
    """The call ends at 250, after the break; the next is taken at once."""
    calls = by_hand((90, 0, 160, 999), (100, 0, 10, 999))
    played = play(calls, [Presence(0, 100, 0), Presence(200, 300, 0)])
    assert played.wait.tolist() == [0.0, 150.0]


def test_calls_left_waiting_are_not_answered():
    """The one agent goes at 100 and leaves a call that would wait for ever."""
    calls = by_hand((50, 0, 100, np.inf), (60, 0, 10, np.inf), (200, 0, 10, np.inf))
    played = play(calls, [Presence(0, 100, 0)])
    assert played.answered.tolist() == [True, False, False]
    assert np.isinf(played.wait[1:]).all()
    assert played.judged(10.0)[0].tolist() == [True, False, False]


def test_the_last_second_of_a_presence_is_not_in_it():
    """A call at the very start is taken, one at the very end is not."""
    calls = by_hand((0, 0, 5, 1), (10, 0, 5, 1))
    assert play(calls, [Presence(0, 10, 0)]).agent.tolist() == [0, NOBODY]


def test_the_longest_idle_takes_the_call():
    """Across skills: agent 1 has been idle since 0, agent 0 since 8."""
    calls = by_hand((1, 0, 7, 9), (20, 0, 5, 9), (21, 1, 5, 9), (22, 0, 5, 9))
    presences = [Presence(0, 99, 0, BOTH), Presence(0, 99, 1), Presence(2, 99, 2, BOTH)]
    assert play(calls, presences).agent.tolist() == [0, 1, 2, 0]


def test_skills_may_change_during_a_day():
    """From 50 on the agent answers queue 1 instead of queue 0."""
    calls = by_hand((40, 1, 5, 99), (60, 0, 5, 9), (61, 1, 5, 9))
    presences = [Presence(0, 50, 0), Presence(50, 90, 0, frozenset({1}))]
    played = play(calls, presences)
    assert played.agent.tolist() == [0, NOBODY, 0]
    assert played.wait.tolist() == [10.0, 9.0, 0.0]


def test_no_calls():
    """Nothing is played, and a day without calls is as good as can be."""
    played = play(by_hand(), presences_of([2], 900))
    assert len(played.wait) == 0
    seen = outlook([played], [0], 900, threshold_seconds=10, target=0.8)
    assert (seen.level, seen.p_meets.tolist()) == (1.0, [1.0])
    assert len(draw_calls(np.random.default_rng(0), [0.0, 0.0], 60.0, 900)) == 0


def test_no_heads():
    """Everybody gives up."""
    played = play(day_of(20.0), presences_of([0] * 32, 900))
    assert not played.answered.any()
    assert (played.wait == played.calls.patience).all()


# -- service level ------------------------------------------------------------------


def test_calls_to_warm_up_are_played_but_not_counted():
    """Without those before second 0, everybody would be idle at 0."""
    calls = draw_calls(np.random.default_rng(2), [90.0] * 4, 240.0, 900, start=-1800.0)
    early = calls.arrival < 0
    assert 100 < early.sum() < 260
    cold = Calls(*(part[~early] for part in vars(calls).values()))
    levels = []
    for drawn in (calls, cold):
        played = play(drawn, presences_of([24] * 4, 900, start=-1800.0))
        seen = outlook([played], [0, 0], 900, threshold_seconds=10, target=0.8)
        assert seen.counted.sum() == (~early).sum()
        levels.append(seen.level)
    assert levels[0] < levels[1]


def test_levels_by_interval_of_arrival():
    """The call that came in the first interval counts there, whenever answered."""
    calls = by_hand((0, 0, 2000, 1), (890, 0, 5, 9999), (950, 1, 5, 1), (1900, 1, 5, 1))
    presences = [Presence(0, 9999, 0), Presence(0, 9999, 1, frozenset({1}))]
    played = play(calls, presences)

    def levels(**options):
        seen = outlook(
            [played], [0, 0], 900, threshold_seconds=10, target=0.8, **options
        )
        return seen.good.tolist(), seen.counted.tolist()

    assert levels() == ([[1, 1]], [[2, 1]])
    assert levels(queue=1) == ([[0, 1]], [[0, 1]])


def test_definitions_from_strict_to_lenient():
    """Ours is never above any other."""
    played = play(day_of(90.0), presences_of([20] * 32, 900))
    shares = []
    for definition in DEFINITIONS:
        good, counted = played.judged(10.0, definition)
        assert not (good & ~counted).any()
        shares.append(good.sum() / counted.sum())
    assert shares[0] < min(shares[1:])


def test_the_outlook_of_two_days():
    """Four replications of two intervals a day, by hand."""
    good = np.array([[8, 10, 0, 0], [9, 9, 5, 5], [10, 10, 0, 9], [7, 7, 0, 0]])
    counted = np.array(
        [[10, 10, 0, 0], [10, 10, 5, 5], [10, 10, 5, 10], [10, 10, 5, 5]]
    )
    seen = Outlook(good, counted, np.array([0, 0, 1, 1]), target=0.9)
    assert seen.interval_level == pytest.approx([34 / 40, 36 / 40, 5 / 15, 14 / 20])
    assert seen.day_levels[:, 0] == pytest.approx([0.9, 0.9, 1.0, 0.7])
    assert seen.day_levels[:, 1] == pytest.approx([1.0, 1.0, 0.6, 0.0])
    assert seen.p_meets.tolist() == [0.75, 0.5]
    assert seen.day_band(1.0)[:, 0] == pytest.approx([0.7, 1.0])
    assert seen.interval_band(1.0)[:, 0] == pytest.approx([0.7, 1.0])
    assert (
        repr(seen) == "<Outlook 4 replications: 77.4% in time, 0.9 met on 62% of days>"
    )
