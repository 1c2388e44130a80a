"""Read capacity.toml: what a hiring plan is made from, checked key by key."""

from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from constraints.case import Case
from forecasts.requirement import staff
from forecasts.table import Problems
from scheduler.files.faults import include_faults
from scheduler.files.faults import refuse as refused
from scheduler.files.read import Plan
from scheduler.files.toml import Key, Settings, read_settings
from scheduler.hiring import Contract, HiringNeeds

MOST_MONTHS = 36
MOST_CONTRACTS = 10
HOURS = 1e7


def read_needs(path: Path | str, plan: Plan | None = None) -> HiringNeeds:
    """Read what a hiring plan is made from.

    Parameters
    ----------
    path
        A TOML file such as ``CASE/capacity.toml``.
    plan
        The case, for a file that says how its calls grow (``volume``) instead of the
        hours that are asked for.

    Raises
    ------
    InputError
        One problem for each key that is wrong, with its line.
    """
    return needs_of(read_settings(Path(path)), plan)


def needs_of(settings: Settings, plan: Plan | None = None) -> HiringNeeds:
    """Return what a file says that has been read; raises as above.

    Examples
    --------
    >>> from scheduler.files.toml import parse_settings
    >>> text = '''first_month = "2026-04"
    ... hours = [9000, 9500]
    ... shortage_price = 300
    ... [[contract]]
    ... name = "full time"
    ... hours = 160
    ... cost = 9000
    ... '''
    >>> needs = needs_of(parse_settings(text, "capacity.toml"))
    >>> needs.workload, needs.contracts[0].name
    ((9000.0, 9500.0), 'full time')
    >>> needs_of(parse_settings(text.replace("hours", "hour"), "capacity.toml"))
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: capacity.toml:2: column "hour": found "hour",
    expected a key of capacity.toml. Did you mean "hours"?
    capacity.toml:4: column "contract.1.hours": found "no such key", expected paid
    hours a month above 0. Add hours; it has no default.
    capacity.toml:6: column "contract.1.hour": found "hour", expected a key of
    [[contract]]. Did you mean "hours"?
    """
    problems = Problems()
    try:
        told = _Capacity.model_validate(settings.values, strict=settings.typed)
    except ValidationError as error:
        include_faults(problems, error, _Capacity, settings)
        problems.raise_if_any()
        raise
    _check(told, settings, plan, problems)
    problems.raise_if_any()
    workload = told.hours
    if workload is None:
        assert plan is not None
        workload = _hours_of(plan, told.volume or [], told.first_month)
    return HiringNeeds(
        workload=tuple(workload),
        contracts=tuple(Contract(**vars(each)) for each in told.contract),
        first_month=told.first_month,
        attrition=tuple(told.attrition),
        leave=tuple(told.leave),
        training_months=told.training_months,
        ramp=tuple(told.ramp),
        overtime_share=told.overtime.share,
        overtime_price=told.overtime.price,
        shortage_price=told.shortage_price,
    )


def _hours_of(plan: Plan, factors: list[float], first: date) -> list[float]:
    """Return the hours each month asks for, at factors on the calls of the case.

    Heads are computed anew for each factor, as twice the calls need less than twice
    the heads; a requirement that was given is multiplied. The mean day of the case
    stands for each day of the month.
    """
    daily = {factor: _daily_hours(plan, factor) for factor in factors}
    months = (first.year * 12 + first.month - 1 + n for n in range(len(factors)))
    days = [monthrange(month // 12, month % 12 + 1)[1] for month in months]
    return [daily[f] * length for f, length in zip(factors, days, strict=True)]


def _daily_hours(plan: Plan, factor: float) -> float:
    case = plan.case
    requirement, scale = case.requirement, factor
    if plan.forecast is not None:
        requirement, scale = (
            staff(
                plan.forecast.times(factor),
                plan.settings.service,
                requirement.is_open,
                quantile=plan.settings.quantile,
            ),
            1.0,
        )
    heads = float(requirement.heads[:, requirement.is_open].sum())
    return scale * heads * case.clock.interval_minutes / 60 / case.days


# -- every key, its bounds and its default --------------------------------------------


def _month(value: object) -> object:
    """Read a month such as 2026-04."""
    text = str(value)
    try:
        return date.fromisoformat(f"{text}-01" if text.count("-") == 1 else text)
    except ValueError:
        return value


def _listed(value: object) -> object:
    """Read one number as a list of one."""
    return value if isinstance(value, list) else [value]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, le=1e9)]
MONEY = "an amount from 0 to 1000000000"
SHARES = "a share from 0 to 1, or a list of one for each month, such as 0.02"


