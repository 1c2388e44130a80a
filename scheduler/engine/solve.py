"""Solve: precheck; bound beside first roster and improvement; audit; one budget."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from time import monotonic

from constraints.case import Case
from constraints.rule import Text
from scheduler.engine.aggregate import Counts
from scheduler.engine.alone import Alone
from scheduler.engine.blend import Blend
from scheduler.engine.child import Child
from scheduler.engine.improve import Improver, Standing
from scheduler.engine.paths import Paths
from scheduler.engine.precheck import precheck
from scheduler.engine.prices import PricedBound, bounds, bounds_apart
from scheduler.engine.solver import Budget, cores
from scheduler.engine.starts import Starts
from scheduler.result import Result, Step

OnStep = Callable[[Step], None]
BLENDING = 0.6  # share of the budget for the first good roster, at most
REFUTED = Text(
    "The bound was above the cost of a legal roster and is withdrawn: a fault of ours, "
    "please report it.",
    "下界高于一个合规排班的成本,已撤回:这是程序缺陷,请报告。",
)
CLASH = Text(
    "The hard rules cannot all be kept: even counting people by kind, no roster meets "
    "floor, hours and rest at once.",
    "硬性规则无法同时满足:即使只按人员类别计数,也没有排班能同时满足最低人数、"
    "工时与休息要求。",
)


def solve(
    case: Case,
    *,
    seconds: float = 60.0,
    seed: int = 1,
    workers: int = 0,
    effort: float | None = None,
    on_step: OnStep | None = None,
    stop: threading.Event | None = None,
) -> Result:
    """Return the best roster found within a budget, with its proof and its audit.

    Parameters
    ----------
    case
        What to roster.
    seconds
        Elapsed seconds to spend.
    seed
        Random seed.
    workers
        Solver threads; 0 = what this machine allows.
    effort
        Deterministic time to spend, in the solver's units; None = no limit. With a
        limit and one worker the roster does not depend on how busy the machine is.
    on_step
        Called with every improvement of cost or bound.
    stop
        Set it to end early; the best roster so far comes back, audited.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(people=9, days=7, rules=read_rules("bank"))
    >>> result = solve(case, effort=1.0, workers=1)
    >>> result.status, len(result.audit.hard)
    ('feasible', 0)
    """
    stop = stop or threading.Event()
    found: list[Result | BaseException] = []
    run = _Run(case, Budget(seconds, effort, stop), seed, workers or cores(), on_step)

    def work() -> None:
        try:
            found.append(run.result())
        except BaseException as error:
            found.append(error)

    # The solver runs in a thread of its own, so that signals reach the caller.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
    outcome = found[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


class _Run:
    """One solve: what is known so far, and the steps that lead on."""

    def __init__(
        self,
        case: Case,
        budget: Budget,
        seed: int,
        workers: int,
        on_step: OnStep | None,
    ) -> None:
        self.case, self.budget = case, budget
        self.seed, self.workers = seed, workers
        self.on_step = on_step
        self.bound = self.coverage_bound = 0
        self.best: Standing | None = None
        self.trace: list[Step] = []
        self.impossible = False

    def result(self) -> Result:
        """Go through the stages and say how it went."""
        checked = precheck(self.case)
        if checked.conflicts:
            return self._say(
                "infeasible", "precheck", checked.warnings, checked.conflicts
            )
        self._construct()
        if self.workers > 1 and self.budget.effort is None:
            self._count_beside()
        else:
            self._count(bounds(self.case, self.budget, self.seed))
            self._blend()
            self._improve()
        if self.impossible and (self.best is None or self.best.audit.hard):
            return self._say("infeasible", "proved", checked.warnings, (CLASH,))
        return self._close(checked.warnings)

    # -- stages ---------------------------------------------------------------------
    def _count_beside(self) -> None:
        """Go on while the bound is proved in a process of its own."""
        arguments = (self.case, self.budget.left, self.seed)
        child = Child(bounds_apart, arguments, self.budget)
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(self._count, child)
            try:
                self._blend()
                self._improve()
            finally:
                child.kill()
        counting.result()  # says what went wrong, if anything did

    def _count(self, found: Iterable[PricedBound | Counts]) -> None:
        for each in found:
            if isinstance(each, PricedBound):
                self.coverage_bound = each.coverage
                self._raise(each.total, "prices")
            else:
                self.impossible = each.infeasible
                self._raise(each.bound, "counts")

    def _construct(self) -> None:
        paths, starts = Paths(self.case), Starts(self.case)
        self.alone = Alone(self.case, paths, starts)
        self.blend = Blend(self.case, paths, starts, self.seed)
        self._better(Standing.of(self.blend.first(self.budget)), "construct")

    def _blend(self) -> None:
        until = self.budget.ticks + BLENDING * self.budget.whole
        roster = self.blend.run(self.budget, until)
        self._better(Standing.of(roster), "blend")

    def _improve(self) -> None:
        if self.best is None:
            return
        improver = Improver(
            self.best,
            self.alone,
            seed=self.seed,
            workers=self.workers,
            on_better=lambda better: self._better(better, "improve"),
        )
        improver.run(self.budget, lambda cost: cost <= self.bound or self.impossible)

    # -- what is known --------------------------------------------------------------
    def _raise(self, bound: int, source: str) -> None:
        if bound > self.bound:
            self.bound = bound
            self._step(source)

    def _better(self, standing: Standing, source: str) -> None:
        if self.best is None or standing.weight < self.best.weight:
            self.best = standing
            self._step(source)

    def _step(self, source: str) -> None:
        legal = self.best is not None and not self.best.audit.hard
        cost = self.best.audit.cost if legal and self.best is not None else None
        step = Step(
            seconds=self.budget.elapsed, cost=cost, bound=self.bound, source=source
        )
        self.trace.append(step)
        if self.on_step is not None:
            self.on_step(step)

    # -- the end --------------------------------------------------------------------
    def _close(self, warnings: tuple[Text, ...]) -> Result:
        if self.best is None or self.best.audit.hard:
            stopped = self.best is not None and self.budget.stopped
            status = "interrupted" if stopped else "unknown"
            return self._say(status, self.budget.reason, warnings, self._broken())
        if self.bound > self.best.audit.cost:  # a legal roster refutes the bound
            self.bound = 0
            warnings = (*warnings, REFUTED)
        proved = self.bound == self.best.audit.cost
        if self.budget.stopped:
            return self._say("interrupted", "interrupted", warnings)
        improved = any(step.source != "construct" for step in self.trace)
        status = "optimal" if proved else "feasible" if improved else "heuristic"
        return self._say(status, "proved" if proved else self.budget.reason, warnings)

    def _broken(self) -> tuple[Text, ...]:
        """Say what keeps the best roster from being legal."""
        hard = () if self.best is None else self.best.audit.hard
        return tuple(violation.text for violation in hard[:20])

    def _say(
        self,
        status: str,
        reason: str,
        warnings: tuple[Text, ...],
        conflicts: tuple[Text, ...] = (),
    ) -> Result:
        best = self.best
        return Result(
            status=status,
            roster=None if best is None else best.roster.serve(),
            audit=None if best is None else best.audit,
            bound=self.bound,
            coverage_bound=self.coverage_bound,
            seconds=monotonic() - self.budget.began,
            stop_reason=reason,
            seed=self.seed,
            workers=self.workers,
            trace=tuple(self.trace),
            warnings=warnings,
            conflicts=conflicts,
            versions={
                "rosterwright": _version("rosterwright"),
                "ortools": _version("ortools"),
            },
        )


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return "unknown"
