"""Put a folder of results in place whole or not at all."""

import ctypes
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
SETTINGS = ("case.toml", "case.xlsx")

_held: set[Path] = set()


class InUseError(OSError):
    """Another run is at work on the same results."""


@contextmanager
def hold(out: Path) -> Iterator[None]:
    """Keep other runs from an output folder; calls within a call are let through.

    Raises
    ------
    InUseError
        Saying which process holds it, and for how long.

    Notes
    -----
    The lock is the kernel's, on a file beside the folder, so it ends with its
    process, however that ends.
    """
    out = _resolved(out)
    if out in _held:
        yield
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.parent / f".{out.name}.lock"
    descriptor = _locked(path, out)
    _held.add(out)
    try:
        yield
    finally:
        _held.discard(out)
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def held(out: Path) -> bool:
    """Whether another run is at work on an output folder; touches nothing."""
    out = _resolved(out)
    try:
        descriptor = os.open(out.parent / f".{out.name}.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def _locked(path: Path, out: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.fstat(descriptor).st_ino == path.stat().st_ino
        except BlockingIOError:
            holder, age = _holder(path)
            os.close(descriptor)
            raise InUseError(
                errno.EBUSY,
                f"Process {holder} has been writing here for {age} s; "
                "wait for it or name another folder with --out",
                str(out),
            ) from None
        except FileNotFoundError:  # its former holder removed it in between
            same = False
        if same:
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)


def _holder(path: Path) -> tuple[str, int]:
    """Return who holds a lock, and since how many seconds."""
    try:
        return path.read_text() or "?", round(time.time() - path.stat().st_mtime)
    except OSError:
        return "?", 0


def _resolved(out: Path) -> Path:
    return Path(os.path.realpath(out))


# -- folders ------------------------------------------------------------------------


def replace_folder(
    out: Path, build: Callable[[Path], None], ours: Collection[str]
) -> None:
    """Build a folder beside another and let it take that one's place.

    Parameters
    ----------
    out
        The folder to replace, or to make.
    build
        Fills an empty folder.
    ours
        Names that are replaced; all else in ``out`` is carried over.

    Raises
    ------
    OSError
        Where anything cannot be written; ``out`` is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     out = Path(folder, "out")
    ...     for text in ("first", "second"):
    ...         replace_folder(
    ...             out, lambda new, text=text: (new / "a").write_text(text), ["a"]
    ...         )
    ...     (out / "a").read_text(), sorted(path.name for path in out.parent.iterdir())
    ('second', ['out'])
    """
    out = _resolved(out)
    check_folder(out)
    with hold(out):
        _clean(out)
        fresh = out.parent / f".{out.name}.new-{os.getpid()}"
        try:
            fresh.mkdir()
            build(fresh)
            _carry_over(out, fresh, ours)
            _sync(fresh)
            _exchange(fresh, out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def check_folder(out: Path) -> None:
    """Raise OSError where results must not go: a file, or a case's own folder."""
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(out))
    if any((out / name).exists() for name in SETTINGS):
        raise OSError(
            errno.EINVAL,
            "This is a case folder; results need a folder of their own",
            str(out),
        )


def _clean(out: Path) -> None:
    """Remove what a killed run left, and undo half of two renames."""
    old = out.parent / f".{out.name}.old"
    if old.is_dir() and not out.exists():
        old.rename(out)
    for leftover in out.parent.glob(f".{out.name}.*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)


def _carry_over(out: Path, fresh: Path, ours: Collection[str]) -> None:
    for path in sorted(out.iterdir()) if out.is_dir() else ():
        if path.name in ours:
            continue
        target = fresh / path.name
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(path, target, follow_symlinks=False)


def _sync(folder: Path) -> None:
    """Flush a folder and all files in it to the disk."""
    for path in (*folder.rglob("*"), folder):
        if path.is_symlink():
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _exchange(fresh: Path, out: Path) -> None:
    """Swap two folders in one step, where the system can."""
    if not out.exists():
        fresh.rename(out)
    elif not _swapped(fresh, out):
        old = out.parent / f".{out.name}.old"
        out.rename(old)
        fresh.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    _sync_entry(out.parent)


def _swapped(one: Path, other: Path) -> bool:
    """Swap two names in one step; say whether the system could."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    names = (os.fsencode(one), os.fsencode(other))
    if not swap(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _sync_entry(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -- single files -------------------------------------------------------------------


def replace_file(path: Path, build: Callable[[Path], None]) -> None:
    """Write a single file whole or not at all.

    Parameters
    ----------
    path
        The file to replace, or to make; so is its folder.
    build
        Writes the file it is given.
    """
    check_folder(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        build(fresh)
        _sync_entry(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
