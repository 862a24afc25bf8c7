"""Where a publish keeps what is no version: hidden names beside the serving directory, never among the versions.

Clients write `max(int(name) for name in os.listdir(directory))`, so a directory holds versions, and texts only where somebody
asked for them. For `serving/taxi` there are, in `serving`:

- `.taxi.lock`, the lock, and `.taxi.highest`, the highest number ever published; both stay;
- `.taxi.staging-…`, `.taxi.deleted-…` and `.taxi.writing-…` while a publish goes on, or after one that died.

A mount point can't have them beside it: a rename does not leave a file system, and other hosts would lock another file. There
they lie in the directory itself, under the same names.
"""

from __future__ import annotations

import dataclasses
import os
import re
import time
from pathlib import Path

from components.errors import RunError
from components.publishing import filesystem
from components.publishing.versions import highest_name

STAGING, DELETED, WRITING = "staging", "deleted", "writing"
OLD_LOCK, OLD_HIGHEST = ".lock", ".highest"  # what version 0.1 kept among the versions
_OLD_LEFTOVER = re.compile(r"\.(staging-\d+-\d+|deleted-\d+-\d+|writing-.+)")


@dataclasses.dataclass(frozen=True)
class Beside:
    """The hidden names of one serving directory.

    Attributes:
      directory: the serving directory, with symbolic links resolved.
      folder: where the hidden names are: its parent, or itself where it is a mount point.
    """

    directory: Path
    folder: Path

    @classmethod
    def of(cls, directory: Path) -> Beside:
        """Those of a directory that is there."""
        return cls(directory, directory if os.path.ismount(directory) else directory.parent)

    @property
    def lock(self) -> Path:
        """The file that a publisher locks."""
        return self._named("lock")

    @property
    def highest(self) -> Path:
        """The note of the highest number ever published."""
        return self._named("highest")

    def _named(self, what: str) -> Path:
        return self.folder / f".{self.directory.name}.{what}"

    def temporary(self, kind: str) -> Path:
        """A new name for what lasts as long as a publish: `STAGING`, `DELETED` or `WRITING`."""
        return self._named(f"{kind}-{os.getpid()}-{time.time_ns()}")

    def leftovers(self) -> list[Path]:
        """What publishers that died left; to be asked by the holder of the lock."""
        ours = re.compile(rf"\.{re.escape(self.directory.name)}\.({STAGING}|{DELETED}|{WRITING})-\d+-\d+")
        return [self.folder / name for name in sorted(os.listdir(self.folder)) if ours.fullmatch(name)]

    def sync(self) -> None:
        """Waits until the names of the directory and of what lies beside it are on the disk."""
        filesystem.sync(self.directory)
        if self.folder != self.directory:
            filesystem.sync(self.folder)

    def noted(self) -> int:
        """The highest number ever published, as it was noted; -1 where nothing was.

        Raises:
          RunError: the note is damaged.
          OSError: it can't be read.
        """
        return self._read(self.highest)

    def note(self, version: int) -> None:
        """Notes a number as the highest; on the disk when this returns."""
        filesystem.replace_file(self.highest, f"{version}\n", self.temporary(WRITING))

    def take_over(self, seconds: float) -> None:
        """Moves here what version 0.1 kept among the versions. At whatever point this dies, the next one goes on with it.

        Args:
          seconds: how long to wait for a publish of that version that is going on.

        Raises:
          RunError: that takes longer, or its note is damaged.
          OSError: the file system failed.
        """
        old_lock, old_highest = self.directory / OLD_LOCK, self.directory / OLD_HIGHEST
        if not (old_lock.exists() or old_highest.exists()):
            return
        with filesystem.locked(old_lock, seconds, self.directory):
            highest = max(self.noted(), self._read(old_highest))
            if highest >= 0:
                self.note(highest)
            filesystem.sync(self.directory)  # a version that was hidden to be deleted must stay hidden
            left = [
                self.directory / name for name in sorted(os.listdir(self.directory)) if _OLD_LEFTOVER.fullmatch(name)
            ]
            for path in left:
                filesystem.discard(path)
            old_highest.unlink(missing_ok=True)
            # The lock goes last, when nothing is left to take over: it is the sign that there is.
            if not any(map(os.path.lexists, left)):
                old_lock.unlink(missing_ok=True)
            filesystem.sync(self.directory)

    def _read(self, path: Path) -> int:
        try:
            return int(path.read_text())
        except FileNotFoundError:
            return -1
        except ValueError as error:
            seen = highest_name(self.directory)
            raise RunError(
                f"{path}: expected the highest version ever published. Write it there; seen here: {seen}."
            ) from error
