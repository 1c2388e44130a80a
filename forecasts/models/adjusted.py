"""A model of ordinary days, with the calendar taken out before and put back after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasts.models.profile import fitted
from forecasts.past import Floats, Model, Past


@dataclass(frozen=True)
class Adjusted:
    """Another model, fed with days as they would have been without the calendar.

    Attributes
    ----------
    model
        One that knows no calendar.

    Examples
    --------
    >>> from forecasts.models.recent import Recent
    >>> past = Past(date(2026, 3, 2), np.tile([0.0, 4.0, 8.0], (28, 1)))
    >>> Adjusted(Recent(4))(past, [date(2026, 3, 30)]).round(6)
    array([[0., 4., 8.]])
    """

    model: Model

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        days, _ = fitted(past)
        known = days.calendar_factors(past.dates)[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            calls = np.where(known > 0, past.calls / known, np.nan)
        plain = Past(past.first_day, calls, past.calendar)
        return self.model(plain, ahead) * days.calendar_factors(ahead)[:, None]
