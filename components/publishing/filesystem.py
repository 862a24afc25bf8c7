"""File operations for what must survive a crash: what a function here made is on the disk when it returns.

POSIX orders nothing on its own: after a power cut a renamed file may be empty, and a folder may lack its newest names. So a
file is synced before it is renamed, and a folder after a name in it was made, changed or taken away.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from components.errors import RunError
from components.publishing.manifest import Entry, walk

CHUNK = 1 << 20
_POLL_SECONDS = 0.05
_LOG = logging.getLogger(__name__)


def sync(path: Path) -> None:
    """Waits until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems can't sync a folder; there is no more that we could do there.
        if error.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def sync_tree(directory: Path) -> None:
    """Syncs all files and folders of a model, the deepest first."""
    folders, files = walk(directory)
    for path in [*files, *reversed(folders), ""]:
        sync(directory / path)


def make_directory(directory: Path) -> None:
    """Makes a folder and its parents, with the permissions that the umask allows."""
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process was quicker; a file of this name fails later
            os.mkdir(folder)


def sync_parents(directory: Path) -> None:
    """Syncs the names of a folder and of all its parents, up to the mount point."""
    while not os.path.ismount(directory):
        directory = directory.parent
        with contextlib.suppress(PermissionError):  # we may pass through a folder that we may not read
            sync(directory)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _finish(descriptor: int) -> None:
    """Syncs a file, and drops it from the kernel's cache: who reads it next reads the disk."""
    os.fsync(descriptor)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def write_file(path: Path, data: bytes) -> None:
    """Writes and syncs a new file; its name is not synced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _write(descriptor, data)
        _finish(descriptor)
    finally:
        os.close(descriptor)


def copy_file(source: Path, target: Path) -> Entry:
    """Copies a file's content, not its permissions, to a new and synced file.

    Returns:
      SHA-256 and size of what was read.
    """
    digest, size = hashlib.sha256(), 0
    from_, to = os.open(source, os.O_RDONLY | os.O_NOFOLLOW), -1
    try:
        to = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        while data := os.read(from_, CHUNK):
            _write(to, data)
            digest.update(data)
            size += len(data)
        _finish(to)
    finally:
        os.close(from_)
        if to >= 0:
            os.close(to)
    return {"sha256": digest.hexdigest(), "bytes": size}


def replace_file(path: Path, text: str, new: Path) -> bool:
    """Puts a text in a file's place in one step, if it isn't the file's text already.

    Args:
      path: the file.
      text: what it is to hold.
      new: the name to write it under first, on the same file system.

    Returns:
      Whether it was written.
    """
    data = text.encode()
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == data:
            return False
    try:
        write_file(new, data)
        os.rename(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync(path.parent)
    return True


def discard(path: Path) -> None:
    """Removes a hidden file or folder. One that stays is harmless, and is tried again by the next publish: a warning."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("%s: a leftover that can't be removed: %s. Servers ignore it; remove it by hand.", path, error)


@contextlib.contextmanager
def locked(path: Path, seconds: float, directory: Path) -> Iterator[None]:
    """Holds the lock on a file, which the kernel gives back when the process ends in any way.

    The file stays where it is. On NFS (Linux) the lock reaches other hosts too, unless the mount says `local_lock=flock`
    or `nolock`; a lost connection can lose the lock.

    Args:
      path: the file to lock; made if it isn't there. Who holds the lock is written in it, for the error of who waits.
      seconds: how long to wait.
      directory: what it guards, for that error.

    Raises:
      RunError: another process holds it for longer.
      OSError: the file can't be opened.
    """
    descriptor = _acquire(path, seconds, directory)
    try:
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # only for people; a full disk must not keep us from clearing leftovers
            os.ftruncate(descriptor, 0)
            _write(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _acquire(path: Path, seconds: float, directory: Path) -> int:
    deadline = time.monotonic() + seconds
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Someone may have removed the file before we locked it: then a later process would lock another one.
            if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        except OSError:
            os.close(descriptor)
            raise
        holder = os.pread(descriptor, 1000, 0).decode(errors="replace").strip()
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise RunError(
                f"{directory}: another publish is going on here ({holder or 'by an unknown process'}). "
                f"Waited {seconds:g} s. Try again when it is done."
            )
        time.sleep(_POLL_SECONDS)
