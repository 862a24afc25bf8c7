"""Runs a function in a forked process that is killed, or whose file system fails, at its n-th file operation.

`os` and `open` are wrapped in the child. A power cut is a kill after which is undone what nobody had synced: files that were
written lose their content, new names go, and renames stand or fall (`power, renames kept` and `power, renames lost`).
"""

from __future__ import annotations

import builtins
import dataclasses
import errno
import fcntl
import gc
import io
import os
import shutil
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.errors import RunError
from components.publishing.versions import highest_name

READS = ("read", "pread", "stat", "lstat", "fstat", "listdir", "scandir", "open to read", "lock", "ismount")
SPACE = ("write", "open to write", "mkdir", "rename")
CHANGES = (*SPACE, "unlink", "rmdir", "ftruncate", "fsync")
POINTS = {
    "kill before": CHANGES,  # a kill before a read leaves what a kill before the next change leaves
    "kill after": CHANGES,
    "torn write": ("write",),
    "EIO": (*CHANGES, *READS),
    "ENOSPC": SPACE,
    "power, renames kept": CHANGES,
    "power, renames lost": CHANGES,
}
PASSED, FAILED, SURVIVED, BROKEN = 0, 10, 11, 12  # exit codes of the child


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How the child ended: `reached` its n-th operation, was `killed`, or raised a RunError of this `text`."""

    reached: bool
    killed: bool
    text: str
    seen: int  # the highest version that was visible when the power went


def run(function: Callable[[], Any], mode: str, at: int, base: Path, note: Path) -> Outcome:
    """Runs `function` in a child, with the fault `mode` at operation `at` of those it applies to; 0 for none."""
    note.write_text("")
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            gc.disable()  # it would write to, and so copy, most of the memory that is shared with the parent
            faults = _Faults(mode, at, base, note)
            faults.install()
            try:
                function()
                code = SURVIVED if faults.reached else PASSED
            except RunError as error:
                code = FAILED
                faults.write_note(str(error))
        except BaseException:  # noqa: BLE001 (the child must end here whatever comes)
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    text = note.read_text()
    assert killed or os.WEXITSTATUS(status) != BROKEN, f"{mode} at {at}: not a RunError"
    assert killed or mode in ("EIO", "ENOSPC") or os.WEXITSTATUS(status) == PASSED, f"{mode} at {at}: {text}"
    seen = int(text) if killed and text else 0
    return Outcome(killed or os.WEXITSTATUS(status) != PASSED, killed, "" if killed else text, seen)


class _Faults:
    """Wraps the primitive file operations of this process."""

    def __init__(self, mode: str, at: int, base: Path, note: Path) -> None:
        self.mode, self.at, self.base, self.note = mode, at, base, note
        self.reached = False
        self._count = 0
        self._inside = False  # a wrapped function's own calls are no operations
        self._unsynced: set[int] = set()  # inodes of written files
        self._names: dict[int, set[str]] = {}  # new names by the inode of their folder
        self._renames: list[tuple[str, str, bytes | None, int]] = []

    def install(self) -> None:
        """From here on, operations count."""
        for name in ("read", "pread", "stat", "lstat", "fstat", "listdir", "scandir"):
            setattr(os, name, self._wrap(name, getattr(os, name)))
        for name in ("mkdir", "rename", "unlink", "rmdir", "ftruncate"):
            setattr(os, name, self._wrap(name, getattr(os, name), getattr(self, f"_note_{name}", None)))
        self._real_write, self._real_open = os.write, os.open
        os.write = self._wrap("write", os.write, self._note_write)
        os.fsync = self._wrap("fsync", lambda fd: None, self._note_fsync)  # a kill loses nothing that the kernel has
        fcntl.flock = self._wrap("lock", fcntl.flock)
        opening = {kind: self._wrap(kind, os.open) for kind in ("open to read", "open to write")}

        def open_descriptor(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
            new = flags & os.O_CREAT and not os.path.lexists(path)
            fd = opening["open to write" if new else "open to read"](path, flags, mode, **more)
            if new:
                self._add_name(path)
            return fd

        os.open = open_descriptor
        builtins.open = io.open = self._wrap("open to read", open)  # the library only reads through it

    def write_note(self, text: str) -> None:
        """Tells the parent; no operation."""
        self._inside = True
        self.note.write_text(text)

    def _wrap(
        self, name: str, real: Callable[..., Any], after: Callable[..., None] | None = None
    ) -> Callable[..., Any]:
        def operation(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return real(*args, **kwargs)
            self._inside = True
            now = self._counts(name)
            try:
                if now:
                    self._before(args)
                if name == "rename":
                    self._note_rename_of(*args)
                result = real(*args, **kwargs)
                if after:
                    after(*args)
                return result
            finally:
                if now and self.mode == "kill after":
                    _die()
                self._inside = False

        return operation

    def _counts(self, name: str) -> bool:
        self._count += name in POINTS[self.mode]
        self.reached = self.reached or (self._count == self.at and name in POINTS[self.mode])
        return self._count == self.at and name in POINTS[self.mode]

    def _before(self, args: tuple[Any, ...]) -> None:
        match self.mode:
            case "kill before":
                _die()
            case "torn write":
                self._real_write(args[0], bytes(args[1])[: len(args[1]) // 2])
                _die()
            case "EIO" | "ENOSPC":
                number = getattr(errno, self.mode)
                raise OSError(number, os.strerror(number), str(args[0]))
            case "power, renames kept" | "power, renames lost":
                self._cut_power()

    def _inode(self, path: Any) -> int:
        return os.stat(path).st_ino

    def _add_name(self, path: Any) -> None:
        inside, self._inside = self._inside, True
        folder, name = os.path.split(os.fspath(path))
        self._names.setdefault(self._inode(folder), set()).add(name)
        self._inside = inside

    def _note_mkdir(self, path: Any, *_: Any) -> None:
        self._add_name(path)

    def _note_write(self, fd: int, _: Any) -> None:
        self._unsynced.add(os.fstat(fd).st_ino)

    def _note_fsync(self, fd: int) -> None:
        inode = os.fstat(fd).st_ino
        self._unsynced.discard(inode)
        self._names.pop(inode, None)
        self._renames = [rename for rename in self._renames if rename[3] != inode]

    def _note_rename_of(self, source: Any, target: Any) -> None:
        old = Path(target).read_bytes() if os.path.isfile(target) else None
        self._renames.append((str(source), str(target), old, self._inode(os.path.dirname(target))))

    def _cut_power(self) -> None:
        self.note.write_text(str(highest_name(self.base) or 0) if self.base.is_dir() else "0")
        if self.mode == "power, renames lost":
            for source, target, old, _ in reversed(self._renames):
                if not os.path.lexists(target):
                    continue  # deleted since: what was hidden is gone for good
                os.rename(target, source)
                if old is not None:
                    Path(target).write_bytes(old)
        for folder, folders, files in os.walk(self.base.parent, topdown=False):
            for name in files:
                path = os.path.join(folder, name)
                if os.stat(path).st_ino in self._unsynced:
                    os.truncate(path, 0)
            for name in self._names.get(self._inode(folder), set()) & {*folders, *files}:
                path = os.path.join(folder, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
