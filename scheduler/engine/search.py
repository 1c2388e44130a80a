"""Search: a good roster, then ever better ones, told to whoever keeps the best."""

from collections.abc import Iterator
from time import monotonic, sleep

from constraints.case import Case
from constraints.roster import Roster
from scheduler.engine.alone import Alone
from scheduler.engine.blend import Blend
from scheduler.engine.improve import Improver
from scheduler.engine.patch import Dialogue, Found, Patch
from scheduler.engine.paths import Paths
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

BLENDING = 0.6  # share of the budget for the first good roster, at most
FIRST = 2.0  # effort of the first round, half of it for the blend
PATIENCE = 0.5  # seconds between two questions whether a roster has come
GROWTH = 4.0  # how much longer each round is than the one before


def first_roster(case: Case, budget: Budget, seed: int) -> Roster:
    """Return a roster at once: people placed one after the other."""
    return Blend(case, Paths(case), Starts(case), seed).first(budget)


def search(case: Case, budget: Budget, seed: int) -> Dialogue:
    """Blend a roster and improve it.

    The first thing said is a greeting, answered by the whole roster that stands.
    With a limit of effort the way does not depend on how far it is: rounds of both,
    each longer than the one before, so that more effort never gives a worse roster.
    """
    paths, starts = Paths(case), Starts(case)
    blend = Blend(case, paths, starts, seed)
    improver = Improver(Alone(case, paths, starts), seed)
    wanted = improver.hear((yield Found("start")))
    for blending, improving in _rounds(budget):
        if not wanted or budget.over:
            return
        roster = blend.run(budget, budget.ticks + blending)
        patch = None if roster is None else Patch.of(roster)
        wanted = improver.hear((yield Found("blend", patch)))
        if wanted:
            wanted = yield from improver.run(budget, budget.ticks + improving)


def search_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Search in a process of its own, until a moment of the monotonic clock."""
    return search(case, Budget(until - monotonic()), seed)


def follow_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Wait until another search has found something and improve that.

    Two blends at a time slow each other down by half, and with many people the better
    of two is no better than one.
    """
    budget = Budget(until - monotonic())
    improver = Improver(Alone(case, Paths(case), Starts(case)), seed)
    wanted = improver.hear((yield Found("start")))
    came = improver.standing
    until = BLENDING * budget.whole  # by then the other has, or never will
    while wanted and improver.standing is came and budget.ticks < until:
        sleep(PATIENCE)
        wanted = improver.hear((yield Found("wait")))
    if wanted:
        yield from improver.run(budget, budget.whole)


def better(case: Case, budget: Budget, seed: int) -> Dialogue:
    """Improve the roster that stands, which is near a good one already."""
    improver = Improver(Alone(case, Paths(case), Starts(case)), seed)
    if improver.hear((yield Found("start"))):
        yield from improver.run(budget, budget.whole)


def better_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Improve it in a process of its own, until a moment of the monotonic clock."""
    return better(case, Budget(until - monotonic()), seed)


def _rounds(budget: Budget) -> Iterator[tuple[float, float]]:
    """Yield for how long to blend, and for how long to improve, in ticks."""
    if budget.effort is None:
        yield BLENDING * budget.whole, budget.whole
        return
    size = FIRST
    while True:
        yield size / 2, size / 2
        size *= GROWTH
