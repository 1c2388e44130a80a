"""Coverage: heads on the phone against what is needed, and who leads them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import CLASSES, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Rule, Text, Where

SIDES = {"short": ("short of", "少"), "over": ("more than", "多")}
PRICES = ("heads", "service-level")
MOST_TIMES = 10  # the mean price of a head short that one may cost


@dataclass(frozen=True, kw_only=True)
class CoverageNeed(Rule):
    """Each interval has the heads on the phone that the requirement asks for.

    Attributes
    ----------
    short, over
        Cost of a head missing, and of a head beyond, in one interval.
    price
        ``heads``: a head missing costs the same everywhere. ``service-level``: as the
        calls go that are not answered in time without it, ``short`` being the mean.
    """

    id = "coverage.need"
    unit = "heads"
    joint = True
    soft_only = True
    meaning = Text(
        en="Heads on the phone meet the requirement of each interval.",
        zh="每个时段在线人数满足需求人数。",
    )
    text = Text(
        en="{time}{queue_en}: {on_phone} heads on the phone, {amount} {side_en} "
        "the {need} required{price_en}.",
        zh="{time}{queue_zh}:在线 {on_phone} 人,"
        "比需求 {need} 人{side_zh} {amount} 人{price_zh}。",
    )
    source = "Bank rule book R01; weights RULES C1"

    penalty: int | None = 1
    short: int = 10
    over: int = 1
    price: str = "heads"

    def __post_init__(self) -> None:
        if self.price not in PRICES:
            known = " or ".join(f'"{price}"' for price in PRICES)
            raise ValueError(f'Expected price = {known}, got "{self.price}".')

    @property
    def over_price(self) -> int:
        """Cost of a head beyond the need, in any interval."""
        return self.over * (self.penalty or 1)

    def short_prices(self, case: Case) -> NDArray[np.int64]:
        """Return what a head short costs in each interval; ``(intervals,)``.

        Priced by service level, these are the calls not answered in time for want of
        the last head required, scaled to a mean of ``short`` over all heads required
        in counted intervals, rounded, and kept from 1 to ``MOST_TIMES`` the mean.

        Raises
        ------
        ValueError
            Where calls are not known that could be lost.

        Notes
        -----
        Several queues have one price: what a head loses in the mean, each queue
        counting by its heads. Which of them is short is then all the same, and the
        split of heads by ``constraints.queues`` remains the best.
        """
        times = self.penalty or 1
        everywhere = np.full(case.clock.intervals, self.short * times, np.int64)
        if self.price == "heads":
            return everywhere
        marginal, forecast = case.requirement.marginal, case.forecast
        if marginal is None or forecast is None:
            raise ValueError(
                "Expected a requirement made from a forecast, got one without calls. "
                'Price heads short by "heads".'
            )
        heads = case.requirement.heads
        required = heads.sum(axis=0)
        lost = (heads * forecast.calls * marginal.last_head).sum(axis=0)
        counted = case.counted
        if not lost[counted].sum():
            return everywhere
        scale = self.short * required[counted].sum() / lost[counted].sum()
        prices = np.rint(scale * lost / np.maximum(1, required))
        prices = times * np.clip(prices, 1, MOST_TIMES * self.short)
        return np.asarray(prices, np.int64)

    def encode(self, draft: Draft) -> None:
        """At least the need, and no more than the need."""
        heads = draft.case.requirement.heads
        prices, over_price = self.short_prices(draft.case).tolist(), self.over_price
        if len(heads) > 1:
            for interval in _counted(draft):
                draft.answer(interval, prices[interval], over_price)
            return
        for interval in _counted(draft):
            need, phone = int(heads[0, interval]), draft.on_phone(interval)
            short, over = (_place(interval, side) for side in ("short", "over"))
            draft.at_least(phone, need, short, price=prices[interval])
            draft.at_most(phone, need, over, price=over_price)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Subtract the requirement from the heads on the phone."""
        case, on_phone = roster.case, roster.on_queue
        need, queues = case.requirement.heads, case.requirement.queues
        gap = np.where(case.counted, on_phone - need, 0)
        prices, told = self.short_prices(case), self.price != "heads"
        for interval, queue in np.argwhere(gap.T).tolist():
            side = "short" if gap[queue, interval] < 0 else "over"
            named = queues[queue] if len(queues) > 1 else ""
            price = int(prices[interval]) if side == "short" else self.over_price
            priced = told and side == "short"
            yield Finding(
                where=_place(interval, side, queue),
                amount=abs(int(gap[queue, interval])),
                price=price,
                facts={
                    "queue_en": named and f", {named}",
                    "queue_zh": named and f",{named}",
                    "on_phone": int(on_phone[queue, interval]),
                    "need": int(need[queue, interval]),
                    "side_en": SIDES[side][0],
                    "side_zh": SIDES[side][1],
                    "price_en": f", at {price} a head" if priced else "",
                    "price_zh": f",每人计 {price}" if priced else "",
                },
            )


