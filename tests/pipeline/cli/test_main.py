from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, plumbline

HEAVY = ("tensorflow", "tfx", "apache_beam", "keras")


TABLES = ("pandas", "pyarrow", "numpy", "scipy")


def loaded(*args: str | Path) -> tuple[int, set[str]]:
    """The exit code of a command, and which heavy libraries it has imported when it ends."""
    code = (
        "import sys, pipeline.cli.main\n"
        "code = 0\n"
        f"try: pipeline.cli.main.main({[str(arg) for arg in args]!r})\n"
        "except SystemExit as end: code = end.code or 0\n"
        f"print(code, *set({HEAVY + TABLES!r}) & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    exit_code, *modules = done.stdout.splitlines()[-1].split()
    return int(exit_code), set(modules)


@pytest.mark.parametrize(
    "args", [["--help"], ["doctor", "--quick"], ["run", "--help"], ["compile", "--help"], ["schema"]]
)
def test_light_commands_import_neither_tensorflow_nor_tfx(args):
    code, modules = loaded(*args)
    assert (code, modules & set(HEAVY)) == (0, set())


def test_show_of_no_run_imports_nothing_that_reads_tables(tmp_path):
    assert loaded("show", REPOSITORY / "data/taxi/pipeline.yaml", "--root", tmp_path) == (1, set())


@pytest.mark.e2e
def test_show_of_a_run_imports_nothing_that_reads_tables(seed_run):
    assert loaded("show", seed_run.config, "--root", seed_run.root) == (0, set())


@pytest.mark.parametrize(
    "args",
    [
        ["run"],
        ["show"],
        ["predict", "--json", "{}"],
        ["versions"],
        ["compile", "--target", "kubeflow", "--image", "a/b:1", "--pipeline-root", "minio://b/p"],
    ],
)
def test_a_wrong_configuration_is_told_before_anything_heavy_is_imported(args, tmp_path):
    (tmp_path / "p.yaml").write_text("nme: x\n")
    assert loaded(*args, tmp_path / "p.yaml") == (2, set())


def test_help_is_quick():
    begin = time.monotonic()
    assert "Exit codes" in plumbline("--help").out
    assert time.monotonic() - begin < 2.0  # 0.1 s here; room for a busy machine


def test_a_wrong_configuration_ends_with_2_and_one_line(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("nme: x\n")
    done = plumbline("run", path, "--root", tmp_path / "R")
    assert done.code == 2
    assert "nme: unknown key; did you mean 'name'?" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "R").exists()


def test_an_unknown_step_names_the_steps_at_once(tmp_path):
    done = plumbline("run", REPOSITORY / "data/seed/pipeline.yaml", "--root", tmp_path / "R", "--from", "Trainr")
    assert done.code == 2
    assert "--from: unknown step 'Trainr'. The steps: ExampleGen, StatisticsGen" in done.err


@pytest.mark.e2e
def test_a_step_that_this_configuration_does_not_ask_for_is_none_of_its_steps(tmp_path):
    done = plumbline(
        "run", REPOSITORY / "data/seed/pipeline.yaml", "--root", tmp_path / "R", "--from", "InfraValidator"
    )
    assert done.code == 2
    assert "--from: no step 'InfraValidator' in this pipeline. Its steps: ExampleGen, StatisticsGen" in done.err


def test_show_and_predict_before_any_run(tmp_path):
    config = REPOSITORY / "data/seed/pipeline.yaml"
    shown = plumbline("show", config, "--root", tmp_path)
    assert (shown.code, "has not run here" in shown.err) == (1, True)
    predicted = plumbline("predict", config, "--root", tmp_path, "--json", '{"x": 1}')
    assert (predicted.code, "no model was pushed yet" in predicted.err) == (1, True)


SEED = (REPOSITORY / "data/seed/pipeline.yaml").read_text()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("x,y\n0.5,3\n0.6,dear\n", "line 3, column 'y': expected a number; received 'dear'."),
        ("x,z\n0.5,3\n", "uses column 'y', which the table does not have. Its columns: x, z."),
        ("", "the file is empty."),
        ("x,y\n", "the table has a header and no rows."),
    ],
)
def test_bad_tables_end_with_3_before_anything_runs(tmp_path, table, message):
    (tmp_path / "data.csv").write_text(table)
    (tmp_path / "pipeline.yaml").write_text(SEED)
    done = plumbline("run", tmp_path / "pipeline.yaml", "--root", tmp_path / "R")
    assert done.code == 3, done.err
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "R" / "serving").exists()
    shown = plumbline("show", tmp_path / "pipeline.yaml", "--root", tmp_path / "R")
    assert message in shown.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "damaged, not JSON: Expecting value: line 1 column 1 (char 0)."),
        (
            '{"name": "seed", "steps": []}',
            "expected format 3; received a file without one. Another version of Plumbline",
        ),
        ('{"format": 1}', "expected format 3; received 1. Another version of Plumbline wrote it."),
        ('{"format": 2, "name": "seed"}', "damaged: run_id: Field required."),
    ],
)
def test_a_summary_that_can_not_be_read_is_one_message(tmp_path, text, message):
    summary = tmp_path / "pipelines/seed/runs/2026.json"
    summary.parent.mkdir(parents=True)
    summary.write_text(text)
    done = plumbline("show", REPOSITORY / "data/seed/pipeline.yaml", "--root", tmp_path)
    assert done.code == 1
    assert done.err.startswith(f"plumbline: error: {summary}: {message}")
    assert done.err.endswith(f"Run it again: plumbline run CONFIG --root {tmp_path}\n")
    assert len(done.err.strip().splitlines()) == 1


