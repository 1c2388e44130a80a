"""The public door: read a case, solve it, audit it, show it.

Everything a planner's script needs is here, whichever package it lives in::

    import scheduler as sc

    plan = sc.read_case("my-case")
    result = sc.solve(plan.case, seconds=60)

A name is imported when it is first used, so that opening the door costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors; at run time ``_HOMES`` says where
    from constraints import (
        OFF,
        PACKS,
        RULES,
        Agent,
        Audit,
        Case,
        Duties,
        Leave,
        Request,
        Roster,
        Rule,
        Shift,
        Violation,
        audit,
        read_pack,
        read_rules,
    )
    from forecasts import (
        METHODS,
        Backtest,
        Calendar,
        Cleaned,
        Clock,
        DayUnderWay,
        Forecast,
        History,
        InputError,
        Performance,
        Problem,
        Requirement,
        Service,
        clean,
        draw_calls,
        erlang_b,
        erlang_c,
        expected_service_level,
        forecast,
        offered_load,
        outlook,
        performance,
        presences_of,
        read_calls,
        read_requirement,
        reforecast,
        replicate,
        required_heads,
        staff,
        synthetic_bank,
    )
    from scheduler.batch import Batch, batch_status, run_batch
    from scheduler.capacity import ShiftMix, shift_mix
    from scheduler.checking import Check, check
    from scheduler.demo import write_demo_case
    from scheduler.desk.desk import Desk
    from scheduler.desk.find import find_stand_ins, find_swaps
    from scheduler.desk.leave import check_leave
    from scheduler.desk.replan import replan
    from scheduler.desk.requests import LeaveRequest, Leg, SwapRequest
    from scheduler.desk.swaps import check_swap
    from scheduler.engine.breaks import place_breaks
    from scheduler.engine.solve import solve
    from scheduler.explanation import Explanation, Way, explain
    from scheduler.files.hiring import read_needs
    from scheduler.files.read import Plan, read_case
    from scheduler.files.rosters import read_roster
    from scheduler.files.scenario import Scenario, read_scenarios
    from scheduler.files.template import write_template
    from scheduler.files.write import write_outputs
    from scheduler.hiring import Contract, HiringNeeds, HiringPlan, hiring_plan
    from scheduler.reasons import (
        CellReason,
        Change,
        IntervalReason,
        explain_cell,
        explain_interval,
    )
    from scheduler.report.capacity import plot_hiring, plot_mix
    from scheduler.report.compared import (
        plot_batch,
        plot_comparison,
        plot_frontier,
        plot_replan,
        plot_rule_costs,
    )
    from scheduler.report.plots import (
        plot_backtest,
        plot_check,
        plot_cover,
        plot_fairness,
        plot_forecast,
        plot_grid,
        plot_heatmap,
        plot_trace,
        plot_weekday_errors,
    )
    from scheduler.result import Result, Step
    from scheduler.summary import coverage_frame, kpi
    from scheduler.whatif import (
        Comparison,
        Outcome,
        RuleCost,
        RuleCosts,
        compare,
        rule_costs,
        staffings,
    )

__all__ = [
    "METHODS",
    "OFF",
    "PACKS",
    "RULES",
    "Agent",
    "Audit",
    "Backtest",
    "Batch",
    "Calendar",
    "Case",
    "CellReason",
    "Change",
    "Check",
    "Cleaned",
    "Clock",
    "Comparison",
    "Contract",
    "DayUnderWay",
    "Desk",
    "Duties",
    "Explanation",
    "Forecast",
    "HiringNeeds",
    "HiringPlan",
    "History",
    "InputError",
    "IntervalReason",
    "Leave",
    "LeaveRequest",
    "Leg",
    "Outcome",
    "Performance",
    "Plan",
    "Problem",
    "Request",
    "Requirement",
    "Result",
    "Roster",
    "Rule",
    "RuleCost",
    "RuleCosts",
    "Scenario",
    "Service",
    "Shift",
    "ShiftMix",
    "Step",
    "SwapRequest",
    "Violation",
    "Way",
    "audit",
    "batch_status",
    "check",
    "check_leave",
    "check_swap",
    "clean",
    "compare",
    "coverage_frame",
    "draw_calls",
    "erlang_b",
    "erlang_c",
    "expected_service_level",
    "explain",
    "explain_cell",
    "explain_interval",
    "find_stand_ins",
    "find_swaps",
    "forecast",
    "hiring_plan",
    "kpi",
    "offered_load",
    "outlook",
    "performance",
    "place_breaks",
    "plot_backtest",
    "plot_batch",
    "plot_check",
    "plot_comparison",
    "plot_cover",
    "plot_fairness",
    "plot_forecast",
    "plot_frontier",
    "plot_grid",
    "plot_heatmap",
    "plot_hiring",
    "plot_mix",
    "plot_replan",
    "plot_rule_costs",
    "plot_trace",
    "plot_weekday_errors",
    "presences_of",
    "read_calls",
    "read_case",
    "read_needs",
    "read_pack",
    "read_requirement",
    "read_roster",
    "read_rules",
    "read_scenarios",
    "reforecast",
    "replan",
    "replicate",
    "required_heads",
    "rule_costs",
    "run_batch",
    "shift_mix",
    "solve",
    "staff",
    "staffings",
    "synthetic_bank",
    "write_demo_case",
    "write_outputs",
    "write_template",
]

_HOMES = {
    "scheduler.capacity": (
        "ShiftMix",
        "shift_mix",
    ),
    "scheduler.files.hiring": ("read_needs",),
    "scheduler.hiring": (
        "Contract",
        "HiringNeeds",
        "HiringPlan",
        "hiring_plan",
    ),
    "scheduler.report.capacity": (
        "plot_hiring",
        "plot_mix",
    ),
    "constraints": (
        "OFF",
        "PACKS",
        "RULES",
        "Agent",
        "Audit",
        "Case",
        "Duties",
        "Leave",
        "Request",
        "Roster",
        "Rule",
        "Shift",
        "Violation",
        "audit",
        "read_pack",
        "read_rules",
    ),
    "forecasts": (
        "METHODS",
        "Backtest",
        "Calendar",
        "Cleaned",
        "Clock",
        "DayUnderWay",
        "Forecast",
        "History",
        "InputError",
        "Performance",
        "Problem",
        "Requirement",
        "Service",
        "clean",
        "draw_calls",
        "erlang_b",
        "erlang_c",
        "expected_service_level",
        "forecast",
        "offered_load",
        "outlook",
        "performance",
        "presences_of",
        "read_calls",
        "read_requirement",
        "reforecast",
        "replicate",
        "required_heads",
        "staff",
        "synthetic_bank",
    ),
    "scheduler.batch": (
        "Batch",
        "batch_status",
        "run_batch",
    ),
    "scheduler.checking": (
        "Check",
        "check",
    ),
    "scheduler.demo": ("write_demo_case",),
    "scheduler.desk.desk": ("Desk",),
    "scheduler.desk.find": (
        "find_stand_ins",
        "find_swaps",
    ),
    "scheduler.desk.leave": ("check_leave",),
    "scheduler.desk.replan": ("replan",),
    "scheduler.desk.requests": (
        "LeaveRequest",
        "Leg",
        "SwapRequest",
    ),
    "scheduler.desk.swaps": ("check_swap",),
    "scheduler.engine.breaks": ("place_breaks",),
    "scheduler.engine.solve": ("solve",),
    "scheduler.files.read": (
        "Plan",
        "read_case",
    ),
    "scheduler.files.rosters": ("read_roster",),
    "scheduler.files.template": ("write_template",),
    "scheduler.files.write": ("write_outputs",),
    "scheduler.report.plots": (
        "plot_backtest",
        "plot_check",
        "plot_cover",
        "plot_fairness",
        "plot_forecast",
        "plot_grid",
        "plot_heatmap",
        "plot_trace",
        "plot_weekday_errors",
    ),
    "scheduler.result": (
        "Result",
        "Step",
    ),
    "scheduler.files.scenario": (
        "Scenario",
        "read_scenarios",
    ),
    "scheduler.explanation": (
        "Explanation",
        "Way",
        "explain",
    ),
    "scheduler.reasons": (
        "CellReason",
        "Change",
        "IntervalReason",
        "explain_cell",
        "explain_interval",
    ),
    "scheduler.whatif": (
        "Comparison",
        "Outcome",
        "RuleCost",
        "RuleCosts",
        "compare",
        "rule_costs",
        "staffings",
    ),
    "scheduler.report.compared": (
        "plot_batch",
        "plot_comparison",
        "plot_frontier",
        "plot_replan",
        "plot_rule_costs",
    ),
    "scheduler.summary": (
        "coverage_frame",
        "kpi",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
