"""Tests, and whether they are run in full."""

import os

FULL = bool(os.environ.get("ROSTERWRIGHT_FULL"))
"""Set by ``make test-full``: more cases, and all that ``make test`` samples."""