def test_an_unexpected_error_is_one_message_and_debug_shows_the_traceback(tmp_path):
    summary = tmp_path / "pipelines" / "seed" / "runs" / "2026.json"
    summary.mkdir(parents=True)
    args = ("show", REPOSITORY / "data/seed/pipeline.yaml", "--root", tmp_path)
    done = plumbline(*args)
    assert done.code == 1
    assert "unexpected error: IsADirectoryError" in done.err
    assert "Traceback" not in done.err
    assert "Run again as 'plumbline --debug …' for the traceback." in done.err, "show writes no log"
    assert "Traceback" in plumbline("--debug", *args).err


SEED_CONFIG = REPOSITORY / "data/seed/pipeline.yaml"


def test_a_metadata_database_that_is_none_ends_the_run_before_the_libraries_load(tmp_path):
    (tmp_path / "metadata.db").write_text("a text, no database")
    begin = time.monotonic()
    done = plumbline("run", SEED_CONFIG, "--root", tmp_path)
    assert time.monotonic() - begin < 10
    assert done.code == 1
    assert done.err.startswith(
        f"plumbline: error: {tmp_path}/metadata.db: ML Metadata's database is not an SQLite file"
    )
    assert (tmp_path / "metadata.db").read_text() == "a text, no database"


@pytest.mark.parametrize("below", ["R", "file/R"])
def test_a_root_that_can_not_be_written_is_named(tmp_path, below):
    (tmp_path / "file").touch()
    root = tmp_path / below
    if below == "R":
        root.mkdir()
        (root / "logs").touch()  # root can write anywhere, but not below a file
    done = plumbline("run", SEED_CONFIG, "--root", root)
    assert done.code == 1
    assert f"plumbline: error: {root}/logs/seed-" in done.err
    assert "the log can't be written: " in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_an_engine_that_is_none_is_named(tmp_path):
    done = plumbline("run", SEED_CONFIG, "--root", tmp_path, "--beam", "flunk")
    assert done.code == 2
    assert (
        done.err
        == "plumbline: error: --beam: unknown engine 'flunk'. The engines: local, flink, spark, portable, dataflow.\n"
    )


def test_two_runs_in_one_root_do_not_mix(tmp_path):
    import fcntl

    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = plumbline("run", REPOSITORY / "data/seed/pipeline.yaml", "--root", tmp_path)
    assert done.code == 1
    assert "another run is going on here" in done.err
