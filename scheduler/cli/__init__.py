"""The command line: ``roster``.

Only what answers ``--help`` is imported here; each command imports what it needs.
"""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli.arguments import (
    CasePath,
    Debug,
    Deterministic,
    Json,
    Lang,
    Language,
    Out,
    PackName,
    Quiet,
    Seconds,
    Seed,
    Workers,
    of,
)
from scheduler.cli.desk_app import add_desk

HELP = """Rosters for contact centres, from the call history to an audited plan.

A case is a folder with case.toml and its tables, or one workbook case.xlsx.
Exit codes: 0 done, 1 internal error, 2 usage, 3 input invalid, 4 the rules conflict,
5 nothing usable found in time, 6 hard rules broken or a request refused, 7 I/O,
8 jobs of a batch failed, 130 interrupted.
"""

UsageProblem: Any = typer.BadParameter.__mro__[2]
"""What wrong arguments raise, whichever copy of its parser typer brings."""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def demo(
    pack: Annotated[PackName, typer.Option(help="Rule book.")] = PackName.bank,
    out: Annotated[Path, typer.Option(metavar="DIR")] = Path("demo/out"),
    people: Annotated[int, typer.Option(min=20, max=5000, metavar="N")] = 60,
    seconds: Seconds = None,
    seed: Seed = None,
    workers: Workers = None,
    deterministic: Deterministic = False,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Write a sample case and solve it."""
    from scheduler.cli import commands

    options = commands.Options(
        out, seconds, seed, workers, quiet, as_json, of(lang), deterministic
    )
    return commands.demo(pack.value, people, options)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if missing.")],
    lang: Annotated[Language, typer.Option(help="Report language.")] = Language.en,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Write a commented case to fill in."""
    from scheduler.cli import commands

    return commands.init(folder, lang.value, commands.Options(quiet=quiet))


@app.command()
def forecast(
    case: CasePath,
    today: Annotated[
        Path | None,
        typer.Option(metavar="CALLS", help="Today's calls so far; forecast the rest."),
    ] = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Forecast calls; write forecast.csv, backtest.csv and cleaning.csv."""
    from scheduler.cli import commands

    options = commands.Options(out, quiet=quiet, as_json=as_json, language=of(lang))
    return commands.forecast(case, today, options)


@app.command()
def staff(
    case: CasePath,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Compute the heads needed; write requirement.csv."""
    from scheduler.cli import commands

    options = commands.Options(out, quiet=quiet, as_json=as_json, language=of(lang))
    return commands.staff(case, options)


@app.command()
def solve(
    case: CasePath,
    out: Out = None,
    seconds: Seconds = None,
    seed: Seed = None,
    workers: Workers = None,
    deterministic: Deterministic = False,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Make the roster; write everything."""
    from scheduler.cli import commands

    options = commands.Options(
        out, seconds, seed, workers, quiet, as_json, of(lang), deterministic
    )
    return commands.solve(case, options)


@app.command()
def audit(
    case: CasePath,
    roster: Annotated[
        Path | None,
        typer.Argument(metavar="[ROSTER]", help="CSV or workbook.  [out/roster.csv]"),
    ] = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Hold a roster against the rules."""
    from scheduler.cli import commands

    options = commands.Options(out, quiet=quiet, as_json=as_json, language=of(lang))
    return commands.audit(case, roster, options)


@app.command()
def check(
    case: CasePath,
    roster: Annotated[
        Path | None,
        typer.Argument(metavar="[ROSTER]", help="CSV or workbook.  [out/roster.csv]"),
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(min=2, max=10_000, metavar="N", help="Times played.  [50]"),
    ] = None,
    seed: Seed = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Play a roster against sampled days; say what service level callers get."""
    from scheduler.cli import commands

    options = commands.Options(
        out, seed=seed, quiet=quiet, as_json=as_json, language=of(lang)
    )
    return commands.check(case, roster, runs, options)


@app.command()
def report(
    case: CasePath,
    out: Out = None,
    quiet: Quiet = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Write report.html and roster.xlsx again from the roster in out/."""
    from scheduler.cli import commands

    return commands.report(case, commands.Options(out, quiet=quiet, language=of(lang)))


@app.command()
def whatif(
    case: CasePath,
    scenarios: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIOS]", help="Scenarios to compare, as TOML."),
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="What each rule costs; S is for all.")
    ] = False,
    people: Annotated[
        str | None,
        typer.Option(metavar="-4..8/2", help="More or fewer people, by steps."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="AGENT", help="Whom they are like.  [the commonest]"),
    ] = None,
    out: Out = None,
    seconds: Seconds = None,
    seed: Seed = None,
    workers: Workers = None,
    deterministic: Deterministic = False,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Compare scenarios of a case; price its rules; more or fewer people."""
    from scheduler.cli.commands import Options
    from scheduler.cli.whatif import whatif as answer

    options = Options(
        out, seconds, seed, workers, quiet, as_json, of(lang), deterministic
    )
    return answer(case, scenarios, rules, people, like, options)


@app.command()
def explain(
    case: CasePath,
    agent: Annotated[
        str | None, typer.Option(metavar="ID", help="Why this person, with --date.")
    ] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day, with --agent.")
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(metavar="'DATE HH:MM'", help="Why this time is short or over."),
    ] = None,
    queue: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its queue.  [the shortest]")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Roster to explain.  [out/roster.csv]"),
    ] = None,
    out: Out = None,
    seconds: Seconds = None,
    seed: Seed = None,
    workers: Workers = None,
    deterministic: Deterministic = False,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Say why there is no roster; or why somebody works so, or a time is short."""
    from scheduler.cli.commands import Options
    from scheduler.cli.explain import why
    from scheduler.cli.reasons import Place, why_there

    options = Options(
        out, seconds, seed, workers, quiet, as_json, of(lang), deterministic
    )
    place = Place(agent, date, interval, queue)
    if place.anywhere:
        return why_there(case, roster, place, options)
    if roster is not None:
        words = "Expected --agent and --date, or --interval, beside --roster."
        raise typer.BadParameter(words)
    return why(case, options)


@app.command()
def batch(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN", help="Cases, scenarios, seeds, as TOML.")
    ],
    on: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler, tcp://HOST:PORT, or local-cluster.  "
            "[this machine's processes]",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=0, max=1000, metavar="N", help="At once; 0 = automatic.")
    ] = 0,
    status: Annotated[
        bool, typer.Option("--status", help="Say how it stands; solve nothing.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first that fails.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Keep results of another version.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results go.  [PLAN-out]"),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Annotated[Language, typer.Option(help="Language.")] = Language.en,
    debug: Debug = False,
) -> int:
    """Solve many cases under many scenarios; go on where it was broken off."""
    from scheduler.cli.batch import Where
    from scheduler.cli.batch import batch as answer
    from scheduler.cli.commands import Options

    options = Options(out, quiet=quiet, as_json=as_json, language=lang.value)
    return answer(plan, Where(on, jobs, fail_fast, force, status), options)


