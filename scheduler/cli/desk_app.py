"""The words of the desk's commands: publish, swap, leave, replan, ledger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduler.cli.arguments import CasePath, Debug, Json, Lang, Quiet, of

if TYPE_CHECKING:  # it loads what --help needs not
    from scheduler.cli.opened import Told

Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where files go.  [CASE/published]"),
]
Now = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Local time, 2026-03-05T10:00.  [the clock]"),
]
By = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who does it.  [your login]")
]
Number = Annotated[int, typer.Argument(min=1, metavar="NUMBER", help="Of the request.")]
Over = Annotated[
    int, typer.Option(min=0, metavar="N", help="The version it is to replace.")
]
RosterFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Roster to publish.  [out/roster.csv]"),
]
Give = Annotated[
    str | None, typer.Option(metavar="AGENT:DATE", help="The shift given away.")
]
Take = Annotated[
    list[str] | None,
    typer.Option(
        metavar="AGENT:DATE",
        help="The shift taken; in a ring several, in the order they are handed on.",
    ),
]
Agent = Annotated[str | None, typer.Option(metavar="ID", help="Who is away.")]
First = Annotated[str | None, typer.Option(metavar="DATE", help="First day of leave.")]
Last = Annotated[str | None, typer.Option(metavar="DATE", help="Last day of leave.")]
Kind = Annotated[str | None, typer.Option(metavar="KIND", help="As in leave.csv.")]
Replace = Annotated[
    list[str] | None,
    typer.Option(metavar="AGENT:DATE", help="Who stands in, and on which date."),
]
Id = Annotated[
    int | None,
    typer.Option("--id", min=1, metavar="NUMBER", help="A request handed in before."),
]
Reason = Annotated[str, typer.Option(metavar="WORDS", help="Why.")]
Person = Annotated[str, typer.Option("--agent", metavar="ID", help="Of whom.")]


def _desk(**told: Any) -> "Told":
    """Return what the command line says, for the desk."""
    from scheduler.cli.commands import Options
    from scheduler.cli.opened import Told

    names = ("out", "quiet", "as_json")
    options = {name: told.pop(name) for name in names if name in told}
    language = of(told.pop("lang", None))
    return Told(Options(**options, language=language), **told)


# -- published rosters ----------------------------------------------------------------


def publish(
    case: CasePath,
    roster: RosterFile = None,
    over: Over = 0,
    by: By = None,
    now: Now = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Freeze a roster as the version that stands; refused where another does."""
    from scheduler.cli import desk

    told = _desk(by=by, now=now, out=out, quiet=quiet, as_json=as_json, lang=lang)
    return desk.publish(case, roster, over, told)


def diff(
    case: CasePath,
    one: Annotated[
        int, typer.Option("--from", min=0, metavar="N", help="[the one that stands]")
    ] = 0,
    other: Annotated[
        int, typer.Option("--to", min=0, metavar="N", help="[out/roster.csv]")
    ] = 0,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Say in which shifts two versions differ, or the draft from what stands."""
    from scheduler.cli import desk

    return desk.diff(case, one, other, _desk(quiet=quiet, as_json=as_json, lang=lang))


def rollback(
    case: CasePath,
    version: Annotated[int, typer.Argument(min=1, metavar="N", help="Back to which.")],
    over: Over = 0,
    by: By = None,
    now: Now = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Publish an earlier version once more; what has begun stays."""
    from scheduler.cli import desk

    told = _desk(by=by, now=now, out=out, quiet=quiet, as_json=as_json, lang=lang)
    return desk.rollback(case, version, over, told)


def replan(
    case: CasePath,
    now: Now = None,
    actuals: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Today's calls so far, as calls.csv."),
    ] = None,
    absent: Annotated[
        str | None, typer.Option(metavar="A12,A20", help="Who is not there.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day.  [today]")
    ] = None,
    people: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="People changed at most.")
    ] = None,
    each: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Changes each at most.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Publish what was proposed last.")
    ] = False,
    by: By = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the proposal is.  [CASE/replan]"),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Propose few changes for the rest of a day that does not go as planned."""
    from scheduler.cli import desk
    from scheduler.cli.replan import Wrong
    from scheduler.cli.replan import replan as answer

    told = _desk(by=by, now=now, out=out, quiet=quiet, as_json=as_json, lang=lang)
    if apply:
        return desk.apply_replan(case, told)
    return answer(case, Wrong(actuals, absent, date, people, each), told)


# -- swaps ----------------------------------------------------------------------------

