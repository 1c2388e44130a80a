"""A commented case to fill in, small enough to read and whole enough to solve."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from constraints.pack import BY_ID, PACKS, read_pack
from constraints.rule import Rule
from forecasts.history import History
from forecasts.synthetic import synthetic_bank, write_calls

FIRST_DAY = date(2026, 3, 2)
OPENS, CLOSES = 8, 20

CASE = """\
# A case for roster: {first_day}, {days} days. Change what differs; every value that is
# not marked with (*) is the default and its line may be left out.
schema = 1
name = "{name}"                  # (*)
time_zone = "Asia/Shanghai"      # (*)
language = "{language}"          # report language: zh or en

[horizon]
first_day = {first_day}          # (*)
days = {days}
interval_minutes = 30            # 5, 10, 15, 20, 30 or 60
week_start = "mon"

[forecast]
method = "auto"                  # auto = best of the backtest, or one method's name
country = "CN"                   # public holidays; "" = none
quantile = 0.5                   # staff to this quantile of the load: 0.5 = the mean
volume = 1.0                     # factor on all calls: 1.1 = ten per cent more

[service]
threshold_seconds = 10           # three rings
target = 0.90                    # share of calls answered within the threshold
aht_seconds = 180                # handling time, where calls.csv has none
# patience_seconds = 180         # callers give up (Erlang A); left out: they do not
max_occupancy = 0.90             # largest share of their time agents spend on calls
shrinkage = 0.10                 # unplanned absence only; breaks and leave are rostered
load = "mol"                     # calls in progress; mol-max where they rise at once
floor = {floor}                        # heads on the phone in every interval (2)
hours = "{hours}"            # service hours (00:00-24:00); or by weekday:
                                 # hours = {{mon = "07:00-21:00", sun = ""}}

[rules]
pack = "{pack}"                    # {packs}
{rules}
[solve]
seconds = {seconds}
seed = 1
workers = 0                      # 0 = what this machine allows

[desk.swap]                      # once the roster is published
notice_workdays = 1              # office days ahead, by cutoff
cutoff = "18:00"
per_month = 2                    # swaps of each person
cross_class = "approve"          # day for night: allow, approve or forbid
gap_shifts = 1                   # shifts between two that are swapped
level_gap = 1

[desk.leave]
notice_days = 3
long_types = {{annual = "1m", marriage = "1m", maternity = "1m_warn"}}

[desk.replan]
people = 10                      # changed at most in a day
changes_each = 2
"""

AGENTS = """\
agent,name,team,hours_per_week,classes,roles,joined,left
A1,王芳,A,40,,leader,2020-03-01,
A2,李伟,A,40,,,2021-07-01,
A3,Chen Jie,A,40,,,2022-09-01,
A4,Ann Lee,A,40,,leader,2019-05-01,
A5,刘洋,B,40,,leader,2018-11-01,
A6,赵敏,B,40,,,2023-02-01,
A7,Sun Lei,B,40,,,2024-06-01,
A8,Bob Wu,B,30,day;evening,,2025-01-01,
A9,周涛,B,20,day,,2025-08-01,
"""

SHIFTS = """\
shift,class,start,end,label,colour
E1,day,08:00,16:30,Early,#4C9F70
E2,day,09:00,17:30,Morning,#7DBE8E
L1,evening,11:30,20:00,Late,#E0A43A
S1,day,09:30,13:30,Short,#A7C7E7
"""

OTHERS = {
    "leave.csv": "agent,first,last,kind,status\n"
    "A2,2026-03-10,2026-03-12,annual,approved\n"
    "A6,2026-03-18,2026-03-18,personal,requested\n",
    "requests.csv": "agent,date,kind,value,weight\nA3,2026-03-14,off,,10\n",
    "pins.csv": "agent,date,shift\nA7,2026-03-08,-\n",
    "calendar.csv": "date,kind,name,factor\n2026-03-08,event,Women's Day,1.1\n",
    "limits.csv": "agent,rule,parameter,value\nA8,sequence.run,most_days,5\n",
}


def write_template(folder: Path, language: str = "en") -> None:
    """Write a commented case that can be solved as it stands.

    Parameters
    ----------
    folder
        Made where it is missing.
    language
        ``zh`` or ``en``: the report language set in it.

    Examples
    --------
    >>> import tempfile
    >>> from scheduler.files.read import read_case
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(Path(folder, "mine"))
    ...     read_case(Path(folder, "mine"))
    <Plan mine: 9 people, 28 days from 2026-03-02>
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = case_text(
        name=folder.resolve().name or "mine",
        first_day=FIRST_DAY,
        language=language,
        floor=1,
        hours=f"{OPENS:02}:00-{CLOSES}:00",
        rules=commented_rules("bank"),
    )
    (folder / "case.toml").write_text(text, encoding="utf-8")
    tables = {"agents.csv": AGENTS, "shifts.csv": SHIFTS, **OTHERS}
    for name, table in tables.items():
        (folder / name).write_text(table, encoding="utf-8")
    write_calls(_calls(), folder / "calls.csv")


