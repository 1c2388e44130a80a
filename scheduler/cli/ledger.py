"""What the commands of the ledger do: verify, trail, counts, export, purge."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.cells import cell_len

from constraints.rule import Text
from scheduler.cli.commands import BROKEN, DONE
from scheduler.cli.opened import Told, address, opened_desk
from scheduler.cli.show import say
from scheduler.desk.counts import counts
from scheduler.desk.ledger import there
from scheduler.desk.privacy import forget, known_of
from scheduler.desk.versions import RefusedError
from scheduler.files.place import replace_file
from scheduler.files.write import json_text

SHOWN = 20  # faults, at the most


def verify(path: Path, told: Told) -> int:
    """Say whether the ledger is as it was written."""
    with opened_desk(path, told) as at:
        if not there(address(at.plan)):
            raise FileNotFoundError(2, "There is no ledger yet", address(at.plan))
        faults = at.ledger.verify()
        last, hashed = (0, "") if faults else at.ledger.head()
        if faults:
            at.say(f"{fault.place}: {fault.found}" for fault in faults[:SHOWN])
        else:
            at.words(
                f"{last} entries follow from each other; the last is {hashed[:16]}.",
                f"{last} 条记录前后相符,末条为 {hashed[:16]}。",
            )
        found = [{"place": fault.place, "found": fault.found} for fault in faults]
        at.json({"entries": last, "hash": hashed, "faults": found})
        return BROKEN if faults else DONE


def trail(path: Path, told: Told) -> int:
    """List what was done."""
    with opened_desk(path, told) as at:
        names = at.ledger.names()
        entries = list(at.ledger.trail())
        at.say(
            f"{e.entry:>5}  {e.at[:16]}  {e.action:<9} {e.kind} {e.number}  "
            f"{names.get(e.by, '')}"
            for e in entries
        )
        at.json({"trail": [vars(e) | {"by": names.get(e.by, "")} for e in entries]})
    return DONE


COUNTS = {
    "agent": Text("agent", "人员"),
    "month": Text("month", "月份"),
    "swaps": Text("swaps", "换班"),
    "due": Text("due", "应休"),
    "taken": Text("taken", "已休"),
    "nights": Text("nights", "夜班"),
    "weekends": Text("weekends", "周末"),
    "holidays": Text("holidays", "节假日"),
    "refused": Text("refused", "被拒"),
}


def counted(path: Path, told: Told) -> int:
    """Say what is counted of each person."""
    with opened_desk(path, told) as at:
        records = json.loads(counts(at.desk).to_json(orient="records"))
        heads = [say(word, at.lang) for word in COUNTS.values()]
        rows = [["-" if r[n] is None else f"{r[n]}" for n in COUNTS] for r in records]
        at.say(_columns([heads, *rows]))
        at.json({"counts": records})
    return DONE


def _columns(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows with their cells below each other; wide characters take two."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell + " " * (w - cell_len(cell)) for cell, w in cells).rstrip()


def export(path: Path, agent: str, out: Path | None, told: Told) -> int:
    """Give all that the ledger knows of a person."""
    with opened_desk(path, told) as at:
        text = json_text(known_of(at.ledger, agent))
    if out is None:
        sys.stdout.write(text)
    else:
        replace_file(out, lambda file: _write(file, text))
    return DONE


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def purge(path: Path, agent: str, told: Told) -> int:
    """Forget a person."""
    with opened_desk(path, told, writing=True) as at:
        pseudonym, count = forget(at.ledger, agent, told.who, at.now)
        if not count:
            words = Text(
                f"The ledger knows nobody called {agent}.", f"账本中没有人员 {agent}。"
            )
            raise RefusedError(words)
    at.words(
        f"{agent} is {pseudonym} in {count} records of the ledger now. The case's own "
        "files and written results are yours to clear.",
        f"账本中 {count} 条记录里的 {agent} 已改为 {pseudonym}。"
        "案例文件与已输出的结果请自行清理。",
    )
    at.json({"pseudonym": pseudonym, "records": count})
    return DONE
