"""What is installed is ours, whole, and no more than its public names."""

import subprocess
import sys
import zipfile
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import scheduler

ROOT = Path(__file__).parent.parent
PACKAGES = ("forecasts", "constraints", "scheduler")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_imported_package_is_ours(name):
    """Other distributions have packages of these names; ours is rosterwright's."""
    file = import_module(name).__file__
    assert file is not None
    assert Path(file).parent == ROOT / name
    assert set(packages_distributions().get(name, [])) <= {"rosterwright"}


def test_all_is_every_public_name():
    """``__all__``, ``dir`` and what the door knows to import agree, in one order."""
    public = [name for name in dir(scheduler) if not name.startswith("_")]
    assert public == sorted(scheduler.__all__)
    assert sorted(scheduler._HOME) == sorted(scheduler.__all__)
    assert len(set(scheduler.__all__)) == len(scheduler.__all__)


@pytest.mark.parametrize("name", scheduler.__all__)
def test_every_public_name_can_be_had(name):
    """From the door, and the same thing as where it lives."""
    home = import_module(scheduler._HOME[name])
    assert getattr(scheduler, name) is getattr(home, name)
    assert name == "OFF" or getattr(scheduler, name).__doc__


def test_type_checkers_see_the_same_door():
    """Each name is imported for them from where it lives."""
    text = (ROOT / "scheduler" / "__init__.py").read_text(encoding="utf-8")
    typed = text.partition("if TYPE_CHECKING")[2].partition("__all__")[0]
    for name, home in scheduler._HOME.items():
        part = typed.partition(f"from {home} import")[2].partition("\n    from ")[0]
        words = part.replace("(", " ").replace(")", " ").replace(",", " ").split()
        assert name in words


def test_a_name_that_is_not_there_is_said():
    """As of any module."""
    with pytest.raises(AttributeError, match=r"'scheduler' has no attribute 'slove'"):
        _ = scheduler.slove


def test_help_imports_nothing_heavy():
    """``roster --help`` answers at once, because solver and plots are not loaded."""
    code = (
        "import sys; from scheduler.cli import run; run(['--help']);"
        "heavy = {'numpy', 'pandas', 'ortools', 'matplotlib', 'pydantic'};"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "roster" in done.stdout


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_their_files(tmp_path):
    """Packs, page, style and type marks are shipped; tests and docs are not."""
    quietly = ["--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", ".", "-w", tmp_path, *quietly],
        cwd=ROOT,
        check=True,
    )
    (wheel,) = tmp_path.glob("rosterwright-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packs = [f"constraints/packs/{p.name}" for p in ROOT.glob("constraints/packs/*")]
    page = ["scheduler/report/page.html", "scheduler/report/page.css"]
    wanted = {f"{package}/py.typed" for package in PACKAGES} | {*packs, *page}
    assert len(wanted) == 7
    assert wanted <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if ".dist-info" not in top} == set(PACKAGES)
