"""Alternative: the best roster near one that stands, under one more wish."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN
from constraints.roster import Duties, Roster
from scheduler.engine.improve import Standing
from scheduler.engine.model import RosterModel
from scheduler.engine.solver import QUICK, Budget, run

Wish = Callable[[RosterModel], object]
Cells = NDArray[np.bool_]
EFFORT, SECONDS = 20.0, 60.0  # for the best of all, at the most
LITTLE = 1.0  # effort for one cell
TRY, ALL_TRIES = 0.1, 2.0  # effort to leave some people out, and to try all


def other_than(agent: int, day: int, shift: int) -> Wish:
    """Wish for something else in a cell than a shift, or a day off."""

    def wish(model: RosterModel) -> object:
        cell = model.cells.get((agent, day))
        if cell is None:
            return model.cp.add_bool_or([])
        if shift == OFF:
            return model.cp.add_bool_or(list(cell.values()))
        # A shift that may not be worked there cannot be kept anyway.
        return model.cp.add(cell[shift] == 0) if shift in cell else None

    return wish


def one_more(roster: Roster, interval: int, queue: int) -> Wish:
    """Wish for one more head on the phone than a roster has, able for a queue."""
    able = np.flatnonzero(roster.case.skill_sets.sets[:, queue])
    now = int(roster.phone_by_set[able, interval].sum())

    def wish(model: RosterModel) -> object:
        heads = [term for skills in able for term in model.phone(interval, int(skills))]
        return model.cp.add(sum(weight * count for weight, count in heads) >= now + 1)

    return wish


def single(
    standing: Standing, agent: int, day: int, allowed: Cells, wish: Wish | None = None
) -> Standing | None:
    """Return the roster where one cell alone changes, at the least harm.

    Hard rules have a price, so that there is one to show which of them break.

    Parameters
    ----------
    allowed
        Shifts that the cell may take; shape ``(shifts,)``; with none a day off.
    wish
        What the cell must bring; a shift where left out.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.rest import DailyRest
    >>> case = tiny_case().with_rules([DailyRest()])
    >>> stands = Standing.of(Roster.from_codes(case, ["ND-", "DD-"]))
    >>> off = single(stands, 0, 1, np.zeros(len(case.shifts), bool))
    >>> off.roster.codes()
    ['N--', 'DD-']
    """
    case = standing.roster.case
    cells = np.zeros(standing.roster.table.shape, bool)
    cells[agent, day] = True
    mask = np.zeros_like(case.free_to_work)
    mask[agent, day] = allowed
    hard = frozenset(rule.id for rule in case.rules if rule.penalty is None)
    model = RosterModel(standing.roster, case.rules, cells, guarded=hard, allowed=mask)
    if wish is not None:
        wish(model)
    elif allowed.any():
        model.cp.add_bool_or(list(model.cells[agent, day].values()))
    return _found(model, Budget(SECONDS), LITTLE, 1, 1)[0]


def best_within(
    standing: Standing,
    cells: Cells,
    wish: Wish,
    budget: Budget,
    seed: int,
    workers: int,
) -> tuple[Standing | None, bool]:
    """Return the best roster under a wish, by few moves, and whether it is proved best.

    Parameters
    ----------
    standing
        What stands outside the cells. Hard rules that it breaks may stay broken, but
        at a price.
    cells
        Cells that may change, except pins; shape ``(agents, days)``.

    Returns
    -------
    tuple
        The roster with its audit, None where there is none or none was found, and
        whether no better one, or none at all, exists.
    """
    cells = cells & (standing.roster.case.pins == OPEN)
    effort = EFFORT if budget.effort is None else budget.effort - budget.spent
    model = _model(standing, cells, wish)
    best, proved = _found(model, budget, effort, seed, workers)
    return (None if best is None else _fewest(standing, best, wish)), proved


def _model(standing: Standing, cells: Cells, wish: Wish) -> RosterModel:
    broken = frozenset(violation.rule for violation in standing.audit.hard)
    roster = standing.roster
    model = RosterModel(roster, roster.case.rules, cells, guarded=broken)
    model.hint()
    wish(model)
    return model


def _found(
    model: RosterModel, budget: Budget, effort: float, seed: int, workers: int
) -> tuple[Standing | None, bool]:
    outcome = run(
        model.cp,
        budget,
        seconds=SECONDS,
        effort=effort,
        seed=seed,
        workers=workers,
        parameters=QUICK,
    )
    if not outcome.found:
        return None, outcome.infeasible
    return Standing.of(model.read(outcome.value)), outcome.proved


def moved(one: Roster, other: Roster) -> Cells:
    """Return the cells in which two rosters differ, breaks included."""
    changed = (one.table != other.table) | (one.overtime != other.overtime)
    before, after = (
        set((roster.duties or Duties.of(())).rows()) for roster in (one, other)
    )
    for agent, day, *_ in before ^ after:
        changed[agent, day] = True
    return np.asarray(changed)


def _fewest(standing: Standing, best: Standing, wish: Wish) -> Standing:
    """Return a roster as good that moves few people: leave out who is not needed."""

    def without(people: list[int]) -> Standing | None:
        if budget.over:
            return None
        cells = moved(standing.roster, best.roster)
        cells[people] = False
        found, _ = _found(_model(standing, cells, wish), budget, TRY, 1, 1)
        return found if found is not None and found.weight <= best.weight else None

    budget = Budget(SECONDS, ALL_TRIES)
    same = (best.roster.table == standing.roster.table).all(axis=1)
    best = without([n for n in _movers(standing, best) if same[n]]) or best
    size = len(_movers(standing, best)) // 2
    while size:
        first = 0
        while first < len(people := _movers(standing, best)):
            fewer = without(people[first : first + size])
            best, first = (best, first + size) if fewer is None else (fewer, first)
        size //= 2
    return best


def _movers(standing: Standing, best: Standing) -> list[int]:
    return [int(n) for n in np.flatnonzero(moved(standing.roster, best.roster).any(1))]