class _Contract(_Table):
    name: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        description="a name of its own, of at most 40 letters"
    )
    hours: Annotated[float, Field(gt=0, le=744)] = Field(
        description="paid hours a month above 0"
    )
    cost: Money = Field(description=MONEY)
    hiring_cost: Money = Field(default=0.0, description=MONEY)
    heads: Annotated[float, Field(ge=0, le=1e5)] = Field(
        default=0.0, description="a number of heads from 0 to 100000"
    )
    least_share: Share = Field(default=0.0, description="a share from 0 to 1")
    most_share: Share = Field(default=1.0, description="a share from 0 to 1")


class _Overtime(_Table):
    share: Share = Field(default=0.0, description="a share from 0 to 1")
    price: Money = Field(default=0.0, description=MONEY)


class _Capacity(_Table):
    first_month: Annotated[date, BeforeValidator(_month)] = Field(
        ge=date(1970, 1, 1), le=date(2199, 12, 1), description='a month, "2026-04", say'
    )
    hours: (
        Annotated[
            list[Annotated[float, Field(ge=0, le=HOURS)]],
            Field(min_length=1, max_length=MOST_MONTHS),
        ]
        | None
    ) = Field(
        default=None,
        description=f"a list of hours, one for each month, of 1 to {MOST_MONTHS}",
    )
    volume: (
        Annotated[
            list[Annotated[float, Field(ge=0.01, le=100)]],
            Field(min_length=1, max_length=MOST_MONTHS),
        ]
        | None
    ) = Field(
        default=None,
        description="a list of factors from 0.01 to 100 on the calls of the case, one "
        f"for each month, of 1 to {MOST_MONTHS}",
    )
    attrition: Annotated[list[Share], BeforeValidator(_listed)] = Field(
        default=[0.0], description=SHARES
    )
    leave: Annotated[list[Share], BeforeValidator(_listed)] = Field(
        default=[0.0], description=SHARES
    )
    training_months: Annotated[int, Field(ge=0, le=12)] = Field(
        default=0, description="a whole number of months from 0 to 12"
    )
    ramp: Annotated[list[Share], Field(max_length=24)] = Field(
        default=[],
        description="a list of shares from 0 to 1, one for each of the first months",
    )
    shortage_price: Money = Field(description=MONEY)
    overtime: _Overtime = Field(
        default=_Overtime(), description="a table [overtime] with share and price"
    )
    contract: Annotated[
        list[_Contract], Field(min_length=1, max_length=MOST_CONTRACTS)
    ] = Field(description=f"tables [[contract]], 1 to {MOST_CONTRACTS} of them")


# -- saying what is wrong -------------------------------------------------------------


def _check(
    told: _Capacity, settings: Settings, plan: Plan | None, problems: Problems
) -> None:
    """Check what one key says of another."""

    def refuse(key: Key, found: object, expected: str, remedy: str) -> None:
        refused(problems, settings, key, found, expected, remedy)

    given = [name for name in ("hours", "volume") if getattr(told, name) is not None]
    if len(given) != 1:
        refuse(
            (given[-1],) if given else (),
            " and ".join(given) or "neither hours nor volume",
            "hours, or volume",
            "Give the hours of each month, or factors on the calls of the case.",
        )
        return
    if given == ["volume"] and not _asks(plan):
        refuse(
            ("volume",),
            "volume",
            "a case with calls or a requirement",
            "Give hours, one number for each month.",
        )
    months = len(told.hours or told.volume or ())
    for name in ("attrition", "leave"):
        values = getattr(told, name)
        if len(values) not in (1, months):
            refuse(
                (name,),
                f"{len(values)} values",
                f"1 value or {months}, as {given[0]} has",
                "Give one share for all months, or one for each.",
            )
    _check_contracts(told, refuse)


def _asks(plan: Plan | None) -> bool:
    if plan is None:
        return False
    case: Case = plan.case
    return bool(case.requirement.heads[:, case.requirement.is_open].any())


def _check_contracts(told: _Capacity, refuse: Any) -> None:
    names = [contract.name for contract in told.contract]
    for number, contract in enumerate(told.contract):
        above = ("contract", str(number))
        if contract.name in names[:number]:
            refuse(
                (*above, "name"),
                contract.name,
                "a name of its own for each contract",
                "Change one of them.",
            )
        if contract.least_share > contract.most_share:
            refuse(
                (*above, "least_share"),
                f"{contract.least_share:g}",
                f"at most most_share, {contract.most_share:g}",
                "Lower it, or raise most_share.",
            )
    least = sum(contract.least_share for contract in told.contract)
    most = sum(contract.most_share for contract in told.contract)
    if least > 1 + 1e-9 or most < 1 - 1e-9:
        refuse(
            ("contract",),
            f"shares from {least:g} to {most:g} in all",
            "shares that can add up to 1",
            "Correct least_share or most_share.",
        )
