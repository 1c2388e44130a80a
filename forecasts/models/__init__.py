"""Forecasting models, one a file, by the names that case.toml knows."""

from collections.abc import Mapping

from forecasts.models.average import Average
from forecasts.models.profile import Profile
from forecasts.models.recent import Recent, WeightedMean
from forecasts.models.svd import Curves
from forecasts.past import Model

METHODS: Mapping[str, Model] = {
    "profile": Profile(),
    "svd": Curves(),
    "average": Average(),
    "weighted-mean": WeightedMean(),
    "median-6": Recent(6, "median"),
    "mean-4": Recent(4),
    "seasonal-naive": Recent(1),
}
"""Models by name; ``auto`` picks among all, and takes the first where it cannot try."""
