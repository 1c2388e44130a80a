"""Finds a plan of a rotating workforce instance, or proves that there is none.

A plan is a closed walk through blocks: some days on one shift, or some days off. What a
block must know of those before it (the weekday, the days worked so far, the last shift)
is its node, of which there are a few hundred however many employees there are. Integers
say how often each block is walked: as many blocks leave a node as enter it, and need is
met. Blocks that hang together are one walk by Euler's theorem; where they fall apart,
the model is told to connect them, and solved again. Weeks have no names here, so that
no symmetry is left in the search.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from benchmarks.rws_evaluator import OFF, WEEK, Instance
from scheduler.engine.solver import Budget, run


class Node(NamedTuple):
    """What is known between two blocks.

    Attributes
    ----------
    weekday
        Of the next day; 0 is Monday.
    worked
        Days worked since the last day off; 0 after one.
    last
        The shift of the block before; after a single day off the shift before that,
        where something may not follow it; else ``OFF``.
    """

    weekday: int
    worked: int
    last: str


class Block(NamedTuple):
    """Some days on one shift, or off, from one node to another."""

    shift: str
    days: int
    start: Node
    end: Node


class Answer(NamedTuple):
    """Status (feasible, infeasible, unknown), the plan if any, and models solved."""

    status: str
    plan: Sequence[str] | None
    rounds: int


def blocks_of(instance: Instance) -> list[Block]:
    """Return all blocks that a plan may hold, one after another."""
    open_nodes = [Node(weekday, 0, OFF) for weekday in range(WEEK)]
    known, blocks = set(open_nodes), []
    while open_nodes:
        for block in _from(instance, open_nodes.pop()):
            blocks.append(block)
            if block.end not in known:
                known.add(block.end)
                open_nodes.append(block.end)
    return blocks


def _from(instance: Instance, node: Node) -> Iterator[Block]:
    """Give the blocks that may begin at a node."""
    for shift, (least, most) in instance.blocks.items():
        if node.worked:
            forbidden = shift == node.last or (node.last, shift) in instance.pairs
        else:
            forbidden = (node.last, shift) in instance.triples
        longest = min(most, instance.work.most - node.worked)
        longest = min(longest, 1) if (shift, shift) in instance.pairs else longest
        for days in range(max(1, least), 0 if forbidden else longest + 1):
            weekday = (node.weekday + days) % WEEK
            yield Block(shift, days, node, Node(weekday, node.worked + days, shift))
    if node.worked >= max(1, instance.work.least):
        minded = any(node.last == before for before, _ in instance.triples)
        for days in range(max(1, instance.off.least), instance.off.most + 1):
            last = node.last if minded and days == 1 else OFF
            yield Block(OFF, days, node, Node((node.weekday + days) % WEEK, 0, last))


def search(instance: Instance, budget: Budget, *, seed: int, workers: int) -> Answer:
    """Find a plan, or prove that there is none, within a budget."""
    blocks = blocks_of(instance)
    model = cp_model.CpModel()
    times = [model.new_int_var(0, instance.weeks, "") for _ in blocks]
    _balance(model, blocks, times)
    _meet_need(model, instance, blocks, times)
    rounds = 0
    while True:
        rounds += 1
        outcome = run(
            model,
            budget,
            seconds=budget.left,
            effort=1e9,
            seed=seed,
            workers=workers,
        )
        if outcome.infeasible:
            return Answer("infeasible", None, rounds)
        if not outcome.found:
            return Answer("unknown", None, rounds)
        walked = {
            block: count
            for block, time in zip(blocks, times, strict=True)
            if (count := outcome.value(time))
        }
        parts = _parts(walked)
        if len(parts) == 1:
            return Answer("feasible", _plan(walked), rounds)
        model.clear_hints()
        for block, time in zip(blocks, times, strict=True):
            model.add_hint(
                time, walked.get(block, 0)
            )  # a third of the rounds, measured
        for part in parts:
            _connect(model, part, blocks, times)


def _balance(
    model: cp_model.CpModel,
    blocks: Sequence[Block],
    times: Sequence[cp_model.IntVar],
) -> None:
    """As many blocks leave a node as enter it."""
    flow: dict[Node, list[Any]] = defaultdict(list)
    for block, time in zip(blocks, times, strict=True):
        flow[block.start].append(time)
        flow[block.end].append(-time)
    for terms in flow.values():
        model.add(sum(terms) == 0)


def _meet_need(
    model: cp_model.CpModel,
    instance: Instance,
    blocks: Sequence[Block],
    times: Sequence[cp_model.IntVar],
) -> None:
    """Each weekday has as many weeks of a shift, and free ones, as are needed."""
    heads = defaultdict(list)
    for block, time in zip(blocks, times, strict=True):
        for day in range(block.start.weekday, block.start.weekday + block.days):
            heads[block.shift, day % WEEK].append(time)
    for weekday in range(WEEK):
        needs = {shift: need[weekday] for shift, need in instance.need.items()}
        needs[OFF] = instance.weeks - sum(needs.values())
        for shift, need in needs.items():
            model.add(sum(heads[shift, weekday]) == need)


def _parts(walked: Mapping[Block, int]) -> list[set[Node]]:
    """Return the nodes of blocks that hang together, part by part."""
    parts: list[set[Node]] = []
    for block in walked:
        ends = {block.start, block.end}
        touched = [part for part in parts if part & ends]
        parts = [part for part in parts if not part & ends]
        parts.append(ends.union(*touched))
    return parts


def _connect(
    model: cp_model.CpModel,
    part: set[Node],
    blocks: Sequence[Block],
    times: Sequence[cp_model.IntVar],
) -> None:
    """Where blocks are walked within a part and without, one leaves the part."""
    within, without = model.new_bool_var(""), model.new_bool_var("")
    leaving = []
    for block, time in zip(blocks, times, strict=True):
        if block.start in part and block.end in part:
            model.add(time == 0).only_enforce_if(~within)
        elif block.start in part:
            leaving.append(time)
        elif block.end not in part:
            model.add(time == 0).only_enforce_if(~without)
    model.add(sum(leaving) >= 1).only_enforce_if(within, without)


def _plan(walked: Mapping[Block, int]) -> list[str]:
    """Return the days of one closed walk through all blocks, from a Monday.

    By Hierholzer: walk on until no block is left, take a step back, walk on.
    """
    left: dict[Node, list[Block]] = defaultdict(list)
    for block, count in walked.items():
        left[block.start] += [block] * count
    walk: list[Block] = []
    path = [next(iter(walked))]
    left[path[0].start].remove(path[0])
    while path:
        if left[path[-1].end]:
            path.append(left[path[-1].end].pop())
        else:
            walk.append(path.pop())
    walk.reverse()
    days = [block.shift for block in walk for _ in range(block.days)]
    monday = -walk[0].start.weekday % WEEK
    return days[monday:] + days[:monday]
