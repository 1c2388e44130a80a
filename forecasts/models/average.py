"""The equal-weight combination of other models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasts.models.adjusted import Adjusted
from forecasts.models.profile import Profile
from forecasts.models.recent import WeightedMean
from forecasts.models.svd import Curves
from forecasts.past import Floats, Model, Past


@dataclass(frozen=True)
class Average:
    """The mean of several models, which errs less than most of them.

    Attributes
    ----------
    members
        Models averaged, at least one.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.tile([0.0, 4.0, 8.0], (28, 1)))
    >>> Average()(past, [date(2026, 3, 30)]).round(6)
    array([[0., 4., 8.]])
    """

    members: tuple[Model, ...] = (Profile(), Curves(), Adjusted(WeightedMean(0.1)))

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        made = [member(past, ahead) for member in self.members]
        return np.asarray(np.mean(made, axis=0))
