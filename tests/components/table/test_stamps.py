import hashlib
import os
import subprocess

import pytest

from components.errors import DataError
from components.table import files, stamps, streams

OLD = b"x,y\n" + b"1,2\n" * 1000


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(OLD)
    return path


def same_times(path, content):
    """Writes a file anew, and sets its time back as `cp -p`, rsync and unpackers do."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "written anew, same size and time": (
        lambda path: same_times(path, OLD.replace(b"1,2\n", b"9,2\n", 1)),
        "it was written anew, and its time set back",
    ),
    "cut": (lambda path: os.truncate(path, 2000), "it had 4,004 bytes and now has 2,000"),
    "replaced": (
        lambda path: ((path.parent / "n").write_bytes(OLD), os.replace(path.parent / "n", path)),
        "another file was put in its place",
    ),
    "taken away": (lambda path: path.unlink(), "was there and can no longer be found"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(table, change):
    stamp = stamps.take_local(str(table))
    stamps.check(str(table), stamp)
    make, words = CHANGES[change]
    make(table)
    with pytest.raises(DataError, match=words) as caught:
        stamps.check(str(table), stamp)
    assert str(caught.value).startswith(f"{table}: the file ")
    assert "run again" in str(caught.value)


def test_what_a_change_makes_look_wrong_is_said_to_be_the_change(table):
    stamp = stamps.take_local(str(table))
    with (
        pytest.raises(DataError, match="the file changed while it was read: it had 4,004 bytes and now has 7"),
        stamps.steady(str(table), stamp),
    ):
        table.write_bytes(b"x,y\n1,\n")
        raise DataError("line 2: expected a number")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda path: os.truncate(path, 2000),
            "cut off while it was read: it ends at byte 2,000, and had at least 4,004",
        ),
        (
            lambda path: same_times(path, OLD[:-2] + b"7\n"),
            "the file changed while it was read: bytes 4 to 4,004 are others",
        ),
    ],
)
def test_bytes_that_are_not_those_that_were_planned_are_not_read(table, change, words):
    """Whatever the file system says of times."""
    [chunk] = files.plan([str(table)])
    change(table)
    with pytest.raises(DataError, match=words):
        list(files.read(chunk, ["x", "y"], ["x", "y"], [], []))


def test_the_digest_of_a_table_is_what_sha256sum_says(table):
    digests = {}
    files.plan([str(table)], digests=digests)
    assert digests == {str(table): hashlib.sha256(OLD).hexdigest()}
    assert stamps.digest(str(table), streams.open_local) == digests[str(table)]
    (table.parent / "s.csv").write_bytes(b"x,y\n")
    named = {path.name: stamps.digest(str(path), streams.open_local) for path in table.parent.iterdir()}
    printed = subprocess.run(["sha256sum", "s.csv", "t.csv"], cwd=table.parent, capture_output=True, check=True)
    assert stamps.sums(named).encode() == printed.stdout
    assert stamps.table_digest(named) == hashlib.sha256(printed.stdout).hexdigest()
    assert stamps.table_digest({"t.csv": named["t.csv"]}) == named["t.csv"]
