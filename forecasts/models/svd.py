"""Days as mixtures of a few curves: a low-rank fit to square roots of calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasts.daily import ODD_SD, YEAR
from forecasts.models.profile import day_totals, fewness, fitted, shapes
from forecasts.past import Floats, Past
from forecasts.robust import normalised, spread_of

ITERATIONS = 40
LONG, SHORT = 52, 26
"""Weeks looked back on where intervals hold few calls, and where they hold many."""


@dataclass(frozen=True)
class Curves:
    """Day totals as in `Profile`; the shape of a day from its leading curves.

    Attributes
    ----------
    rank
        Curves kept.

    Notes
    -----
    The square roots of a day's calls, divided by the day's expected total, have
    about the same variance in every interval. Their singular vectors are curves that
    days share; a weekday's shape is the weighted mean of its days' scores on them. As
    all weekdays learn the same curves, thin intervals borrow from each other.

    Source: H. Shen and J. Z. Huang, "Interday forecasting and intraday updating of
    call center arrivals", *Manufacturing & Service Operations Management* 10, 2008.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.tile([0.0, 4.0, 8.0], (28, 1)))
    >>> Curves()(past, [date(2026, 3, 30)]).round(6)
    array([[0., 4., 8.]])
    """

    rank: int = 5

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"Expected 1 <= rank, got {self.rank}.")

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        days, shares = fitted(past)
        smooth = self._shares(past.since(-YEAR), shares)
        return np.asarray(days.totals(ahead)[:, None] * shapes(past, smooth, ahead))

    def _shares(self, past: Past, shares: Floats) -> Floats:
        """Return the share of the day of each slot; shape ``(8, slots)``."""
        few = fewness(past.calls)
        past = past.since(-7 * round(SHORT + (LONG - SHORT) * few))
        totals, usual = day_totals(past, shares), shares[past.weekdays]
        days = np.flatnonzero((totals > 0) & (usual.sum(axis=1) > 0))
        if days.size <= 2 * self.rank:
            return shares
        roots = _roots(past.calls[days], totals[days, None], usual[days])
        curves = _leading(roots, min(self.rank, past.slots))
        scores = roots @ curves
        fade = (0.95 + 0.04 * few) ** ((days[-1] - days) / 7.0)
        away = past.calendar.away(past.dates)[days]
        result = shares.copy()
        for weekday in range(7):
            same = (past.weekdays[days] == weekday) & ~away
            if same.any():
                mean = np.average(scores[same], axis=0, weights=fade[same])
                smooth = np.maximum(curves @ mean, 0.0) ** 2
                chance = max(0.0, 1.0 - float(smooth.sum()))  # lost to the square root
                is_open = shares[weekday] > 0
                result[weekday] = (smooth + chance / max(1, is_open.sum())) * is_open
        return normalised(result)


def _leading(table: Floats, rank: int) -> Floats:
    """Return a basis of the leading right singular vectors; ``(columns, rank)``.

    By orthogonal iteration: a whole decomposition would wake BLAS's threads for a
    table this small, and take ten times as long on a machine that is busy.
    """
    gram = np.einsum("di,dj->ij", table, table)
    basis = np.random.default_rng(0).standard_normal((len(gram), rank))
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(np.einsum("ij,jk->ik", gram, basis))[0]
    return basis


def _roots(calls: Floats, totals: Floats, usual: Floats) -> Floats:
    """Return roots of shares of the day, odd ones clipped, unknown ones as usual."""
    middle = np.sqrt(usual)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = (np.sqrt(calls / totals) - middle) * np.sqrt(totals)
    known = ~np.isnan(off) & (usual > 0)
    reach = ODD_SD * max(spread_of(off[known]), 0.5)  # 0.5 is what chance alone makes
    return np.asarray(
        middle + np.where(known, np.clip(off, -reach, reach), 0.0) / np.sqrt(totals)
    )
