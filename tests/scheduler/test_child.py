"""Child: a task apart hands on what it makes, and its death is no end of the run."""

import os
import signal
import time
from pathlib import Path

import pytest

from scheduler.engine.child import Child, ChildError
from scheduler.engine.solver import Budget


def count_then_die(folder: str, deaths: int):
    """Yield 1, then die of a signal as often as told; yield 2 after that."""
    yield 1
    marks = Path(folder)
    died = len(list(marks.iterdir()))
    if died < deaths:
        (marks / str(died)).touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    yield 2


def fail():
    """Yield 1, then fail."""
    yield 1
    raise ValueError("Expected luck, got none.")


def sleep(seconds: float):
    """Yield 1, then sleep."""
    yield 1
    time.sleep(seconds)
    yield 2


@pytest.mark.parametrize(("deaths", "said"), [(0, [1, 2]), (1, [1, 1, 2])])
def test_a_process_that_dies_is_started_once_more(tmp_path, deaths, said):
    """What it had said stands."""
    assert list(Child(count_then_die, (str(tmp_path), deaths), Budget(60))) == said


def test_a_process_that_dies_again_is_told(tmp_path):
    """What it had said stands, too."""
    said = []
    with pytest.raises(ChildError, match="died of signal 11"):
        said.extend(Child(count_then_die, (str(tmp_path), 2), Budget(60)))
    assert said == [1, 1]


def test_a_fault_of_the_task_is_told():
    """With its traceback."""
    said = []
    with pytest.raises(ChildError, match="Expected luck"):
        said.extend(Child(fail, (), Budget(60)))


def test_a_child_that_is_killed_ends_at_once():
    """And is not started again."""
    child = Child(sleep, (60,), Budget(120))
    began = time.monotonic()
    for said in child:
        assert said == 1
        child.kill()
    assert time.monotonic() - began < 30
    assert child.deaths == 0
