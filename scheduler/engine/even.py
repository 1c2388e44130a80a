"""Even: shares of nights, weekends and hours, drawn to the mean by prices."""

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.fairness import FairnessHours, FairnessNights, FairnessWeekends

HARD = 5  # price taken where a rule is hard
PULL = 0.2  # price of a unit of a share beyond the mean, by the rule's own


def evens(case: Case) -> list["Even"]:
    """Return the shares that the rules of a case keep even."""
    kinds = FairnessNights | FairnessWeekends | FairnessHours
    return [Even(case, rule) for rule in case.rules if isinstance(rule, kinds)]


class Even:
    """Shares of people as their blends have them, drawn to the mean.

    The rule itself looks at the highest and the lowest only; while blends are soft,
    everybody can be drawn to the middle at no cost.
    """

    def __init__(
        self, case: Case, rule: FairnessNights | FairnessWeekends | FairnessHours
    ) -> None:
        shares = rule.shares(case)
        self.weight = shares.weight[case.past :]
        self.factor = np.zeros(len(case.agents))
        self.factor[shares.people] = shares.factor[shares.people]
        self.people = shares.people
        padded = np.hstack([shares.weight, np.zeros((case.span, 1))])
        had = padded[np.arange(case.past), case.history].sum(axis=1)
        self.had = had * self.factor
        self.share = self.had.copy()
        most = (
            rule.most_difference_minutes
            if isinstance(rule, FairnessHours)
            else rule.most_difference
        )
        self.unit = max(1.0, float(most))
        self.pull = PULL * (HARD if rule.penalty is None else rule.penalty) / rule.per

    def price(self, agent: int) -> NDArray[np.float64]:
        """Return what each start costs a person; shape ``(days, shifts)``."""
        factor = self.factor[agent]
        if not factor:
            return np.zeros_like(self.weight)
        beyond = (self.share[agent] - self.share[self.people].mean()) / self.unit
        return np.asarray(self.pull * factor * beyond * abs(beyond) * self.weight)

    def move(self, agent: int, row: NDArray[np.int16], pace: float) -> None:
        """Mix a row into a person's share."""
        days = np.flatnonzero(row != OFF)
        own = float(self.weight[days, row[days]].sum()) * self.factor[agent]
        self.share[agent] += pace * (self.had[agent] + own - self.share[agent])

    def of(self, table: NDArray[np.int16]) -> "Even":
        """Take the shares of a roster; return this."""
        for agent, row in enumerate(table):
            self.move(agent, row, 1.0)
        return self