def case_text(
    *,
    name: str,
    first_day: date,
    days: int = 28,
    language: str = "en",
    floor: int = 2,
    hours: str = "00:00-24:00",
    pack: str = "bank",
    rules: str = "",
    seconds: int = 60,
) -> str:
    """Return a commented case.toml."""
    return CASE.format(
        name=name.replace("\\", "/").replace('"', "'"),
        first_day=first_day,
        days=days,
        language=language,
        floor=floor,
        hours=hours,
        pack=pack,
        packs=", ".join(PACKS),
        rules=rules,
        seconds=seconds,
    )


def commented_rules(pack: str) -> str:
    """Return every rule of a pack with its parameters, each line commented out."""
    lines = [
        "# The rules in force, with their values. To change one, take the # away from",
        "# its heading and from the value that differs. penalty = N makes a rule soft,",
        '# penalty = "hard" makes it hard, enabled = false turns it off.',
    ]
    for id, given in read_pack(pack).rules.items():
        lines += _commented(BY_ID[id](**given))
    lines += [
        "# People asked for by shift, beside calls or alone: write cover.csv with the",
        "# columns date, shift and required, and take these # away.",
        *_commented(BY_ID["coverage.shift"]()),
    ]
    return "\n".join(lines) + "\n"


def _commented(rule: Rule) -> Iterator[str]:
    yield f'# [rules."{rule.id}"]'
    for name in rule.parameters():
        value = getattr(rule, name)
        shown = "(left out: taken from the case)" if value is None else _toml(value)
        yield f"# {name} = {shown}"
    if rule.penalty is not None:
        yield f"# penalty = {rule.penalty}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _calls() -> History:
    """Return two weeks of calls within the service hours."""
    days = 14
    start = FIRST_DAY - timedelta(days=days)
    history = synthetic_bank(start, days, seed=1, calls_per_day=190)
    slots = history.slots
    history.calls[:, :, : OPENS * slots // 24] = float("nan")
    history.calls[:, :, CLOSES * slots // 24 :] = float("nan")
    return history


# -- capacity.toml --------------------------------------------------------------------

CAPACITY = """\
# What roster capacity plans hires from. One value holds for all months, a list has one
# for each; shares are from 0 to 1. Amounts are in any currency.
first_month = "{month}"
# Factors on the calls of this case; or hours = [9000, ...], the hours asked for.
volume = [1.00, 1.00, 1.05, 1.05, 1.10, 1.10, 1.10, 1.10, 1.15, 1.20, 1.20, 1.10]
attrition = 0.02      # share of heads that leave at the end of a month
leave = [0.06, 0.08, 0.06, 0.12, 0.12, 0.06, 0.10, 0.06, 0.06, 0.06, 0.14, 0.06]
training_months = 1   # from the month hired to the first on the floor
ramp = [0.6, 0.8]     # share of a trained head's work in the first months there
shortage_price = 300  # an hour that nobody works

[overtime]
share = 0.05          # at most so much of the hours at work in a month
price = 90            # an hour
"""
CONTRACT = """
[[contract]]
name = "{weekly} h"
hours = {monthly}  # paid hours a month
cost = {cost}  # a head and month
hiring_cost = 6000
heads = {heads}  # trained and there in the first month
least_share = {least}  # of all heads; most_share = 1.0
"""


def capacity_text(first_day: date, heads: Mapping[int, int]) -> str:
    """Return a commented capacity.toml.

    Parameters
    ----------
    first_day
        Of the case; the plan begins with its month.
    heads
        People there are, by their contract hours a week.

    Examples
    --------
    >>> capacity_text(date(2026, 3, 30), {40: 48}).splitlines()[-5]
    'hours = 173  # paid hours a month'
    """
    most = max(heads, key=lambda weekly: heads[weekly])
    contracts = (
        CONTRACT.format(
            weekly=weekly,
            monthly=round(weekly * 52 / 12),
            cost=54 * round(weekly * 52 / 12),
            heads=count,
            least=0.6 if weekly == most else 0.0,
        )
        for weekly, count in sorted(heads.items(), reverse=True)
    )
    return CAPACITY.format(month=f"{first_day:%Y-%m}") + "".join(contracts)
