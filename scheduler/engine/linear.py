"""Linear: programmes handed to HiGHS, for prices and for a second opinion."""

from datetime import timedelta
from time import monotonic
from typing import Any

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2
from ortools.sat.python import cp_model

FREE = 1e15  # beyond this, a limit of the model is none


def duals(cp: cp_model.CpModel, rows: list[int], seconds: float) -> list[float] | None:
    """Return the prices of some rows of a model without whole numbers.

    None where none were found in time.
    """
    model, constraints = _stated(cp, whole=False)
    found = solved(model, seconds)
    if found is None:
        return None
    values = found.dual_values()
    return [values[constraints[row]] for row in rows]


def solved(model: mathopt.Model, seconds: float) -> mathopt.SolveResult | None:
    """Return a linear programme's solution with prices; None where there is none.

    By HiGHS's interior point method, without a cross-over to a corner: of the solvers
    in ortools the quickest here by far (4 s where simplex took 57).
    """
    interior = highs_pb2.HighsOptionsProto()
    interior.string_options["solver"] = "ipm"
    interior.string_options["run_crossover"] = "off"
    until = monotonic() + seconds
    for options in (interior, None):  # the second where the first is at a loss
        if monotonic() > until:
            break
        found = _solved(model, until - monotonic(), options)
        if found is not None and found.has_dual_feasible_solution():
            return found
    return None


def impossible(cp: cp_model.CpModel, seconds: float) -> bool:
    """Return whether HiGHS, too, proves that a model cannot be met."""
    found = _solved(_stated(cp, whole=True)[0], seconds, None)
    reason = None if found is None else found.termination.reason
    return bool(reason == mathopt.TerminationReason.INFEASIBLE)


def _solved(
    model: mathopt.Model, seconds: float, options: Any
) -> mathopt.SolveResult | None:
    """Return what HiGHS says; None where it says nothing that ortools understands."""
    limits = mathopt.SolveParameters(
        time_limit=timedelta(seconds=max(0.1, seconds)), highs=options
    )
    try:
        return mathopt.solve(model, mathopt.SolverType.HIGHS, params=limits)
    except (AttributeError, RuntimeError, ValueError):  # so ortools 9.15 ends "unknown"
        return None


def _stated(cp: cp_model.CpModel, *, whole: bool) -> tuple[Any, list[Any]]:
    """Return a model of linear rows in HiGHS's terms, and its rows."""
    proto, model = cp.proto, mathopt.Model()
    variables, rows = [], []
    for one in proto.variables:
        low, *_, high = list(one.domain)
        variables.append(
            model.add_variable(lb=_limit(low), ub=_limit(high), is_integer=whole)
        )

    def total(places: Any, weights: Any) -> Any:
        terms = zip(list(places), list(weights), strict=True)
        return mathopt.LinearSum(
            [mathopt.LinearTerm(variables[at], weight) for at, weight in terms]
        )

    for one in proto.constraints:
        low, *_, high = list(one.linear.domain)
        rows.append(
            model.add_linear_constraint(
                lb=_limit(low),
                ub=_limit(high),
                expr=total(one.linear.vars, one.linear.coeffs),
            )
        )
    model.minimize(total(proto.objective.vars, proto.objective.coeffs))
    return model, rows


def _limit(bound: int) -> float:
    return (
        float(bound) if abs(bound) < FREE else float("inf") * (1 if bound > 0 else -1)
    )
