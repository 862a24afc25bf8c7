from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest

from components.errors import RunError
from pipeline.local.preconditions import SCHEMA_VERSION, check_metadata


def database(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def metadata(path, version=SCHEMA_VERSION):
    database(
        path, "CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY)", f"INSERT INTO MLMDEnv VALUES ({version:d})"
    )
    database(path, "CREATE TABLE Type (name TEXT)", *["INSERT INTO Type VALUES (hex(randomblob(500)))"] * 200)


def refused(path) -> str:
    begin = time.monotonic()
    with pytest.raises(RunError) as caught:
        check_metadata(path)
    print(f"{time.monotonic() - begin:.2f} s: {caught.value}")  # noqa: T201 (pytest -s shows the messages)
    assert time.monotonic() - begin < 6
    assert str(caught.value).startswith(f"{path}: ML Metadata's database ")
    return str(caught.value)


def test_a_right_one_an_empty_one_and_none_are_taken(tmp_path):
    path = tmp_path / "metadata.db"
    check_metadata(path)
    path.touch()
    check_metadata(path)
    metadata(path)
    before = path.read_bytes()
    check_metadata(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_database_of_ours_is_told_apart(tmp_path):
    path = tmp_path / "metadata.db"
    path.write_text("a text, and a long one")
    assert (
        "is not an SQLite file; it begins with b'a text, and a lo'. Put a copy of it back, or move it away"
        in refused(path)
    )
    path.unlink()
    database(path, "CREATE TABLE customers (a)")
    assert "is the database of something else; its tables: customers. Choose another --root." in refused(path)
    path.unlink()
    metadata(path, version=99)
    assert "has schema version 99; the ML Metadata that is installed here works with 10." in refused(path)
    path.unlink()
    path.mkdir()
    assert "can't be read: Is a directory." in refused(path)


@pytest.mark.parametrize("keep", [20, 3_000, 30_000, 120_000])
def test_a_cut_one_is_damaged(tmp_path, keep):
    path = tmp_path / "metadata.db"
    metadata(path)
    content = path.read_bytes()
    assert len(content) > 130_000
    path.write_bytes(content[:keep])
    assert "is damaged: " in refused(path)


def test_a_locked_one_names_the_process(tmp_path):
    path = tmp_path / "metadata.db"
    metadata(path)
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        message = refused(path)
        holder.communicate("\n")
    assert f"is locked by another process (process {holder.pid}); waited 3 s for it. End that process" in message
    check_metadata(path)


@pytest.mark.e2e
def test_the_schema_version_is_the_librarys(tmp_path):
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    path = tmp_path / "metadata.db"
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(path)
    connection.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    metadata_store.MetadataStore(connection)
    check_metadata(path)