@app.command()
def capacity(
    case: CasePath,
    starts: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="Most shifts to run.  [any number]"),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What to plan hires from.  [CASE/capacity.toml]"
        ),
    ] = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
    lang: Lang = None,
    debug: Debug = False,
) -> int:
    """Say which shifts to run with how many heads, and whom to hire when."""
    from scheduler.cli.capacity import capacity as answer
    from scheduler.cli.commands import Options

    options = Options(out, quiet=quiet, as_json=as_json, language=of(lang))
    return answer(case, starts, plan, options)


@app.command()
def rules(
    lang: Annotated[Language, typer.Option(help="Language.")] = Language.en,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a table.")] = False,
    debug: Debug = False,
) -> int:
    """List the rules with their parameters and sources."""
    from scheduler.cli import commands

    form = "json" if as_json else "markdown" if markdown else "text"
    return commands.rules(lang.value, form)


add_desk(app)


# -- errors and exit codes ------------------------------------------------------------


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    Examples
    --------
    >>> run(["rules", "--json", "--lang", "fr"])
    2
    """
    return _guarded(lambda: _invoke(arguments), debug="--debug" in arguments)


def _invoke(arguments: Sequence[str]) -> int:
    try:
        code = app(list(arguments), prog_name="roster", standalone_mode=False)
    except UsageProblem as error:
        error.show()
        return int(error.exit_code)
    except typer.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _guarded(command: Callable[[], int], *, debug: bool) -> int:
    try:
        code = command()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            raise
        return _explained(error)


def _explained(error: Exception) -> int:
    """Say on stderr what is wrong, and return the exit code for it."""
    from forecasts.problems import InputError

    if isinstance(error, InputError):
        sys.stderr.write(f"{error}\n")
        return 3
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{place}{error.strerror or error}.\n")
        return 7
    words = " ".join(str(error).split())[:200]
    sys.stderr.write(
        f"Internal error, {type(error).__name__}: {words} Run with --debug for more.\n"
    )
    return 1
