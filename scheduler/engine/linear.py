"""Linear: programmes handed to HiGHS, for prices and for a second opinion."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2
from ortools.sat.python import cp_model

Terms = list[tuple[int, float]]  # numbers of variables, and their weights
Row = tuple[float, Terms, float]  # least, terms, most
FREE = 1e15  # beyond this, a limit of the model is none


def duals(cp: cp_model.CpModel, rows: list[int], seconds: float) -> list[float] | None:
    """Return the prices of some rows of a model without whole numbers.

    None where none were found in time.
    """
    model, _, constraints = _stated(cp, whole=False)
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


def impossible(cp: cp_model.CpModel, seconds: float, *, whole: bool = True) -> bool:
    """Return whether HiGHS, too, proves that a model cannot be met.

    Not ``whole``, fractions are let through: less is proved, and sooner.
    """
    return Stated(cp, whole=whole).impossible({}, seconds)


class Stated:
    """A model as HiGHS has it, asked again and again within other limits.

    Parameters
    ----------
    cp
        The model; stating it takes longer than most answers.
    whole
        Whether variables are whole numbers.
    """

    def __init__(self, cp: cp_model.CpModel, *, whole: bool) -> None:
        self._model, self._variables, _ = _stated(cp, whole=whole)

    def impossible(self, values: Mapping[int, int], seconds: float) -> bool:
        """Return whether it is proved that the model cannot be met.

        Parameters
        ----------
        values
            What some variables, by number, are to be.
        seconds
            For the proof.
        """
        for number, value in values.items():
            variable = self._variables[number]
            variable.lower_bound = variable.upper_bound = float(value)
        found = _solved(self._model, seconds, None)
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


def _stated(cp: cp_model.CpModel, *, whole: bool) -> tuple[Any, list[Any], list[Any]]:
    """Return a model of linear rows in HiGHS's terms, its variables and its rows."""
    proto, model = cp.proto, mathopt.Model()
    variables, rows = [], []
    for one in proto.variables:
        low, *_, high = list(one.domain)
        variables.append(
            model.add_variable(lb=_limit(low), ub=_limit(high), is_integer=whole)
        )

    def total(terms: Iterable[tuple[int, float]]) -> Any:
        return mathopt.LinearSum(
            [mathopt.LinearTerm(variables[at], weight) for at, weight in terms]
        )

    domains = [list(one.domain) for one in proto.variables]
    for one in proto.constraints:
        for low, terms, high in _rows(one, domains):
            row = model.add_linear_constraint(
                lb=_limit(low), ub=_limit(high), expr=total(terms)
            )
            rows.append(row)
    goal = proto.objective
    model.minimize(total(zip(list(goal.vars), list(goal.coeffs), strict=True)))
    return model, variables, rows


def _rows(one: Any, domains: list[list[int]]) -> Iterator[Row]:
    """Yield linear rows that a constraint implies: all it says, where it is linear."""
    if one.has_linear():
        low, *_, high = list(one.linear.domain)
        pairs = zip(list(one.linear.vars), list(one.linear.coeffs), strict=True)
        terms = list(pairs)
        if list(one.enforcement_literal):
            yield from _enforced(one, low, terms, high, domains)
        else:
            yield low, terms, high
    elif one.has_bool_or():  # a literal, or what it waits for is false
        unmet = [-at - 1 for at in one.enforcement_literal]
        yield _count(1, [*one.bool_or.literals, *unmet], FREE)
    elif one.has_at_most_one():
        yield _count(-FREE, list(one.at_most_one.literals), 1)
    elif one.has_exactly_one():
        yield _count(1, list(one.exactly_one.literals), 1)
    elif one.has_lin_max():  # it is no less than any; the rest is let go
        target = one.lin_max.target
        top = list(zip(list(target.vars), list(target.coeffs), strict=True))
        for each in one.lin_max.exprs:
            less = [(at, -w) for at, w in zip(each.vars, each.coeffs, strict=True)]
            yield each.offset - target.offset, [*top, *less], FREE


def _count(low: float, literals: list[int], high: float) -> Row:
    """Return a row over how many literals are true; a negative one is a negation."""
    terms = [(at, 1.0) if at >= 0 else (-at - 1, -1.0) for at in literals]
    turned = sum(at < 0 for at in literals)
    return low - turned, terms, high - turned


def _enforced(
    one: Any, low: float, terms: Terms, high: float, domains: list[list[int]]
) -> Iterator[Row]:
    """Yield both sides of a row that holds where some literals are true."""
    unmet = [-at - 1 for at in one.enforcement_literal]
    ends = [[w * end for end in (domains[at][0], domains[at][-1])] for at, w in terms]
    least, most = sum(map(min, ends)), sum(map(max, ends))
    for side, room in ((high, most - high), (low, least - low)):
        if room * (1 if side is high else -1) > 0 and abs(side) < FREE:
            _, switches, turned = _count(0, unmet, 0)
            row = [*terms, *((at, -room * weight) for at, weight in switches)]
            edge = side - room * turned
            yield (-FREE, row, edge) if side is high else (edge, row, FREE)


def _limit(bound: float) -> float:
    return (
        float(bound) if abs(bound) < FREE else float("inf") * (1 if bound > 0 else -1)
    )
