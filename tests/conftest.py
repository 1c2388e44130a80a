"""Shared by all tests: hypothesis profiles and the place of outside data."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=400, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def outside() -> Path:
    """Folder of call histories and reference values; the project ships none."""
    folder = os.environ.get("ROSTERWRIGHT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("ROSTERWRIGHT_DATA names no folder: outside data are not there")
    return Path(folder)
