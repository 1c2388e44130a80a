"""Integer programmes stated in PuLP and handed to its own CBC, within nodes, not time.

One thread and no clock, so that a programme is answered alike wherever it runs.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pulp

Terms = Iterable[tuple[Any, float]]
BOUND = re.compile(r"Lower bound:\s+([-+\d.e]+)")
STATUS = {
    pulp.LpSolutionOptimal: "optimal",
    pulp.LpSolutionIntegerFeasible: "feasible",
    pulp.LpSolutionInfeasible: "infeasible",
}
NODES = 20_000  # of the search tree, where nothing else is said


@dataclass(frozen=True)
class Found:
    """What CBC says of a programme.

    Attributes
    ----------
    status
        ``optimal`` (within the gap asked for), ``feasible``, ``infeasible``, or
        ``unknown`` where the nodes are spent.
    cost, bound
        Of the best solution, and what none is below; None where there is none.
    value
        Value of a variable; asked only where there is a solution.
    """

    status: str
    cost: float | None
    bound: float | None
    value: Callable[[Any], float]

    @property
    def usable(self) -> bool:
        """Whether there is a solution."""
        return self.cost is not None


class Programme:
    """A linear programme to minimise, some of its variables whole.

    Examples
    --------
    >>> programme = Programme()
    >>> lamps = programme.new(price=3)
    >>> programme.at_least([(lamps, 2)], 5)
    >>> found = programme.solve()
    >>> found.status, found.cost, found.value(lamps)
    ('optimal', 9.0, 3.0)
    """

    def __init__(self) -> None:
        self._lp = pulp.LpProblem("capacity", pulp.LpMinimize)
        self._prices: list[tuple[Any, float]] = []
        self._number = 0

    def new(
        self,
        least: float = 0,
        most: float | None = None,
        *,
        whole: bool = True,
        price: float = 0,
    ) -> Any:
        """Return a new variable."""
        self._number += 1
        kind = pulp.LpInteger if whole else pulp.LpContinuous
        variable = self._lp.add_variable(f"v{self._number}", least, most, kind)
        if price:
            self._prices.append((variable, price))
        return variable

    def at_least(self, terms: Terms, least: float) -> None:
        """State that a sum is at least a number."""
        self._lp += pulp.LpAffineExpression(list(terms)) >= least

    def at_most(self, terms: Terms, most: float) -> None:
        """State that a sum is at most a number."""
        self._lp += pulp.LpAffineExpression(list(terms)) <= most

    def equal(self, terms: Terms, value: float) -> None:
        """State what a sum is."""
        self._lp += pulp.LpAffineExpression(list(terms)) == value

    def solve(self, *, gap: float = 0.0, nodes: int = NODES) -> Found:
        """Return what CBC finds within a gap (share of the cost) or so many nodes."""
        self._lp.setObjective(pulp.LpAffineExpression(self._prices))
        with TemporaryDirectory() as folder:
            log = Path(folder) / "cbc.log"
            solver = pulp.COIN_CMD(
                path=pulp.PULP_CBC_CMD.pulp_cbc_path,
                msg=False,
                threads=1,
                gapRel=gap,
                maxNodes=nodes,
                logPath=str(log),
            )
            self._lp.solve(solver)
            told = BOUND.search(log.read_text(encoding="utf-8", errors="replace"))
        status = STATUS.get(self._lp.sol_status, "unknown")
        if self._lp.status == pulp.LpStatusInfeasible:  # found so by branching, too
            status = "infeasible"
        solved = status in ("optimal", "feasible")
        cost = float(pulp.value(self._lp.objective) or 0.0) if solved else None
        bound = cost if told is None else float(told[1])
        return Found(status, cost, bound, lambda one: float(one.value() or 0))
