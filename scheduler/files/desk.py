"""What ``[desk]`` in case.toml says: every key, its default, and its bounds."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from constraints.case import CLASSES
from scheduler.desk.policy import (
    LEVERS,
    HolidayPolicy,
    LeavePolicy,
    Policy,
    ReplanPolicy,
    SwapPolicy,
)
from scheduler.files.tables import LEAVE_KINDS

CROSSING = 'one of "allow", "approve", "forbid"'
NOTICE = r"[1-9][0-9]{0,2}[md](_warn)?"
Crossing = Literal["allow", "approve", "forbid"]
ONE_OF = "|".join
Pair = Annotated[str, Field(pattern=f"^({ONE_OF(CLASSES)})-({ONE_OF(CLASSES)})$")]
LeaveKind = Annotated[str, Field(pattern=f"^({ONE_OF(LEAVE_KINDS)})$")]
SWAP, HOLIDAY, LEAVE, REPLAN = (
    SwapPolicy(),
    HolidayPolicy(),
    LeavePolicy(),
    ReplanPolicy(),
)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


def _whole(default: int, least: int, most: int) -> Any:
    described = f"a whole number from {least} to {most}"
    return Field(default=default, ge=least, le=most, description=described)


class _Swap(_Table):
    notice_workdays: int = _whole(SWAP.notice_workdays, 0, 30)
    cutoff: str = Field(
        default="18:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description='a time such as "18:00"',
    )
    strict: bool = Field(default=SWAP.strict, description="true or false")
    per_month: int = _whole(SWAP.per_month, 0, 100)
    charge: Literal["both", "initiator"] = Field(
        default="both", description='"both" or "initiator"'
    )
    month_of: Literal["earlier_shift", "request", "each_shift"] = Field(
        default="earlier_shift",
        description='"earlier_shift", "request" or "each_shift"',
    )
    cross_class: Crossing = Field(default="approve", description=CROSSING)
    classes: dict[Pair, Crossing] = Field(
        default_factory=lambda: dict(SWAP.classes),  # type: ignore[arg-type]
        description=f'pairs of classes such as day-evening = "allow": {CROSSING}',
    )
    cross_team: Crossing = Field(default="approve", description=CROSSING)
    gap_shifts: int = _whole(SWAP.gap_shifts, 0, 30)
    reswap: bool = Field(default=SWAP.reswap, description="true or false")
    level_gap: int = _whole(SWAP.level_gap, 0, 1000)


class _Holiday(_Table):
    scope: Literal["block", "statutory"] = Field(
        default="block", description='"block" or "statutory"'
    )
    touch: Literal["any_minute", "start_date"] = Field(
        default="any_minute", description='"any_minute" or "start_date"'
    )


class _Limit(_Table):
    scope: Literal["team", "centre"] = Field(
        default="team", description='"team" or "centre"'
    )
    n: int = _whole(1, 0, 5000)


class _Leave(_Table):
    notice_days: int = _whole(LEAVE.notice_days, 0, 366)
    long_types: dict[LeaveKind, Annotated[str, Field(pattern=f"^{NOTICE}$")]] = Field(
        default_factory=lambda: dict(LEAVE.long_types),
        description='notices by kind such as annual = "1m", or "30d", or "1m_warn"',
    )
    annual_limit: _Limit | None = Field(
        default=None, description='a table such as {scope = "team", n = 1}'
    )
    night_emergency: Literal["last_noon_before_start", "never"] = Field(
        default="last_noon_before_start",
        description='"last_noon_before_start" or "never"',
    )
    span: Literal["refuse", "skip"] = Field(
        default="refuse", description='"refuse" or "skip"'
    )


class _Replan(_Table):
    lead_breaks: int = _whole(REPLAN.lead_breaks, 0, 1440)
    lead_shifts: int = _whole(REPLAN.lead_shifts, 0, 1440)
    most_move: int = _whole(REPLAN.most_move, 0, 720)
    most_longer: int = _whole(REPLAN.most_longer, 0, 720)
    changes_each: int = _whole(REPLAN.changes_each, 0, 10)
    people: int = _whole(REPLAN.people, 0, 5000)
    deviation: float = Field(
        default=REPLAN.deviation, ge=0, le=1, description="a share from 0 to 1"
    )
    intervals: int = _whole(REPLAN.intervals, 1, 48)
    levers: list[Literal["breaks", "duties", "moves", "overtime", "call_in"]] = Field(
        default_factory=lambda: list(LEVERS),  # type: ignore[arg-type]
        description=f"a list of {', '.join(LEVERS)}",
    )


class DeskModel(_Table):
    """The keys of ``[desk]``."""

    ledger: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9+]+://",
        description='the address of a database such as "postgresql+psycopg://host/name"',
    )
    site: str = Field(
        default="", max_length=64, description="a name in quotes, of 64 letters at most"
    )
    swap: _Swap = Field(default_factory=_Swap, description="a table [desk.swap]")
    holiday: _Holiday = Field(default_factory=_Holiday, description="a table")
    leave: _Leave = Field(default_factory=_Leave, description="a table [desk.leave]")
    replan: _Replan = Field(default_factory=_Replan, description="a table")

    def policy(self) -> Policy:
        """Return the rule book.

        Examples
        --------
        >>> desk = DeskModel.model_validate({"swap": {"cutoff": "12:30"}})
        >>> desk.policy().swap.cutoff, DeskModel().policy() == Policy()
        (750, True)
        """
        hours, minutes = map(int, self.swap.cutoff.split(":"))
        limit = self.leave.annual_limit
        swap = self.swap.model_dump() | {"cutoff": 60 * hours + minutes}
        leave = self.leave.model_dump() | {
            "annual_limit": None if limit is None else (limit.scope, limit.n)
        }
        replan = self.replan.model_dump() | {"levers": tuple(self.replan.levers)}
        return Policy(
            ledger=self.ledger,
            site=self.site,
            swap=SwapPolicy(**swap),
            holiday=HolidayPolicy(**self.holiday.model_dump()),
            leave=LeavePolicy(**leave),
            replan=ReplanPolicy(**replan),
        )