swap = typer.Typer(
    help="Swaps of shifts: check, request, agree, approve, apply, find.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
leave = typer.Typer(
    help="Leave after publication: check, request, approve, apply.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ledger = typer.Typer(
    help="The desk's ledger: verify, trail, counts, files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@swap.command("check")
def swap_check(
    case: CasePath,
    give: Give = None,
    take: Take = None,
    id: Id = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Hold a swap against all checks; change nothing."""
    from scheduler.cli import requests

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    return requests.check(case, requests.SwapWords(give, take or []), id, told)


@swap.command("request")
def swap_request(
    case: CasePath,
    give: Give = None,
    take: Take = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Hand in a swap; it waits for the others to agree."""
    from scheduler.cli import requests

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    return requests.request(case, requests.SwapWords(give, take or []), told)


@swap.command("agree")
def swap_agree(
    case: CasePath,
    number: Number,
    by: By = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Note that somebody asked agrees to a swap."""
    from scheduler.cli import requests

    told = _desk(by=by, now=now, quiet=quiet, as_json=as_json, lang=lang)
    return requests.agree(case, number, told)


@swap.command("find")
def swap_find(
    case: CasePath,
    give: Give = None,
    most: Annotated[
        int, typer.Option(min=1, max=30, metavar="N", help="Proposals.")
    ] = 10,
    least: Annotated[
        int, typer.Option(min=2, max=4, metavar="N", help="People in each at least.")
    ] = 2,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Find who could take a shift: pairs, else rings of three or four, all checked."""
    from scheduler.cli import requests

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    return requests.find(case, give, most, least, told)


# -- leave ----------------------------------------------------------------------------


@leave.command("check")
def leave_check(
    case: CasePath,
    agent: Agent = None,
    first: First = None,
    last: Last = None,
    kind: Kind = None,
    replace: Replace = None,
    id: Id = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Hold leave against all checks, and say who could stand in; change nothing."""
    from scheduler.cli import requests

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    words = requests.LeaveWords(agent, first, last, kind, replace or [])
    return requests.check(case, words, id, told)


@leave.command("request")
def leave_request(
    case: CasePath,
    agent: Agent = None,
    first: First = None,
    last: Last = None,
    kind: Kind = None,
    replace: Replace = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Hand in leave."""
    from scheduler.cli import requests

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    words = requests.LeaveWords(agent, first, last, kind, replace or [])
    return requests.request(case, words, told)


# -- both -----------------------------------------------------------------------------


def _both(kind: str) -> None:
    """Add the commands that swaps and leave share."""
    group = {"swap": swap, "leave": leave}[kind]

    def approve(
        case: CasePath,
        number: Number,
        reason: Reason = "",
        by: By = None,
        now: Now = None,
        quiet: Quiet = False,
        as_json: Json = False,
        lang: Lang = None,
        debug: Debug = False,
    ) -> int:
        """Check a request once more and approve it, or refuse it."""
        from scheduler.cli import requests

        told = _desk(by=by, now=now, quiet=quiet, as_json=as_json, lang=lang)
        return requests.approve(case, kind, number, reason, told)

    def refuse(
        case: CasePath,
        number: Number,
        reason: Reason = "",
        by: By = None,
        now: Now = None,
        quiet: Quiet = False,
        as_json: Json = False,
        lang: Lang = None,
        debug: Debug = False,
    ) -> int:
        """Refuse a request; it is kept with the reason."""
        from scheduler.cli import requests

        told = _desk(by=by, now=now, quiet=quiet, as_json=as_json, lang=lang)
        return requests.refuse(case, kind, number, reason, told)

    def listed(
        case: CasePath,
        quiet: Quiet = False,
        as_json: Json = False,
        lang: Lang = None,
        debug: Debug = False,
    ) -> int:
        """List all requests with what became of them."""
        from scheduler.cli import requests

        told = _desk(quiet=quiet, as_json=as_json, lang=lang)
        return requests.listed(case, kind, told)

    group.command("approve")(approve)
    group.command("refuse")(refuse)
    group.command("list")(listed)


_both("swap")
_both("leave")


@swap.command("apply")
def swap_apply(
    case: CasePath,
    number: Number,
    by: By = None,
    now: Now = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Check an approved swap a last time and publish the roster with it."""
    from scheduler.cli import requests

    told = _desk(by=by, now=now, out=out, quiet=quiet, as_json=as_json, lang=lang)
    return requests.apply(case, "swap", number, told)


@leave.command("apply")
def leave_apply(
    case: CasePath,
    number: Number,
    replace: Replace = None,
    go_short: Annotated[
        bool, typer.Option("--go-short", help="Even where the floor is not kept.")
    ] = False,
    by: By = None,
    now: Now = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Check approved leave a last time and publish the roster with it."""
    from scheduler.cli import requests

    told = _desk(by=by, now=now, out=out, quiet=quiet, as_json=as_json, lang=lang)
    return requests.apply(
        case, "leave", number, told, replace=replace or [], go_short=go_short
    )


# -- the ledger -----------------------------------------------------------------------


@ledger.command("verify")
def ledger_verify(
    case: CasePath,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Say whether anything was changed by other hands, and what first."""
    from scheduler.cli import ledger

    return ledger.verify(case, _desk(quiet=quiet, as_json=as_json, lang=lang))


@ledger.command("files")
def ledger_files(
    case: CasePath,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Write published/ again from what stands, should a run have been killed there."""
    from scheduler.cli import desk

    return desk.files(case, _desk(out=out, quiet=quiet, as_json=as_json, lang=lang))


@ledger.command("counts")
def ledger_counts(
    case: CasePath,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Say what is counted of each person: swaps, leave, nights, weekends, holidays."""
    from scheduler.cli import ledger

    told = _desk(now=now, quiet=quiet, as_json=as_json, lang=lang)
    return ledger.counted(case, told)


@ledger.command("trail")
def ledger_trail(
    case: CasePath,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """List what was done, when and by whom."""
    from scheduler.cli import ledger

    return ledger.trail(case, _desk(quiet=quiet, as_json=as_json, lang=lang))


def export(
    case: CasePath,
    agent: Person,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to.  [printed]")
    ] = None,
    debug: Debug = False,
) -> int:
    """Give all that the ledger knows of a person, as JSON."""
    from scheduler.cli import ledger

    return ledger.export(case, agent, out, _desk())


def purge(
    case: CasePath,
    agent: Person,
    by: By = None,
    now: Now = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Forget a person: the ledger holds a pseudonym from then on."""
    from scheduler.cli import ledger

    told = _desk(by=by, now=now, quiet=quiet, as_json=as_json, lang=lang)
    return ledger.purge(case, agent, told)


def add_desk(app: typer.Typer) -> None:
    """Add the desk's commands."""
    for command in (publish, diff, rollback, replan, export, purge):
        app.command()(command)
    app.add_typer(swap, name="swap")
    app.add_typer(leave, name="leave")
    app.add_typer(ledger, name="ledger")
