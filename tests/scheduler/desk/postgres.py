"""A PostgreSQL server of our own for a test, where one is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


def programs() -> Path | None:
    """Return the folder of the server's programs, or None where there is none."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [*([Path(found).parent] if found else []), *folders]
    return next((place for place in places if (place / "postgres").exists()), None)


@contextmanager
def served() -> Iterator[str]:
    """Give the address of an empty database of a server that ends with the block."""
    place = programs()
    assert place is not None
    folder = Path(tempfile.mkdtemp(prefix="desk-pg-"))
    as_user: list[str] = []
    if os.getuid() == 0:  # the server does not run as root
        owner = pwd.getpwnam(USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user = ["runuser", "-u", USER, "--"]
    files = folder / "files"
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"

    def call(*command: object) -> None:
        words = [*as_user, *map(str, command)]
        subprocess.run(words, check=True, capture_output=True, cwd=folder)

    call(place / "initdb", "-D", files, "-U", USER, "-A", "trust", "-E", "UTF8")
    start = ("-l", folder / "log", "-w", "-o", options, "start")
    call(place / "pg_ctl", "-D", files, *start)
    try:
        yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
    finally:
        call(place / "pg_ctl", "-D", files, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
