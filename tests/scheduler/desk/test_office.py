"""The office: nothing lost, nothing done twice, nothing applied that breaks a rule."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from constraints.rule import audit
from scheduler.desk import office
from scheduler.desk.ledger import Ledger, address_of, opened
from scheduler.desk.swap_rules import charged
from tests import FULL
from tests.scheduler.desk import play

SEQUENCES, STEPS = (2000, 12) if FULL else (40, 12)
KILLS = 40 if FULL else 5
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
    versions = ledger.all(office.VERSION)
    before = 0
    for number, version in versions.items():
        assert version["base"] == before  # each replaces the one before: none is lost
        before = number
    made = Counter((v["why"], v["of"]) for v in versions.values() if v["of"])
    requests = office.requests_of(ledger, play.case())
    applied = {(r.kind, r.number) for r in requests if r.state == "applied"}
    assert made == Counter(dict.fromkeys(applied, 1))  # once each, and no other
    desk = play.stands(ledger, play.STRICT, play.desk().now)
    spent = sum((charged(desk, swap) for swap in desk.swaps), Counter())
    assert max(spent.values(), default=0) <= play.STRICT.swap.per_month
    return Counter(version["why"] for version in versions.values())


@pytest.mark.slow
def test_two_at_the_desk_lose_nothing_and_charge_nothing_twice(address):
    """Both approve, apply and publish at once; each version replaces the last one."""
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
