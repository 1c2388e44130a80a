"""What is needed: from a call history to heads per interval."""

from forecasts.backtest import Backtest, Score, backtest
from forecasts.calendar import Calendar, CalendarDay, read_calendar
from forecasts.cleaning import Cleaned, Oddity, Repair, clean
from forecasts.clock import Clock
from forecasts.erlang import (
    DEFINITIONS,
    Performance,
    erlang_b,
    erlang_c,
    performance,
    required_heads,
)
from forecasts.forecaster import Forecast, forecast
from forecasts.history import History, read_calls
from forecasts.hours import ServiceHours
from forecasts.intraday import DayUnderWay, reforecast
from forecasts.load import LOADS, offered_load
from forecasts.models import METHODS
from forecasts.past import Model, Past
from forecasts.problems import InputError, Problem
from forecasts.requirement import (
    Marginal,
    Requirement,
    Service,
    expected_service_level,
    read_requirement,
    staff,
)
from forecasts.simulate import (
    Calls,
    Outlook,
    Played,
    Presence,
    draw_calls,
    outlook,
    play,
    presences_of,
    replicate,
)
from forecasts.synthetic import bank_truth, synthetic_bank, write_calls
from forecasts.table import Cells, Problems, Row, Table, read_table, table_from_rows

__all__ = [
    "DEFINITIONS",
    "LOADS",
    "METHODS",
    "Backtest",
    "Calendar",
    "CalendarDay",
    "Calls",
    "Cells",
    "Cleaned",
    "Clock",
    "DayUnderWay",
    "Forecast",
    "History",
    "InputError",
    "Marginal",
    "Model",
    "Oddity",
    "Outlook",
    "Past",
    "Performance",
    "Played",
    "Presence",
    "Problem",
    "Problems",
    "Repair",
    "Requirement",
    "Row",
    "Score",
    "Service",
    "ServiceHours",
    "Table",
    "backtest",
    "bank_truth",
    "clean",
    "draw_calls",
    "erlang_b",
    "erlang_c",
    "expected_service_level",
    "forecast",
    "offered_load",
    "outlook",
    "performance",
    "play",
    "presences_of",
    "read_calendar",
    "read_calls",
    "read_requirement",
    "read_table",
    "reforecast",
    "replicate",
    "required_heads",
    "staff",
    "synthetic_bank",
    "table_from_rows",
    "write_calls",
]
