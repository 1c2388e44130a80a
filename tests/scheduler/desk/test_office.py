"""The office: nothing lost, nothing done twice, nothing applied that breaks a rule."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from constraints.case import OFF
from constraints.rule import audit
from scheduler.desk import office, versions
from scheduler.desk.examples import leave_of, swap_of
from scheduler.desk.ledger import Ledger, address_of, opened
from scheduler.desk.privacy import forget, known_of
from scheduler.desk.swap_rules import charged
from tests import FULL
from tests.scheduler.desk import play, postgres

SEQUENCES, STEPS = (2000, 8) if FULL else (24, 12)
KILLS = 20 if FULL else 5
SECONDS = 60 if FULL else 6


@pytest.fixture
def address(tmp_path) -> str:
    """Return the address of a ledger in a file."""
    return address_of(tmp_path / "desk.sqlite")


# -- what is applied breaks nothing ---------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_no_sequence_of_swaps_and_leave_breaks_a_hard_rule(part):
    """After each step the audit of the published roster finds nothing hard."""
    applied = 0
    for seed in range(part, SEQUENCES, 8):
        random = Random(seed)
        with opened("sqlite://", writing=True) as ledger:
            play.start(ledger, play.EASY)
            at = play.desk().now
            for _ in range(STEPS):
                at = max(at, play.now(random)) if random.random() < 0.1 else at
                if play.ask(ledger, play.EASY, random, at):
                    applied += 1
                    roster = play.stands(ledger, play.EASY, at).roster
                    assert not audit(roster).hard, seed
            assert not ledger.verify()
    assert applied > SEQUENCES / 8  # it is not that nothing was ever applied


# -- two at a time --------------------------------------------------------------------


def played(address: str, seed: int, seconds: float) -> subprocess.Popen:
    """Start somebody at the desk, and return once they are ready."""
    command = [sys.executable, "-m", "tests.scheduler.desk.play", address]
    process = subprocess.Popen(
        [*command, str(seed), str(seconds)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as told:
        assert told.readline() == "ready\n"
    return process


def hold(ledger: Ledger) -> Counter:
    """Hold a ledger to what it promises; return how many versions come from what."""
    assert not ledger.verify()
    made_so_far = ledger.all(versions.VERSION)
    before = 0
    for number, version in made_so_far.items():
        assert version["base"] == before  # each replaces the one before: none is lost
        before = number
    made = Counter((v["why"], v["of"]) for v in made_so_far.values() if v["of"])
    requests = versions.requests_of(ledger, play.case())
    applied = {(r.kind, r.number) for r in requests if r.state == "applied"}
    assert made == Counter(dict.fromkeys(applied, 1))  # once each, and no other
    desk = play.stands(ledger, play.STRICT, play.desk().now)
    spent = sum((charged(desk, swap) for swap in desk.swaps), Counter())
    assert max(spent.values(), default=0) <= play.STRICT.swap.per_month
    return Counter(version["why"] for version in made_so_far.values())


@pytest.mark.slow
def test_two_at_the_desk_lose_nothing_and_charge_nothing_twice(address):
    """Both approve, apply and publish at once; each version replaces the last one."""
    two_at_a_time(address)


@pytest.mark.skipif(not FULL, reason="a minute; make test-full")
@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")
def test_two_at_a_postgresql_server_lose_nothing_either():
    """The same on a server of many."""
    with postgres.served() as address:
        two_at_a_time(address)


def two_at_a_time(address: str) -> None:
    """Let two processes work for a while, and hold what they leave."""
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.STRICT)
    both = [played(address, seed, SECONDS) for seed in (1, 2)]
    assert [process.wait(SECONDS + 120) for process in both] == [0, 0]
    with opened(address) as ledger:
        made = hold(ledger)
    assert made["publish"] > 2
    assert made["swap"] > 2


@pytest.mark.slow
def test_a_kill_leaves_both_legs_or_none(address):
    """Whenever it comes: requests and versions agree, and the chain verifies."""
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.STRICT)
    random = Random(1)
    for seed in range(KILLS):
        process = played(address, seed, 600)
        time.sleep(random.uniform(0.05, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with opened(address) as ledger:
            hold(ledger)
            roster = play.stands(ledger, play.STRICT, play.desk().now).roster
            assert not audit(roster).hard


# -- requests -------------------------------------------------------------------------


def test_who_asks_too_late_is_over_and_frees_the_quota(address):
    """A draft whose shift has begun expires when the next one is handed in."""
    now = play.desk().now
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.EASY)
        held = play.stands(ledger, play.EASY, now)
        first = office.submit(
            ledger, held, swap_of(held, "A1:2026-03-02", "A2:2026-03-07")
        )
        later = play.stands(ledger, play.EASY, now + timedelta(days=5))
        assert not later.swaps
        office.submit(ledger, later, swap_of(later, "A1:2026-03-10", "A2:2026-03-14"))
        assert versions.find(ledger, "swap", first.number).state == "expired"


def test_statutory_leave_is_never_refused(address):
    """Neither by a planner nor by a check."""
    now = play.desk().now
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.EASY)
        held = play.stands(ledger, play.EASY, now)
        sick = office.submit(ledger, held, leave_of(held, "A1:2026-03-02", "sick"))
        with pytest.raises(versions.RefusedError, match="never refused"):
            office.refuse(ledger, held, "leave", sick.number, "Li", "no")
        found, _ = office.approve(ledger, held, "leave", sick.number, "Li")
        assert found.state == "approved"


# -- the ledger -----------------------------------------------------------------------


@pytest.fixture
def worked(address) -> str:
    """Return the address of a ledger that has seen some days."""
    random = Random(3)
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.EASY)
        for _ in range(6):
            play.ask(ledger, play.EASY, random, play.desk().now)
    return address


CHANGES = {
    "a request": "UPDATE record SET body = replace(body, 'refused', 'applied')",
    "a roster": "UPDATE record SET body = replace(body, 'cells', 'cell') "
    "WHERE kind = 'version' AND number = 1",
    "a date": "UPDATE record SET day = '2026-03-01' WHERE kind = 'version'",
    "a salt": "UPDATE record SET salt = '00' WHERE number = 2",
    "who did it": "UPDATE trail SET \"by\" = 'me' WHERE entry = 3",
    "when": "UPDATE trail SET at = '2026-01-01' WHERE entry = 3",
    "what was done": "UPDATE trail SET action = 'approve' WHERE entry = 4",
    "a hash": "UPDATE trail SET hash = previous WHERE entry = 5",
    "an entry gone": "DELETE FROM trail WHERE entry = 4",
    "the last entries gone": "DELETE FROM trail WHERE entry > 6",
    "a record gone": "DELETE FROM record WHERE kind = 'leave' OR kind = 'swap'",
    "a record more": "INSERT INTO record "
    "SELECT kind, number + 100, site, day, salt, body FROM record",
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_other_hands_change_is_found(worked, name):
    """Each table and column; the place is named."""
    with opened(worked) as ledger:
        assert not ledger.verify()
    with closing(sqlite3.connect(worked.removeprefix("sqlite:///"))) as other, other:
        assert other.execute(CHANGES[name]).rowcount
    with opened(worked) as ledger:
        assert ledger.verify()


FOREIGN = {
    "another program's": ("CREATE TABLE orders (id)", "holds no ledger"),
    "a later schema": ("UPDATE head SET schema = 7", "schema 7"),
    "no records": ("UPDATE record SET body = 'x'", "cannot be read"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_is_no_ledger_of_ours_is_refused(worked, tmp_path, name):
    """Nothing is made in it, and the error says what it is."""
    words, said = FOREIGN[name]
    file = Path(worked.removeprefix("sqlite:///"))
    if name == "another program's":
        file = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(words)
    before = file.read_bytes()
    with pytest.raises(OSError, match=said), opened(f"sqlite:///{file}") as ledger:
        requests(ledger)
    assert file.read_bytes() == before


def test_others_of_the_machine_cannot_read_it(worked):
    """It names people, and why they were away."""
    assert Path(worked.removeprefix("sqlite:///")).stat().st_mode & 0o077 == 0


def test_a_person_is_given_all_and_forgotten(worked):
    """Their id is nowhere any more, totals are as they were, the chain verifies."""
    with opened(worked) as ledger:
        names = Counter(
            id for r in requests(ledger) for id in getattr(r, "people", ()) or (r.by,)
        )
        id = names.most_common(1)[0][0]
        told = known_of(ledger, id)
        before = play.stands(ledger, play.EASY, play.desk().now).roster
    file, named = Path(worked.removeprefix("sqlite:///")), f'"{id}"'.encode()
    assert named in file.read_bytes()
    assert told["requests"]
    assert told["rosters"]
    assert told["trail"]
    with opened(worked, writing=True) as ledger:
        pseudonym, count = forget(ledger, id, "Li", play.desk().now)
        assert count
        assert known_of(ledger, id) == {key: [] for key in told} | {"agent": id}
        sheet = versions.latest(ledger, play.case().clock.first_day).sheet
        shifts = Counter(who for who, _ in sheet.cells)
        assert shifts[id] == 0
        assert shifts[pseudonym] == (before.table[play.desk().agents[id]] != OFF).sum()
        assert len(sheet.cells) == (before.table != OFF).sum()
    with opened(worked) as ledger:
        assert not ledger.verify()
    assert named not in file.read_bytes()  # nor in pages that were freed


def requests(ledger: Ledger):
    """Return all requests."""
    return versions.requests_of(ledger, play.case())


def test_a_second_publisher_is_told_what_differs(address):
    """Nothing is overwritten; with the version they know they may."""
    roster = play.desk().roster
    other = play.desk().roster.table.copy()
    other[0, 0] = OFF
    with opened(address, writing=True) as ledger:
        versions.publish(ledger, roster, "Li", play.desk().now)
    changed = replace(roster, table=other)
    with (
        pytest.raises(versions.ConflictError) as caught,
        opened(address, writing=True) as ledger,
    ):
        versions.publish(ledger, changed, "Wu", play.desk().now)
    assert list(caught.value.changes) == [("A1", "2026-03-02")]
    with opened(address, writing=True) as ledger:
        assert (
            versions.publish(ledger, changed, "Wu", play.desk().now, over=1).number == 2
        )


def test_a_roster_that_breaks_a_hard_rule_is_not_published(address):
    """The audit decides, and the first rule broken is named."""
    table = play.desk().roster.table.copy()
    table[0, :14] = 0
    with (
        pytest.raises(versions.RefusedError, match="hard rules"),
        opened(address, writing=True) as ledger,
    ):
        versions.publish(
            ledger, replace(play.desk().roster, table=table), "Li", play.desk().now
        )
    with opened(address) as ledger:
        assert not ledger.all(versions.VERSION)


def test_what_was_rolled_back_can_be_applied_again(address):
    """Shifts are as they were, and the swap is approved, not lost."""
    random, now = Random(5), play.desk().now
    with opened(address, writing=True) as ledger:
        play.start(ledger, play.EASY)
        while not play.ask(ledger, play.EASY, random, now):
            pass
        request = requests(ledger)[-1]
        made = play.stands(ledger, play.EASY, now)
        versions.rollback(ledger, play.case(), 1, "Li", now, over=made.version)
        back = play.stands(ledger, play.EASY, now)
        assert back.roster.codes() == play.desk().roster.codes()
        assert versions.find(ledger, request.kind, request.number).state == "approved"
        office.apply(ledger, back, request.kind, request.number, "Li")
        again = play.stands(ledger, play.EASY, now)
        assert again.roster.codes() == made.roster.codes()
