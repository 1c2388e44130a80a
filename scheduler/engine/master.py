"""Master: the programme that takes shares of rows to meet what is asked of shifts.

Everybody works shares of rows that add up to one; who starts each shift on each day
adds up to what is asked, but for people short and over, at their price. Its prices say
what one more start is worth, and ask the paths for better rows.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.glop import parameters_pb2
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

from constraints.case import OFF
from constraints.coverage import CoverageShift
from scheduler.engine.paths import Paths
from scheduler.engine.solver import Budget, fill_hint, run

SECONDS = 10.0  # to choose among rows known
KEEPING = mathopt.SolveParameters(  # else it begins anew after each new row
    glop=parameters_pb2.GlopParameters(use_preprocessing=False, use_scaling=False)
)
TOLD = mathopt.ModelSolveParameters(  # all else takes longer to say than to find
    variable_values_filter=mathopt.SparseVectorFilter(skip_zero_values=True),
    reduced_costs_filter=mathopt.SparseVectorFilter(filtered_items=[]),
)
EFFORT = 4e-9  # effort of one iteration of the simplex method, by row and column


@dataclass(frozen=True)
class Row:
    """A row of one person, and what the rules about that person charge."""

    agent: int
    shifts: NDArray[np.int16]
    cost: float
    legal: bool
    share: Any

    def beyond(self, worth: NDArray[np.float64]) -> float:
        """Return what it costs beyond what its starts are worth; ``(days, shifts)``."""
        days = np.flatnonzero(self.shifts != OFF)
        return self.cost - float(worth[days, self.shifts[days]].sum())


@dataclass(frozen=True)
class Shares:
    """A solution of the programme.

    Attributes
    ----------
    cost
        Its value.
    prices
        Worth of one more start; shape ``(days, shifts)``.
    dear
        Price of one more of a single shift that has a limit; ``(agents, totals)``.
    rows, shares
        Rows that are worked, and in which share.
    """

    cost: float
    prices: NDArray[np.float64]
    dear: NDArray[np.float64]
    rows: tuple[Row, ...]
    shares: NDArray[np.float64]


class Master:
    """The programme of a case whose cover is asked for by shift.

    Parameters
    ----------
    paths
        Everybody's legal rows.

    Attributes
    ----------
    rows
        Rows known of each person, by what they are.
    allowed
        What everybody may do now; shape ``(agents, days, shifts + 1)``.
    work
        Effort spent on solving so far.
    """

    def __init__(self, paths: Paths) -> None:
        self.paths, self.case = paths, paths.case
        need = self.case.rule("coverage.shift")
        assert isinstance(need, CoverageShift)
        self.short, self.over = need.prices
        # Any legal row costs less than nobody's, whatever its starts are worth.
        self.nobody = self.paths.dearest + self.case.days * (self.short + self.over)
        self.rows: list[dict[bytes, Row]] = [{} for _ in self.case.agents]
        self.allowed = np.ones(paths.cells.shape, bool)
        self.work = 0.0
        self._begin()

    def _begin(self) -> None:
        """State the programme without any rows."""
        self.model = mathopt.Model()
        self.row_of: dict[int, Row] = {}  # by variable
        self.solver: mathopt.IncrementalSolver | None = None
        objective = self.model.objective
        self.whole = []
        for _ in self.case.agents:
            row = self.model.add_linear_constraint(lb=1.0, ub=1.0)
            nobody = self.model.add_variable(lb=0.0)
            objective.set_linear_coefficient(nobody, self.nobody)
            row.set_coefficient(nobody, 1.0)
            self.whole.append(row)
        self.asked: dict[tuple[int, int], Any] = {}
        for day, shift in np.argwhere(self.case.cover >= 0).tolist():
            need = float(self.case.cover[day, shift])
            row = self.model.add_linear_constraint(lb=need, ub=need)
            for sign, price in ((1.0, self.short), (-1.0, self.over)):
                gap = self.model.add_variable(lb=0.0)
                objective.set_linear_coefficient(gap, float(price))
                row.set_coefficient(gap, sign)
            self.asked[day, shift] = row
        limits = self.paths.single_most
        self.most: dict[tuple[int, int], Any] = {
            (agent, number): self.model.add_linear_constraint(
                ub=float(limits[agent, number])
            )
            for agent, number in np.argwhere(limits < self.case.days).tolist()
        }

    def add(self, agent: int, shifts: NDArray[np.int16], cost: float) -> bool:
        """Let a person work a row, or a share of it; return whether it is new."""
        key = shifts.tobytes()
        if key in self.rows[agent]:
            return False
        counts = self.paths.single_counts(shifts[None])[0]
        legal = bool((counts <= self.paths.single_most[agent]).all())
        self._state(Row(agent, shifts, cost, legal, None), counts)
        return True

    def _state(self, row: Row, counts: NDArray[np.int64]) -> None:
        agent, key = row.agent, row.shifts.tobytes()
        kept = self.allowed[agent, np.arange(self.case.days), row.shifts].all()
        share = self.model.add_variable(lb=0.0, ub=float("inf") if kept else 0.0)
        self.model.objective.set_linear_coefficient(share, row.cost)
        self.whole[agent].set_coefficient(share, 1.0)
        for day in np.flatnonzero(row.shifts != OFF).tolist():
            asked = self.asked.get((day, int(row.shifts[day])))
            if asked is not None:
                asked.set_coefficient(share, 1.0)
        for number in np.flatnonzero(counts).tolist():
            if (agent, number) in self.most:
                self.most[agent, number].set_coefficient(share, float(counts[number]))
        known = Row(agent, row.shifts, row.cost, row.legal, share)
        self.rows[agent][key] = self.row_of[share.id] = known

    def allow(self, agent: int, choices: NDArray[np.bool_]) -> None:
        """Have a person work only rows of some choices; ``(days, shifts + 1)``."""
        self.allowed[agent] = choices
        days = np.arange(self.case.days)
        for row in self.rows[agent].values():
            wanted = float("inf") if choices[days, row.shifts].all() else 0.0
            if row.share.upper_bound != wanted:
                row.share.upper_bound = wanted

    def forget(self, worth: NDArray[np.float64], most: int) -> None:
        """Keep no more than some rows a person: those that cost least at some prices.

        Parameters
        ----------
        worth
            Worth of one more start; shape ``(days, shifts)``.
        """
        before = self.rows
        self.rows = [{} for _ in before]
        self._begin()
        for rows in before:
            every = sorted(rows.values(), key=lambda row: row.beyond(worth))
            for row in every[:most]:
                self._state(row, self.paths.single_counts(row.shifts[None])[0])

    def solve(self) -> Shares | None:
        """Return the best shares of the rows known; None where there is no telling."""
        found = self._solved()
        if found is None:
            return None
        worth = found.dual_values()
        prices = np.zeros(self.case.cover.shape)
        for at, row in self.asked.items():
            prices[at] = worth[row]
        dear = np.zeros(self.paths.single_most.shape)
        for place, row in self.most.items():
            dear[place] = max(0.0, -worth[row])
        worked = [
            (self.row_of[share.id], value)
            for share, value in found.variable_values().items()
            if value > 1e-6 and share.id in self.row_of
        ]
        chosen = tuple(row for row, _ in worked)
        shares = np.array([value for _, value in worked])
        return Shares(found.objective_value(), prices, dear, chosen, shares)

    def choose(
        self,
        rows: Mapping[int, Sequence[Row]],
        table: NDArray[np.int16],
        budget: Budget,
        seed: int,
    ) -> NDArray[np.int16] | None:
        """Return a table with the best of some rows of some people; None for none.

        Parameters
        ----------
        rows
            By person; the row of the table is one of them in any case.
        table
            What stands; shape ``(agents, days)``.
        """
        model, terms = cp_model.CpModel(), []
        heads: dict[tuple[int, int], list[Any]] = {at: [] for at in self.asked}
        chosen: list[tuple[Row, Any]] = []
        for agent, known in rows.items():
            stands = self.rows[agent].get(table[agent].tobytes())
            every = dict.fromkeys(id(row) for row in known)
            mine = [*known, stands] if stands and id(stands) not in every else known
            literals = [model.new_bool_var("") for _ in mine]
            model.add_exactly_one(literals)
            for row, literal in zip(mine, literals, strict=True):
                model.add_hint(literal, row is stands)
                terms.append((int(row.cost), literal))
                chosen.append((row, literal))
                for day in np.flatnonzero(row.shifts != OFF).tolist():
                    heads.setdefault((day, int(row.shifts[day])), []).append(literal)
        rest = np.delete(table, list(rows), axis=0)
        for day, shift in self.asked:
            lack = int(self.case.cover[day, shift] - (rest[:, day] == shift).sum())
            total = cp_model.LinearExpr.sum(heads[day, shift])
            short = model.new_int_var(0, max(0, lack), "")
            over = model.new_int_var(0, max(0, len(rows) - lack), "")
            model.add(total + short - over == lack)
            terms += [(self.short, short), (self.over, over)]
        model.minimize(
            cp_model.LinearExpr.weighted_sum(
                [literal for _, literal in terms], [price for price, _ in terms]
            )
        )
        value = self._best(model, budget, seed)
        if value is None:
            return None
        table = table.copy()
        for row, literal in chosen:
            if value(literal):
                table[row.agent] = row.shifts
        return table

    def _best(
        self, model: cp_model.CpModel, budget: Budget, seed: int
    ) -> Callable[[Any], int] | None:
        """Solve a choice among rows; None where nothing that can be relied on came."""
        fill_hint(model, budget)
        cut = budget.effort is not None and budget.effort - budget.spent < SECONDS
        outcome = run(
            model,
            budget,
            seconds=SECONDS,
            effort=SECONDS,
            seed=seed,
            workers=1,
            parameters={"linearization_level": 2},
        )
        kept = outcome.found and (outcome.proved or not cut)
        return outcome.value if kept else None

    def _solved(self) -> mathopt.SolveResult | None:
        """Return the solver's answer; a new solver is tried where the old one fails."""
        for _ in range(2):
            if self.solver is None:
                self.solver = mathopt.IncrementalSolver(
                    self.model, mathopt.SolverType.GLOP
                )
            with suppress(AttributeError, RuntimeError, ValueError):
                found = self.solver.solve(params=KEEPING, model_params=TOLD)
                rows = len(self.asked) + len(self.whole) + len(self.most)
                steps = found.solve_stats.simplex_iterations
                self.work += EFFORT * rows * (100 + steps)
                if found.has_primal_feasible_solution() and (
                    found.has_dual_feasible_solution()
                ):
                    return found
            self.solver = None
        return None
