"""A CP-SAT model of some open cells of a roster, made from the rules themselves."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from constraints.breaks import Break
from constraints.case import OFF, Case
from constraints.cycle import cycles
from constraints.hours import HoursOvertime, overtime_open
from constraints.roster import Duties, Roster
from constraints.rule import Literal, Rule, Terms, Where
from scheduler.engine.starts import Start, Way, start_of

BROKEN = 10_000  # cost of a unit of a hard rule that is guarded instead of enforced


BySet = dict[int, dict[int, list[tuple[int, Any]]]]
Rows = tuple[range, NDArray[np.int16], NDArray[np.float64]]  # days, ways, costs


@dataclass(frozen=True)
class Charge:
    """A priced amount in the objective; ``amount`` is a solver expression or whole."""

    rule: Rule
    where: Where
    amount: Any
    price: int


class RosterModel:
    """The draft that rules write to, and the CP-SAT model it becomes.

    Cells that are not open are constants taken from ``around``. Breaks of open cells
    are counted per day, shift and way to break it, as people in the same shift are
    interchangeable for coverage; ``personal_breaks`` gives each person their own.

    Parameters
    ----------
    around
        Roster whose cells stand where they are not open.
    rules
        Rules to state.
    open_cells
        Cells to decide; shape ``(agents, days)``.
    guarded
        Ids of hard rules to price at ``BROKEN`` a unit instead of enforcing.
    allowed
        Shifts an open cell may take; shape ``(agents, days, shifts)``; what the fixed
        cells leave open where left out.
    ways
        Ways to break a shift by day and shift, where not those of ``breaks.meal``.
    rows
        For some people, all ways to work the open days, with what each costs; the
        rules about one person need not be stated then.
    scale
        What a unit of cost of the rules weighs beside the costs of ``rows``.
    """

    def __init__(
        self,
        around: Roster,
        rules: Sequence[Rule],
        open_cells: NDArray[np.bool_],
        *,
        guarded: frozenset[str] = frozenset(),
        allowed: NDArray[np.bool_] | None = None,
        ways: dict[tuple[int, int], list[Way]] | None = None,
        personal_breaks: bool = False,
        rows: dict[int, Rows] | None = None,
        scale: int = 1,
    ) -> None:
        self.case: Case = around.case
        self.around = around
        self.cp = cp_model.CpModel()
        self.ledger: list[Charge] = []
        self._open = open_cells
        self._guarded = guarded
        self._allowed = self.case.free_to_work if allowed is None else allowed
        self._ways_given = ways
        self._personal = personal_breaks
        self._groups: dict[tuple[int, int, tuple[int, ...]], Literal] = {}
        self._overtime: dict[tuple[int, int], Any] = {}
        self._past = self.case.past
        self._full: list[list[int]] = around.full.tolist()
        self._index(max((rule.reach() for rule in rules), default=0))
        self._row_costs: list[tuple[int, Any]] = []
        self._make_cells(rows or {})
        for rule in rules:
            self._rule = rule
            rule.encode(self)
        self._limit_overtime()
        terms = [(charge.price * scale, charge.amount) for charge in self.ledger]
        terms += self._row_costs
        if terms:
            self.cp.minimize(_weighted(terms))

    # -- cells ----------------------------------------------------------------------
    def _index(self, reach: int) -> None:
        """Work out which people, days and columns the open cells concern."""
        self.agents: Sequence[int] = [int(a) for a in np.flatnonzero(self._open.any(1))]
        days = np.flatnonzero(self._open.any(0))
        first, last = (int(days[0]), int(days[-1])) if days.size else (0, -1)
        self.days: Sequence[int] = range(
            max(0, first - 1), min(self.case.days, last + reach + 1)
        )
        self._open_days = set(map(int, days))

    def _make_cells(self, rows: dict[int, Rows]) -> None:
        self.cells: dict[tuple[int, int], dict[int, Any]] = {}
        self._working: dict[tuple[int, int], Literal] = {}
        chosen = {agent: self._make_rows(*given) for agent, given in rows.items()}
        for agent, day in zip(*np.nonzero(self._open), strict=True):
            at = (int(agent), int(day))
            if at[0] in chosen:
                literals = chosen[at[0]][at[1]]
            else:
                literals = {
                    int(shift): self.cp.new_bool_var("")
                    for shift in np.flatnonzero(self._allowed[at])
                }
            self.cells[at] = literals
            if literals:
                working = self.cp.new_bool_var("")
                self.cp.add(_sum(literals.values()) == working)
                self._working[at] = working
            else:
                self._working[at] = 0

    def _make_rows(
        self, days: range, ways: NDArray[np.int16], costs: NDArray[np.float64]
    ) -> dict[int, dict[int, Any]]:
        """Make a literal for each way to work some days; return those of the cells."""
        chosen = [self.cp.new_bool_var("") for _ in ways]
        self.cp.add_exactly_one(chosen)
        self._row_costs += [
            (int(cost), one) for cost, one in zip(costs, chosen, strict=True) if cost
        ]
        cells: dict[int, dict[int, Any]] = {}
        for place, day in enumerate(days):
            cells[day] = {}
            for shift in map(int, np.unique(ways[:, place])):
                if shift == OFF:
                    continue
                with_it = [chosen[n] for n in np.flatnonzero(ways[:, place] == shift)]
                literal = with_it[0]
                if len(with_it) > 1:
                    literal = self.cp.new_bool_var("")
                    self.cp.add(_sum(with_it) == literal)
                cells[day][shift] = literal
        return cells

    @cached_property
    def _most(self) -> dict[int, int]:
        """Upper bounds of counting variables, by index; 1 for all others."""
        return {}

    def works(self, agent: int, day: int, shift: int) -> Literal:
        """Return whether a person starts a shift on a day."""
        cell = self.cells.get((agent, day))
        if cell is not None:
            return cell.get(shift, 0)
        return int(self._stands(agent, day) == shift)

    def _stands(self, agent: int, day: int) -> int:
        column = day + self._past
        return self._full[agent][column] if column >= 0 else OFF

    def any_shift(self, agent: int, day: int, shifts: Iterable[int]) -> Literal:
        """Return whether a person starts one of some shifts on a day."""
        cell = self.cells.get((agent, day))
        if cell is None:
            stands = self._stands(agent, day)
            return int(stands != OFF and stands in shifts)
        asked = tuple(shift for shift in map(int, shifts) if shift in cell)
        if len(asked) == len(cell):
            return self._working[agent, day]
        if len(asked) < 2:
            return cell[asked[0]] if asked else 0
        key = (agent, day, asked)
        if key not in self._groups:
            group = self.cp.new_bool_var("")
            self.cp.add(_sum(cell[shift] for shift in asked) == group)
            self._groups[key] = group
        return self._groups[key]

    def working(self, agent: int, day: int) -> Literal:
        """Return whether a person starts any shift on a day."""
        literal = self._working.get((agent, day))
        return int(self._stands(agent, day) != OFF) if literal is None else literal

    def off(self, agent: int, day: int) -> Literal:
        """Return whether a person starts no shift on a day."""
        return self.no(self.working(agent, day))

    def paid(self, agent: int, day: int) -> Terms:
        """Return the paid minutes of a person on a day."""
        column = day + self.case.past
        if column < 0:
            return []
        minutes = self.case.paid[column]
        cell = self.cells.get((agent, day))
        if cell is None:
            stands = self._stands(agent, day)
            return [] if stands == OFF else [(int(minutes[stands]), 1)]
        return [(int(minutes[shift]), literal) for shift, literal in cell.items()]

    def touches(self, columns: range) -> bool:
        """Return whether open cells can change anything on some columns."""
        return any(column - self.case.past in self._open_days for column in columns)

    # -- heads and breaks -----------------------------------------------------------
    def _start(self, day: int, shift: int) -> Start:
        given = self._ways_given
        return start_of(
            self.case, day, shift, None if given is None else given[day, shift]
        )

    @cached_property
    def _cover(self) -> "_Cover":
        """Heads, and breaks of open cells; made only where a rule asks for them."""
        table = np.where(self._open, OFF, self.around.table).astype(np.int16)
        duties = self.around.duties or Duties.of(())
        rest = Roster(
            self.case, table, duties.pick(~self._open[duties.agent, duties.day])
        )
        cover = _Cover(rest)
        cover.heads = heads = self._count_heads()
        starts = {at[:2]: self._start(*at[:2]) for at in heads}
        for (day, shift, skills), count in heads.items():
            present = starts[day, shift].present
            for interval in range(present.start, present.stop):
                cover.present[interval][skills].append((1, count))
        for owner, count in (self._owners() if self._personal else heads).items():
            self._make_ways(cover, owner, starts[owner[0], owner[1]], count)
        return cover

    @property
    def way_counts(self) -> dict[tuple[int, int, int], list[tuple[Way, Any]]]:
        """How many people break a shift in each way, by day, shift and set of skills.

        Where breaks are personal, by day, shift and person.
        """
        return self._cover.ways

    @property
    def intervals(self) -> Sequence[int]:
        """Intervals that open cells can change."""
        if self._open.all():
            return range(self.case.clock.intervals)
        return sorted(self._cover.present)

    def _count_heads(self) -> dict[tuple[int, int, int], Any]:
        """Return how many people of open cells start each shift, by set of skills."""
        by_column: dict[tuple[int, int, int], list[Any]] = defaultdict(list)
        for (agent, day), cell in self.cells.items():
            for shift, literal in cell.items():
                by_column[day, shift, self._set_of[agent]].append(literal)
        heads: dict[tuple[int, int, int], Any] = {}
        for column, literals in by_column.items():
            heads[column] = literals[0]
            if len(literals) > 1:
                heads[column] = self._count(len(literals))
                self.cp.add(_sum(literals) == heads[column])
        return heads

    @cached_property
    def _set_of(self) -> list[int]:
        return self.case.skill_sets.of.tolist()

    def _owners(self) -> dict[tuple[int, int, int], Any]:
        return {
            (day, shift, agent): literal
            for (agent, day), cell in self.cells.items()
            for shift, literal in cell.items()
        }

    def _make_ways(
        self, cover: "_Cover", owner: tuple[int, int, int], start: Start, heads: Any
    ) -> None:
        counts = [heads]
        if len(start.ways) > 1:
            most = self._most.get(heads.index, 1)
            counts = [self._count(most) for _ in start.ways]
            self.cp.add(_sum(counts) == heads)
        ways = [way for way, _ in start.ways]
        cover.ways[owner] = list(zip(ways, counts, strict=True))
        skills = self._set_of[owner[2]] if self._personal else owner[2]
        for number, count in enumerate(counts):
            for interval in start.away(number):
                cover.gone[interval][skills].append((1, count))

    def _count(self, most: int) -> Any:
        if most == 1:
            return self.cp.new_bool_var("")
        count = self.cp.new_int_var(0, most, "")
        self._most[count.index] = most
        return count

    def scheduled(self, interval: int) -> Terms:
        """Return the heads in a shift in an interval."""
        cover = self._cover
        present = cover.present[interval].values()
        return [(int(cover.rest.scheduled[interval]), 1), *chain(*present)]

    def on_break(self, interval: int) -> Terms:
        """Return the heads on a break in an interval."""
        cover = self._cover
        gone = cover.gone[interval].values()
        return [(int(cover.rest.on_break[interval]), 1), *chain(*gone)]

    def on_phone(self, interval: int) -> Terms:
        """Return the heads on the phone in an interval."""
        able = np.flatnonzero(self.case.skill_sets.able)
        return [term for skills in able for term in self.phone(interval, int(skills))]

    def phone(self, interval: int, skills: int) -> Terms:
        """Return the heads on the phone that have a set of skills."""
        cover = self._cover
        gone = [(-weight, count) for weight, count in cover.gone[interval][skills]]
        base = int(cover.phone[skills, interval])
        return [(base, 1), *cover.present[interval][skills], *gone]

    def answer(self, interval: int, short: int, over: int) -> None:
        """Charge heads short and over of all queues, split as well as can be."""
        skills, need = self.case.skill_sets, self.case.requirement.heads[:, interval]
        heads = [self.phone(interval, number) for number in range(len(skills.sets))]
        lack = self.cp.new_int_var(0, int(need.sum()), "")
        for group, helps in zip(*skills.tight, strict=True):
            base, parts = _split(
                list(chain(*(heads[n] for n in np.flatnonzero(helps))))
            )
            due = int(need[group].sum()) - base
            if due > 0:
                self.cp.add(_weighted([*parts, (1, lack)]) >= due)
        where = Where(interval=interval, queue=0)
        self._pay(lack, where, short + over)
        base, parts = _split(self.on_phone(interval))
        self._pay(_weighted(parts) + (base - int(need.sum())), where, over)

    def breaks_taken(self) -> Iterator[tuple[Where, Literal, int, int, Way]]:
        """Yield place, literal, start, end and breaks of each way to break a shift."""
        for owner, ways in self.way_counts.items():
            day, shift = owner[:2]
            where = Where(agent=owner[2] if self._personal else None, day=day)
            column = day + self.case.past
            start = int(self.case.start[column, shift])
            end = int(self.case.end[column, shift])
            for way, count in ways:
                yield where, count, start, end, way

    # -- overtime -------------------------------------------------------------------
    @cached_property
    def _overtime_rule(self) -> HoursOvertime | None:
        rule = self.case.rule("hours.overtime")
        return rule if isinstance(rule, HoursOvertime) and rule.allowed else None

    def overtime(self, agent: int, day: int) -> Terms:
        """Return the overtime minutes booked on a day."""
        if day < 0:
            return []
        if (agent, day) not in self.cells:
            booked = int(self.around.overtime[agent, day])
            return [(booked, 1)] if booked else []
        rule = self._overtime_rule
        if rule is None or not overtime_open(self.case)[agent, day]:
            return []
        if (agent, day) not in self._overtime:
            minutes = self.cp.new_int_var(0, rule.day_minutes, "")
            self._most[minutes.index] = rule.day_minutes
            self.cp.add(minutes <= rule.day_minutes * self._working[agent, day])
            self._overtime[agent, day] = minutes
        return [(1, self._overtime[agent, day])]

    def _limit_overtime(self) -> None:
        rule = self._overtime_rule
        if rule is None or not self._overtime:
            return
        for month in cycles(self.case, "month"):
            days = [column - self.case.past for column in month.columns(self.case)]
            for agent in self.agents:
                booked = [term for day in days for term in self.overtime(agent, day)]
                if booked:
                    self.cp.add(_weighted(booked) <= rule.month_minutes)

    # -- logic ----------------------------------------------------------------------
    def no(self, literal: Literal) -> Literal:
        """Return the opposite of a literal."""
        return 1 - literal if isinstance(literal, int) else ~literal

    def any_of(self, literals: Sequence[Literal]) -> Literal:
        """Return whether one of some literals is true."""
        if any(isinstance(one, int) and one for one in literals):
            return 1
        open_ones = [one for one in literals if not isinstance(one, int)]
        if len(open_ones) < 2:
            return open_ones[0] if open_ones else 0
        found = self.cp.new_bool_var("")
        self.cp.add_max_equality(found, open_ones)
        return found

    def forced(self, causes: Sequence[Sequence[Literal]]) -> Literal:
        """Return a literal that is true whenever one of the sets is wholly true."""
        alive = [_open_part(cause) for cause in causes]
        sets = [cause for cause in alive if cause is not None]
        if any(not cause for cause in sets):
            return 1
        if not sets:
            return 0
        if len(sets) == 1 and len(sets[0]) == 1:
            return sets[0][0]
        found = self.cp.new_bool_var("")
        for cause in sets:
            self.cp.add_bool_or([*(~one for one in cause), found])
        return found

    def witness(self, blockers: Sequence[Sequence[Literal]]) -> Literal:
        """Return a literal that may be true only while no set is wholly true."""
        alive = [_open_part(blocker) for blocker in blockers]
        sets = [blocker for blocker in alive if blocker is not None]
        if any(not blocker for blocker in sets):
            return 0
        if not sets:
            return 1
        if len(sets) == 1 and len(sets[0]) == 1:
            return ~sets[0][0]
        found = self.cp.new_bool_var("")
        for blocker in sets:
            self.cp.add_bool_or([*(~one for one in blocker), ~found])
        return found

    def reaches(self, terms: Terms, least: int) -> Literal:
        """Return a literal that is true exactly when a sum reaches a number."""
        constant, parts = _split(terms)
        low, high = self._range(parts)
        if constant + low >= least:
            return 1
        if constant + high < least:
            return 0
        found = self.cp.new_bool_var("")
        total = _weighted(parts)
        self.cp.add(total >= least - constant).only_enforce_if(found)
        self.cp.add(total < least - constant).only_enforce_if(~found)
        return found

    def _range(self, parts: list[tuple[int, Any]]) -> tuple[int, int]:
        low = high = 0
        for weight, literal in parts:
            most = weight * self._most.get(literal.index, 1)
            low, high = low + min(0, most), high + max(0, most)
        return low, high

    # -- charges --------------------------------------------------------------------
    @property
    def _enforced(self) -> bool:
        return self._rule.penalty is None and self._rule.id not in self._guarded

    def _pay(self, amount: Any, where: Where, price: int | None) -> None:
        """Put an amount, in priced units, into the objective."""
        if self._rule.penalty is None:
            price = BROKEN
        elif price is None:
            price = self._rule.penalty
        self.ledger.append(Charge(self._rule, where, amount, price))

    def charge(self, literal: Literal, where: Where, *, amount: int = 1) -> None:
        """Charge an amount where a literal is true."""
        units = -(-amount // self._rule.per)
        if isinstance(literal, int):
            if literal and not self._enforced:  # fixed cells are reported, not refused
                self._pay(units * literal, where, None)
        elif self._enforced and self._most.get(literal.index, 1) == 1:
            self.cp.add(literal == 0)
        else:
            self._pay(units * literal, where, None)

    def forbid(self, literals: Sequence[Literal], where: Where) -> None:
        """Charge 1 where all literals are true."""
        rest = _open_part(literals)
        if rest is None:
            return
        if not rest or len(rest) == 1:
            self.charge(rest[0] if rest else 1, where)
        elif self._enforced:
            self.cp.add_bool_or([~one for one in rest])
        else:
            self.charge(self.forced([rest]), where)

    def clash(
        self,
        first: Sequence[Literal],
        second: Sequence[Literal],
        amounts: NDArray[np.int64],
        where: Where,
    ) -> None:
        """Charge ``amounts[i, j]`` where ``first[i]`` and ``second[j]`` are true."""
        rows = [i for i, one in enumerate(first) if not _is_false(one)]
        columns = [j for j, one in enumerate(second) if not _is_false(one)]
        table = amounts[np.ix_(rows, columns)]
        if not table.any():
            return
        firsts, seconds = [first[i] for i in rows], [second[j] for j in columns]
        if self._enforced:
            self._exclude(firsts, seconds, table > 0)
        else:
            self._price_clash(firsts, seconds, -(-table // self._rule.per), where)

    def _exclude(
        self, first: list[Literal], second: list[Literal], bad: NDArray[np.bool_]
    ) -> None:
        """Forbid pairs, by cliques: at most one of a set of each side is true."""
        for row in np.unique(bad, axis=0):
            if not row.any():
                continue
            group = [first[i] for i in np.flatnonzero((bad >= row).all(axis=1))]
            others = [second[j] for j in np.flatnonzero(row)]
            if any(
                isinstance(one, int) for one in group
            ):  # a fixed cell rules them out
                for one in others:
                    if not isinstance(one, int):
                        self.cp.add(one == 0)
            elif any(isinstance(one, int) for one in others):
                for one in group:
                    self.cp.add(one == 0)
            else:
                self.cp.add_at_most_one([*group, *others])

    def _price_clash(
        self,
        first: list[Literal],
        second: list[Literal],
        units: NDArray[np.int64],
        where: Where,
    ) -> None:
        most = int(units.max())
        if all(isinstance(one, int) for one in (*first, *second)):
            self._pay(int(units[0, 0]), where, None)
            return
        beyond = self.cp.new_int_var(0, most, "")
        for i in np.flatnonzero(units.any(axis=1)):
            worst = int(units[i].max())
            terms = [(int(units[i, j]), second[j]) for j in np.flatnonzero(units[i])]
            self.cp.add(beyond >= _weighted(terms) - worst * self.no(first[i]))
        self._pay(beyond, where, None)

    def at_most(
        self,
        terms: Terms,
        most: int,
        where: Where,
        *,
        price: int | None = None,
        step: int = 1,
    ) -> None:
        """Charge what a sum has beyond a number, in steps begun."""
        constant, parts = _split(terms)
        low, high = self._range(parts)
        room, unit = most - constant, step * self._rule.per
        if high <= room:
            return
        if self._enforced:
            # What fixed cells alone exceed is reported, and must not be made worse.
            self.cp.add(_weighted(parts) <= max(room, low))
        elif not parts:
            self._pay(-(-(high - room) // unit), where, price)
        else:
            beyond = self.cp.new_int_var(0, -(-(high - room) // unit), "")
            self.cp.add(unit * beyond >= _weighted(parts) - room)
            self._pay(beyond, where, price)

    def at_least(
        self,
        terms: Terms,
        least: int,
        where: Where,
        *,
        price: int | None = None,
        step: int = 1,
    ) -> None:
        """Charge what a sum lacks of a number, in steps begun."""
        turned = [(-weight, literal) for weight, literal in terms]
        self.at_most(turned, -least, where, price=price, step=step)

    def share_at_most(
        self, part: Terms, whole: Terms, share: float, where: Where
    ) -> None:
        """Charge what ``part`` has beyond ``max(1, floor(share * whole))``."""
        ratio = Fraction(str(share))
        top, bottom = ratio.numerator, ratio.denominator
        base, parts = _split(part)
        people, others = _split(whole)
        least = people + self._range(others)[0]
        if base + self._range(parts)[1] <= max(1, top * least // bottom) or not parts:
            return
        away, total = _weighted(parts) + base, _weighted(others) + people
        if self._enforced:
            few = self.cp.new_bool_var("")
            self.cp.add(away <= max(1, base)).only_enforce_if(few)
            self.cp.add(bottom * away <= top * total).only_enforce_if(~few)
            return
        most = self._range(others)[1] + people
        share_of = self.cp.new_int_var(0, most, "")
        self.cp.add_division_equality(share_of, top * total, bottom)
        cap = self.cp.new_int_var(1, max(1, most), "")
        self.cp.add_max_equality(cap, [share_of, 1])
        beyond = self.cp.new_int_var(0, base + self._range(parts)[1], "")
        self.cp.add(beyond >= away - cap)
        self._pay(beyond, where, None)

    def spread(
        self, shares: Sequence[tuple[Terms, int, int]], most: int, where: Where
    ) -> None:
        """Charge what highest less lowest share has beyond a number."""
        fixed: list[int] = []
        moving: list[tuple[Any, int, int, int, int]] = []
        for terms, top, bottom in shares:
            constant, parts = _split(terms)
            low, high = (constant + one for one in self._range(parts))
            if parts:
                total = _weighted(parts) + constant
                moving.append((total, top, bottom, low, high))
            else:
                fixed.append((2 * top * constant + bottom) // (2 * bottom))
        if not moving:
            if fixed and max(fixed) - min(fixed) > most and not self._enforced:
                units = -(-(max(fixed) - min(fixed) - most) // self._rule.per)
                self._pay(units, where, None)
            return
        ends = [(2 * t * h + b) // (2 * b) for _, t, b, _, h in moving]
        ceiling = max([*fixed, *ends])
        highest = self.cp.new_int_var(max(fixed, default=0), ceiling, "")
        lowest = self.cp.new_int_var(0, min(fixed, default=ceiling), "")
        for total, top, bottom, _, _ in moving:
            # highest >= floor(x / y) >= lowest, with x / y the share rounded half up
            twice = 2 * top * total + bottom
            self.cp.add(2 * bottom * highest + 2 * bottom - 1 >= twice)
            self.cp.add(2 * bottom * lowest <= twice)
        if self._enforced:
            self.cp.add(highest - lowest <= most)
            return
        beyond = self.cp.new_int_var(0, ceiling, "")
        self.cp.add(self._rule.per * beyond >= highest - lowest - most)
        self._pay(beyond, where, None)

    # -- back and forth -------------------------------------------------------------
    def fix(self, roster: Roster) -> None:
        """Fix every open cell, and every break, as a roster has it."""
        for (agent, day), cell in self.cells.items():
            stands = int(roster.table[agent, day])
            for shift, literal in cell.items():
                self.cp.add(literal == int(shift == stands))
        for at, minutes in self._overtime.items():
            self.cp.add(minutes == int(roster.overtime[at]))

    def hint(self) -> None:
        """Suggest to the solver what stands in the open cells, breaks included."""
        roster = self.around
        hints: dict[int, tuple[Any, int]] = {}
        for at, cell in self.cells.items():
            stands = int(roster.table[at])
            for shift, literal in cell.items():
                hints[literal.index] = (literal, int(shift == stands))
            if cell:
                working = self._working[at]
                hints[working.index] = (working, int(stands != OFF))
        for literal, value in hints.values():  # one way may be the literal of two cells
            self.cp.add_hint(literal, value)
        if "_cover" in self.__dict__ and not self._personal:
            self._hint_breaks(_ways_taken(roster, self._open))

    def _hint_breaks(self, taken: dict[tuple[int, int, int], Counter[Way]]) -> None:
        cover = self._cover
        for owner, ways in cover.ways.items():
            counted = taken.get(owner, Counter())
            heads = cover.heads[owner]
            if self._most.get(heads.index, 1) > 1:
                self.cp.add_hint(heads, sum(counted.values()))
            if len(ways) > 1:
                for way, count in ways:
                    self.cp.add_hint(count, counted[way])

    def read(self, value: Any) -> Roster:
        """Return the roster that a solution stands for.

        Parameters
        ----------
        value
            Function from a variable to its value.
        """
        table = self.around.table.copy()
        overtime = self.around.overtime.copy()
        for (agent, day), cell in self.cells.items():
            chosen = [shift for shift, literal in cell.items() if value(literal)]
            table[agent, day] = chosen[0] if chosen else OFF
        for at, minutes in self._overtime.items():
            overtime[at] = value(minutes)
        duties = self._deal(table, value)
        return Roster(self.case, table, duties, overtime=overtime)

    def _deal(self, table: NDArray[np.int16], value: Any) -> Duties:
        """Deal the ways to break a shift out to the people in it, in order."""
        if "_cover" not in self.__dict__:
            duties = self.around.duties or Duties.of(())
            return duties.pick(~self._open[duties.agent, duties.day])
        rows: list[tuple[int, int, str, int, int]] = []
        for owner, ways in self.way_counts.items():
            day, shift = owner[:2]
            if self._personal:
                people = [owner[2]] if table[owner[2], day] == shift else []
            else:
                working = (table[:, day] == shift) & self._open[:, day]
                working &= self.case.skill_sets.of == owner[2]
                people = [int(agent) for agent in np.flatnonzero(working)]
            seats = iter(people)
            for way, count in ways:
                for _, agent in zip(range(value(count)), seats, strict=False):
                    rows.extend((agent, day, *taken) for taken in way)
        return (self._cover.rest.duties or Duties.of(())).beside(Duties.of(rows))


class _Cover:
    """Terms of the heads in each interval: what stands, and what open cells add.

    By interval and set of skills.
    """

    def __init__(self, rest: Roster) -> None:
        self.rest = rest
        self.phone = rest.phone_by_set
        self.present: BySet = defaultdict(lambda: defaultdict(list))
        self.gone: BySet = defaultdict(lambda: defaultdict(list))
        self.heads: dict[tuple[int, int, int], Any] = {}
        self.ways: dict[tuple[int, int, int], list[tuple[Way, Any]]] = {}


def _ways_taken(
    roster: Roster, cells: NDArray[np.bool_]
) -> dict[tuple[int, int, int], Counter[Way]]:
    """Return how many people of some cells break each shift in each way.

    By day, shift and set of skills.
    """
    breaks: dict[tuple[int, int], list[Break]] = defaultdict(list)
    duties = roster.duties or Duties.of(())
    open_duties = duties.pick(cells[duties.agent, duties.day])
    for agent, day, kind, start, end in open_duties.rows():
        breaks[agent, day].append((kind, start, end))
    taken: dict[tuple[int, int, int], Counter[Way]] = defaultdict(Counter)
    set_of = roster.case.skill_sets.of.tolist()
    for agent, day in zip(*np.nonzero(cells & (roster.table != OFF)), strict=True):
        way = tuple(breaks[int(agent), int(day)])
        taken[int(day), int(roster.table[agent, day]), set_of[agent]][way] += 1
    return taken


def _is_false(literal: Literal) -> bool:
    return isinstance(literal, int) and not literal


def _open_part(literals: Sequence[Literal]) -> list[Any] | None:
    """Return the literals still open; None where a fixed one is false."""
    if any(_is_false(one) for one in literals):
        return None
    return [one for one in literals if not isinstance(one, int)]


def _split(terms: Terms) -> tuple[int, list[tuple[int, Any]]]:
    """Return the fixed part of a sum, and its open terms."""
    constant, parts = 0, []
    for weight, literal in terms:
        if isinstance(literal, int):
            constant += weight * literal
        elif weight:
            parts.append((weight, literal))
    return constant, parts


def _weighted(terms: Sequence[tuple[int, Any]]) -> Any:
    return cp_model.LinearExpr.weighted_sum(
        [literal for _, literal in terms], [weight for weight, _ in terms]
    )


def _sum(literals: Iterable[Any]) -> Any:
    return cp_model.LinearExpr.sum(list(literals))
