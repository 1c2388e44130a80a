"""What a solve gives back: the roster, its proof and its audit."""

from dataclasses import dataclass, field

from constraints.roster import Roster
from constraints.rule import Audit, Text

STATUSES = (
    "optimal",
    "feasible",
    "heuristic",
    "infeasible",
    "unknown",
    "interrupted",
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One improvement: seconds since the start, cost, bound and where it came from."""

    seconds: float
    cost: int | None
    bound: int | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A solve's outcome.

    Attributes
    ----------
    roster, audit
        The best roster and what the audit found in it; None where there is none.
    status
        ``optimal`` (bound equals cost), ``feasible``, ``heuristic``, ``infeasible``,
        ``unknown`` or ``interrupted``.
    bound
        No roster of the case costs less.
    coverage_in_bound
        The part of the bound that no rule about people charges; 0 where it is not
        known, as the bound is not from prices. No bound on what coverage costs.
    seconds
        Elapsed time.
    stop_reason
        Why it ended: ``proved``, ``time``, ``effort``, ``interrupted``, ``precheck``,
        ``failed`` where nothing was left to search.
    trace
        Every improvement of cost or bound.
    warnings
        What a planner should know, in both languages.
    conflicts
        Why there is no roster, in both languages; empty where there is one.
    """

    status: str
    roster: Roster | None = None
    audit: Audit | None = None
    bound: int = 0
    coverage_in_bound: int = 0
    seconds: float = 0.0
    stop_reason: str = ""
    seed: int = 1
    workers: int = 1
    trace: tuple[Step, ...] = ()
    warnings: tuple[Text, ...] = ()
    conflicts: tuple[Text, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether there is a roster to publish; what breaks hard rules is none."""
        return self.audit is not None and not self.audit.hard

    @property
    def cost(self) -> int | None:
        """The objective, as the audit charges it."""
        return None if self.audit is None else self.audit.cost

    @property
    def gap(self) -> float | None:
        """How far the cost can be above the best, as a fraction."""
        if self.cost is None:
            return None
        return (self.cost - self.bound) / max(1, self.cost)

    def __repr__(self) -> str:
        """Say the outcome in one line."""
        if self.audit is None or self.gap is None:
            return f"<Result {self.status}: {self.stop_reason}>"
        return (
            f"<Result {self.status}: cost {self.cost:,} >= {self.bound:,} "
            f"(gap {self.gap:.1%}), {len(self.audit.hard)} hard>"
        )