@dataclass(frozen=True, kw_only=True)
class CoverageFloor(Rule):
    """No interval of the service hours has fewer heads on the phone than the floor.

    Attributes
    ----------
    heads
        The floor; None = ``[service] floor``.
    """

    id = "coverage.floor"
    unit = "heads"
    joint = True
    meaning = Text(
        en="No interval has fewer heads on the phone than the floor.",
        zh="任何时段在线人数不低于最低人数。",
    )
    text = Text(
        en="{time}: {on_phone} heads on the phone; the floor is {floor}.",
        zh="{time}:在线 {on_phone} 人,最低应有 {floor} 人。",
    )
    source = "Bank rule book R01: the centre is manned round the clock"

    heads: int | None = None

    def floor(self, case: Case) -> int:
        """Return the floor in heads."""
        return case.service.floor if self.heads is None else self.heads

    def encode(self, draft: Draft) -> None:
        """At least the floor."""
        floor = self.floor(draft.case)
        for interval in _counted(draft):
            draft.at_least(draft.on_phone(interval), floor, Where(interval=interval))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count what each interval lacks of the floor."""
        floor = self.floor(roster.case)
        missing = np.where(roster.case.counted, floor - roster.on_phone, 0)
        for interval in np.flatnonzero(missing > 0):
            yield Finding(
                where=Where(interval=int(interval)),
                amount=int(missing[interval]),
                facts={"on_phone": int(roster.on_phone[interval]), "floor": floor},
            )


@dataclass(frozen=True, kw_only=True)
class CoverageRole(Rule):
    """Each day's shifts of each class have enough holders of a role among them.

    Attributes
    ----------
    role
        Role of agents.csv.
    least
        Holders due wherever anybody works that class on that day; None = 1 where the
        case names holders, else 0.
    """

    id = "coverage.role"
    unit = "people"
    joint = True
    meaning = Text(
        en="A leader works in every day's shifts of each class.",
        zh="每天每类班次至少有一名组长。",
    )
    text = Text(
        en="{date}, {detail} shifts: {amount} {rule.role} missing.",
        zh="{date} {detail} 班缺 {amount} 名 {rule.role}。",
    )
    source = "Bank rule book R31: one leader per shift group"

    role: str = "leader"
    least: int | None = None

    def _holders(self, case: Case) -> NDArray[np.bool_]:
        return np.array([self.role in agent.roles for agent in case.agents], bool)

    def due(self, case: Case) -> int:
        """Return the number of holders due."""
        if self.least is not None:
            return self.least
        return int(self._holders(case).any())

    def encode(self, draft: Draft) -> None:
        """Holders at least as many as due, where the class is staffed at all."""
        least, holders = self.due(draft.case), self._holders(draft.case)
        if not least:
            return
        for day in draft.days:
            for shift_class in CLASSES:
                shifts = draft.case.of_class(shift_class)
                works = [
                    draft.any_shift(agent, day, shifts) for agent in range(len(holders))
                ]
                terms = [(1, works[agent]) for agent in np.flatnonzero(holders)]
                terms.append((-least, draft.any_of(works)))
                draft.at_least(terms, 0, Where(day=day, detail=shift_class))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count holders by day and class."""
        case, least = roster.case, self.due(roster.case)
        holders = self._holders(case)
        for shift_class in CLASSES if least else ():
            works = roster.works_class(shift_class)[:, case.past :]
            missing = np.where(works.any(0), least - works[holders].sum(0), 0)
            for day in np.flatnonzero(missing > 0):
                yield Finding(
                    where=Where(day=int(day), detail=shift_class),
                    amount=int(missing[day]),
                )


@dataclass(frozen=True, kw_only=True)
class CoverageShift(Rule):
    """Each shift starts with as many people as its day asks for (``cover.csv``).

    Attributes
    ----------
    short, over
        Cost of a person missing from a shift on a day, and of one beyond.
    """

    id = "coverage.shift"
    unit = "people"
    joint = True
    soft_only = True
    meaning = Text(
        en="Each shift has the people that cover.csv asks for on each day.",
        zh="每天每个班次的人数满足 cover.csv 的要求。",
    )
    text = Text(
        en="{date}, shift {code}: {heads} people, {amount} {side_en} the {need} asked.",
        zh="{date} {code} 班:{heads} 人,比要求的 {need} 人{side_zh} {amount} 人。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, cover"

    penalty: int | None = 1
    short: int = 100
    over: int = 1

    @property
    def prices(self) -> tuple[int, int]:
        """Cost of a person short, and of one over."""
        times = self.penalty or 1
        return self.short * times, self.over * times

    def encode(self, draft: Draft) -> None:
        """At least the people asked for, and no more."""
        case, (short, over) = draft.case, self.prices
        people = range(len(case.agents))
        for day, shift in np.argwhere(case.cover >= 0).tolist():
            if not draft.touches(range(case.past + day, case.past + day + 1)):
                continue
            heads = [(1, draft.works(agent, day, shift)) for agent in people]
            need, code = int(case.cover[day, shift]), case.shifts[shift].code
            for side, charge, price in (
                ("short", draft.at_least, short),
                ("over", draft.at_most, over),
            ):
                where = Where(day=day, detail=f"{code} {side}")
                charge(heads, need, where, price=price)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count who starts each shift, and subtract."""
        case, prices, heads = roster.case, self.prices, roster.starts
        gap = np.where(case.cover >= 0, heads - case.cover, 0)
        for day, shift in np.argwhere(gap).tolist():
            over = bool(gap[day, shift] > 0)
            side, code = "over" if over else "short", case.shifts[shift].code
            yield Finding(
                where=Where(day=day, detail=f"{code} {side}"),
                amount=abs(int(gap[day, shift])),
                price=prices[over],
                facts={
                    "code": code,
                    "heads": int(heads[day, shift]),
                    "need": int(case.cover[day, shift]),
                    "side_en": SIDES[side][0],
                    "side_zh": SIDES[side][1],
                },
            )


def _place(interval: int, side: str, queue: int = 0) -> Where:
    return Where(interval=interval, queue=queue, detail=side)


def _counted(draft: Draft) -> list[int]:
    """Return the intervals that open cells can change and coverage counts."""
    return [interval for interval in draft.intervals if draft.case.counted[interval]]
