"""Solve: keep the best roster and bound that searches tell of; audit; one budget."""

import threading
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from time import monotonic

from constraints.case import Case
from constraints.roster import Roster
from constraints.rule import Text
from scheduler.engine.aggregate import Counts
from scheduler.engine.breaks import spread_tail
from scheduler.engine.by_shift import (
    asked_by_shift,
    first_by_shift,
    search_by_shift,
    search_by_shift_apart,
    windows_apart,
)
from scheduler.engine.child import Child, Task
from scheduler.engine.improve import Standing
from scheduler.engine.patch import Dialogue, Found, Patch
from scheduler.engine.precheck import precheck
from scheduler.engine.prices import bounds, bounds_apart
from scheduler.engine.pricing import PricedBound
from scheduler.engine.search import (
    better,
    better_apart,
    first_roster,
    follow_apart,
    search,
    search_apart,
)
from scheduler.engine.solver import Budget, cores, memory
from scheduler.engine.whole import prove_apart, small
from scheduler.result import Result, Step

OnStep = Callable[[Step], None]
Job = tuple[Task, tuple[object, ...]]
GRACE = 5.0  # seconds after its budget by which a run has come back
LATE = 0.1  # or this share of the budget, where that is more
PROMPT = 2.0  # seconds in which a run that is asked to stop comes back
FEW = 100  # people up to whom the better of two blends pays
BOUNDING = (bounds_apart, prove_apart)
SEARCHED = (
    "blend",
    "improve",
    "dive",
    "rows",
    "given",
)  # what betters a roster, beside what proves a bound
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
FAILED_STEP = Text(
    "What was to be told of each step failed ({error}) and is told no more.",
    "进度回调出错({error}),此后不再回调。",
)
NOT_REPEATABLE = Text(
    "The elapsed time ran out before the work was done: the roster may differ from "
    "that of another run.",
    "在完成规定的工作量之前时间已用尽:再次运行可能得到不同的排班。",
)
FAILED_HELPER = Text(
    "A helping process failed; the best found before stands. Please report: {error}",
    "辅助进程出错,保留此前找到的最优结果。请报告:{error}",
)
RESTARTED = Text(
    "A helping process died and was started again; the best found before stands.",
    "一个辅助进程意外终止,已重新启动;保留此前找到的最优结果。",
)
TOO_LARGE = Text(
    "Helping processes were ended at {held} MiB of memory; the best found stands.",
    "辅助进程占用内存达 {held} MiB,已终止;保留已找到的最优结果。",
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
    limit: int = 0,
    start: Roster | None = None,
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
        Processes that search; 0 = what this machine allows. The bound of a small
        case, or beside one process, has another for a while; where shifts ask for
        people there are two at the least, as one dives and the other follows.
    effort
        Work to spend, in units of about a second; None = no limit. With a limit all
        is done in this process, the roster does not depend on how busy the machine
        is, and more effort never gives a worse one; ``seconds`` only guards against
        hanging.
    on_step
        Called with every improvement of cost or bound.
    stop
        Set it to end early; the best roster so far comes back, audited.
    limit
        Bytes of memory that helping processes may hold together; 0 = what this machine
        can spare. The largest is ended where they hold more.
    start
        A roster of this case to begin with, such as that of a case much like it; what
        comes back is no worse. Where it is legal, no other is sought from the ground.

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
    budget = Budget(seconds, effort, stop)
    many = workers or cores()
    run = _Run(case, budget, seed, many, on_step, limit or memory(), start)

    def work() -> None:
        try:
            found.append(run.result())
        except BaseException as error:
            known = run.best is not None and not run.best.audit.hard
            run.warnings.append(FAILED_HELPER.format(error=f"{error!r}"))
            found.append(run.close() if known else error)

    # The work is done in a thread of its own, so that signals reach the caller, and
    # a step that hangs cannot keep the caller waiting.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not run.overdue:
            thread.join(0.1)
            run.watch()
    except BaseException:  # such as Ctrl-C in a notebook: nothing goes on behind it
        stop.set()
        run.watch()
        raise
    outcome = found[0] if found else run.close()
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
        limit: int,
        start: Roster | None,
    ) -> None:
        self.case, self.budget, self.start = case, budget, start
        self.seed = seed
        self.workers = workers if budget.effort is None else 1
        self.on_step, self.limit = on_step, limit
        self.bound = self.coverage_in_bound = 0
        self.best: Standing | None = None
        self.shown: Standing | None = None  # the first that cost as little
        self.kept: list[Patch] = []  # what made it the best, in order
        self.trace: list[Step] = []
        self.warnings: list[Text] = []
        self.conflicts: tuple[Text, ...] = ()
        self.impossible = False
        self.children: list[Child] = []
        self.asked: float | None = None  # when somebody asked to stop
        self._lock = threading.RLock()

    def result(self) -> Result:
        """Go through the stages and say how it went."""
        checked = precheck(self.case)
        self.warnings.extend(checked.warnings)
        self.conflicts = checked.conflicts
        if not checked.conflicts:
            by_shift = asked_by_shift(self.case)
            if self.start is not None:
                self._better(Standing.of(self.start), "given")
            if not self._legal:
                make = first_by_shift if by_shift else first_roster
                first = make(self.case, self.budget, self.seed)
                self._better(Standing.of(first), "construct")
            if self.budget.effort is None:
                self._search_apart(self._jobs_by_shift() if by_shift else self._jobs())
            elif by_shift:
                self._listen(search_by_shift(self.case, self.budget, self.seed))
            else:
                effort = self.budget.effort
                beside = Budget(self.budget.left, effort, self.budget.stop)
                self._count(bounds(self.case, beside, self.seed))
                find = better if self._near else search
                self._listen(find(self.case, self.budget, self.seed))
        return self.close()

    # -- stages ---------------------------------------------------------------------
    def _jobs(self) -> list[list[Job]]:
        """Return what each process does, one task after the other.

        As many search as wanted, one of which proves a bound before.
        """
        until = self.budget.began + self.budget.seconds
        few = len(self.case.agents) <= FEW
        jobs: list[list[Job]] = []
        for number in range(self.workers):
            task = search_apart if few or not number else follow_apart
            task = better_apart if self._near else task
            jobs.append([(task, (self.case, until, self.seed + number))])
        bounding: Job = (bounds_apart, (self.case, until, self.seed))
        if few or self.workers == 1:
            jobs.append([bounding])
        else:
            jobs[-1].insert(0, bounding)
        return jobs

    def _jobs_by_shift(self) -> list[list[Job]]:
        """Return the same where shifts ask for people: one dives, others follow."""
        until = self.budget.began + self.budget.seconds
        jobs: list[list[Job]] = []
        for number in range(max(2, self.workers)):
            task = windows_apart if number else search_by_shift_apart
            jobs.append([(task, (self.case, until, self.seed + number))])
        if small(self.case):
            jobs[1].insert(0, (prove_apart, (self.case, until, self.seed)))
        return jobs

    def _search_apart(self, jobs: Sequence[Sequence[Job]]) -> None:
        """Work in several processes side by side."""
        # Daemons, so that none can keep the process from ending.
        threads = [
            threading.Thread(target=self._work, args=(job,), daemon=True)
            for job in jobs
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, jobs: Iterable[Job]) -> None:
        """Do some tasks, each in a process of its own, one after the other."""
        for task, arguments in jobs:
            if self._done:
                return
            child = Child(task, arguments, self.budget)
            with self._lock:
                self.children.append(child)
            try:
                if task in BOUNDING:
                    self._count(child)
                else:
                    self._listen(iter(child))
            except Exception as error:  # whatever it is, it must not cost the roster
                line = (str(error).strip() or repr(error)).splitlines()[-1]
                self.warnings.append(FAILED_HELPER.format(error=line))
            else:
                self.warnings += [RESTARTED] * child.deaths

    def _count(self, found: Iterable[PricedBound | Counts]) -> None:
        for each in found:
            if isinstance(each, PricedBound):
                self._raise(each.total, "prices", each.coverage)
            else:
                self.impossible = each.infeasible
                self._raise(each.bound, "counts")

    def _listen(self, talk: Dialogue) -> None:
        """Hear what a search finds, and tell it what was kept meanwhile."""
        known, news = 0, None
        while True:
            try:
                found: Found = talk.send(news)
            except StopIteration:
                return
            with self._lock:
                if found.bound:
                    self._raise(found.bound, found.source)
                if found.patch is not None:
                    self._take(found.patch, found.source)
                news = self.kept[known:]
                if found.source == "start" and self.best is not None:
                    news = [Patch.of(self.best.roster)]
                known = len(self.kept)
                if self._done:
                    news = None

    @property
    def _legal(self) -> bool:
        return self.best is not None and not self.best.audit.hard

    @property
    def _near(self) -> bool:
        """Whether the search begins with a legal roster that was given."""
        first = self.trace[0] if self.trace else None
        return first is not None and first.source == "given" and first.cost is not None

    @property
    def _done(self) -> bool:
        return self._settled or self.budget.over

    @property
    def _settled(self) -> bool:
        return self.impossible or (
            self.best is not None and self.best.rank <= (0, self.bound)
        )

    # -- limits ---------------------------------------------------------------------
    @property
    def overdue(self) -> bool:
        """Whether the caller has waited long enough, whatever still goes on."""
        if self.asked is not None and monotonic() - self.asked > PROMPT:
            return True
        return self.budget.left < -self._grace / 2

    @property
    def _grace(self) -> float:
        """Seconds by which a run may be late, outputs included."""
        return max(GRACE, LATE * self.budget.seconds)

    def watch(self) -> None:
        """End processes where time, memory or patience is over."""
        if self.budget.stopped and self.asked is None:
            self.asked = monotonic()
        if self.budget.stopped or self.budget.left < -self._grace / 4:
            for child in self.children:
                child.kill()
            return
        if self._settled:
            for child in self.children:
                child.kill()
        alive = [child for child in self.children if not child.killed]
        held = sum(child.memory for child in alive)
        if held > self.limit:
            max(alive, key=lambda child: child.memory).kill()
            self.warnings.append(TOO_LARGE.format(held=f"{held >> 20:,}"))

    # -- what is known --------------------------------------------------------------
    def _raise(self, bound: int, source: str, coverage: int = 0) -> None:
        with self._lock:
            if bound > self.bound:
                self.bound, self.coverage_in_bound = bound, coverage
                self._step(source)

    def _take(self, patch: Patch, source: str) -> None:
        """Keep what was found if the whole is no worse with it."""
        assert self.best is not None
        standing = Standing.of(patch.on(self.best.roster))
        if standing.rank <= self.best.rank:
            self.kept.append(patch)
            self._better(standing, source)
            self.best = standing

    def _better(self, standing: Standing, source: str) -> None:
        with self._lock:
            if self.best is None or standing.rank < self.best.rank:
                self.best = self.shown = standing
                self._step(source)

    def _step(self, source: str) -> None:
        legal = self.best if self._legal else None
        cost = None if legal is None else legal.audit.cost
        step = Step(
            seconds=self.budget.elapsed, cost=cost, bound=self.bound, source=source
        )
        self.trace.append(step)
        try:
            if self.on_step is not None:
                self.on_step(step)
        except Exception as error:  # whatever it is, it must not cost the roster
            self.on_step = None
            self.warnings.append(FAILED_STEP.format(error=f"{error!r}"))

    # -- the end --------------------------------------------------------------------
    def close(self) -> Result:
        """Say what is known now."""
        free = self._lock.acquire(timeout=PROMPT)  # a callback may hang in it
        try:
            return self._closed()
        finally:
            if free:
                self._lock.release()

    def _closed(self) -> Result:
        if self.conflicts:
            return self._say("infeasible", "precheck", self.conflicts)
        best = self.best
        if best is None or best.audit.hard:
            if self.impossible:
                return self._say("infeasible", "proved", (CLASH,))
            status = "interrupted" if self.budget.stopped else "unknown"
            return self._say(status, self.budget.reason, self._broken())
        if self.bound > best.audit.cost:  # a legal roster refutes the bound
            self.bound = self.coverage_in_bound = 0
            self.warnings.append(REFUTED)
        if self.budget.stopped:
            return self._say("interrupted", "interrupted")
        if self.bound == best.audit.cost:
            return self._say("optimal", "proved")
        if self.budget.effort is not None and self.budget.reason == "time":
            self.warnings.append(NOT_REPEATABLE)
        improved = any(step.source in SEARCHED for step in self.trace)
        status = "feasible" if improved else "heuristic"
        return self._say(status, self.budget.reason)

    def _broken(self) -> tuple[Text, ...]:
        """Say what keeps the best roster from being legal."""
        hard = () if self.best is None else self.best.audit.hard
        return tuple(violation.text for violation in hard[:20])

    def _say(
        self,
        status: str,
        reason: str,
        conflicts: tuple[Text, ...] = (),
    ) -> Result:
        best = self.shown
        return Result(
            status=status,
            roster=None if best is None else spread_tail(best.roster).serve(),
            audit=None if best is None else best.audit,
            bound=self.bound,
            coverage_in_bound=self.coverage_in_bound,
            seconds=monotonic() - self.budget.began,
            stop_reason=reason,
            seed=self.seed,
            workers=self.workers,
            trace=tuple(self.trace),
            warnings=tuple(self.warnings),
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
