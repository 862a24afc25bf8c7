"""The command line. Heavy imports stand inside the command that needs them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from components import loading as libraries
from components.errors import EXIT_REFUSED, PlumblineError, RefusedError, error_line
from pipeline import __version__
from pipeline.cli.history import history
from pipeline.cli.hypotheses import test_
from pipeline.cli.log import in_log, say
from pipeline.cli.options import CONFIG, ROOT
from pipeline.cli.remote import compile_, submit
from pipeline.cli.report import report
from pipeline.cli.schema import schema
from pipeline.cli.serve_options import GroupedCommand, given_settings, option_of, server_options
from pipeline.local.stopping import Stopped

if TYPE_CHECKING:
    from pipeline.graph.plain_tables import Of, Style


class _Commands(click.Group):
    """Turns our errors into one message and an exit code; `--debug` shows the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlumblineError as error:
            if ctx.params["debug"]:
                raise
            click.echo(error_line(error), err=True)
            sys.exit(error.exit_code)
        except Stopped as error:
            click.echo(f"plumbline: {error}", err=True)
            sys.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            lines = str(error).strip().splitlines() or [""]
            click.echo(f"plumbline: unexpected error: {type(error).__name__}: {lines[0]}", err=True)
            file = in_log(error)
            traceback = (
                f"The traceback is in {file}." if file else "Run again as 'plumbline --debug …' for the traceback."
            )
            click.echo(traceback, err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plumbline")
@click.option("--debug", is_flag=True, help="Show tracebacks, and what is loaded in which time.")
def main(debug: bool) -> None:
    """From a table to a served, explained linear model.

    Exit codes: 0 done (for run: pushed), 2 bad usage or configuration, 3 bad data, 4 refused by the gate, 1 anything else.
    """
    if debug:
        libraries.tell(say)


@main.command()
@CONFIG
@ROOT
@click.option("--no-cache", is_flag=True, help="Run every step, whatever earlier runs left.")
@click.option("--from", "rerun_from", metavar="STEP", help="Run STEP and all that depends on it anew.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Worker processes for the Beam work; 0 for none.  [default: one a core if the table is large]",
)
@click.option(
    "--step-timeout",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    help="Seconds after which a Beam job that stands still is ended; 0 for never. Honest work, however long, is not.",
)
@click.option(
    "--beam",
    "engine",
    metavar="ENGINE",
    help="The Beam engine that does the steps' work: local, flink, spark, portable or dataflow.  [default: beam.engine, or local]",
)
def run(
    config: Path,
    root: Path,
    no_cache: bool,
    rerun_from: str | None,
    workers: int | None,
    step_timeout: float,
    engine: str | None,
) -> None:
    """Run the pipeline that CONFIG describes, and push the model if it passes the gate."""
    from components.errors import ConfigError
    from pipeline.beam.engines import chosen
    from pipeline.cli.loading import load
    from pipeline.graph.registry import NAMES

    if rerun_from is not None and rerun_from not in NAMES:
        raise ConfigError(f"--from: unknown step {rerun_from!r}. The steps: {', '.join(NAMES)}.")
    loaded = load(config)  # before what is heavy: a wrong one is told at once
    chosen(loaded.beam, engine, "beam")
    import datetime

    from rich.console import Console

    from pipeline.cli.log import to_file
    from pipeline.cli.screen import RunView, print_summary
    from pipeline.local.run import RunOptions
    from pipeline.local.run import run as run_pipeline

    root = root.resolve()
    log = root / "logs" / f"{loaded.name}-{datetime.datetime.now():%Y%m%d-%H%M%S-%f}.log"
    with to_file(log) as terminal:
        console = Console(file=terminal)
        console.print(f"[bold]{loaded.name}[/bold]", highlight=False)
        view = RunView(console)
        try:
            options = RunOptions(not no_cache, rerun_from, workers, step_timeout, engine)
            summary = run_pipeline(loaded, root, view, options, log)
        finally:
            view.close()
        print_summary(console, summary, str(config), str(root))
    if summary.exit_code == EXIT_REFUSED:
        click.echo(error_line(RefusedError(summary.refusals())), err=True)
    sys.exit(summary.exit_code)


@main.command()
@CONFIG
@ROOT
@click.option("--json", "as_json", is_flag=True, help="The whole summary as JSON.")
@click.option("--all", "whole", is_flag=True, help="Every level of every feature, and every figure of the diagnostics.")
@click.option("--table", type=click.Choice(["latex", "csv", "markdown"]), help="One table alone, to be pasted.")
@click.option(
    "--of",
    type=click.Choice(["coefficients", "features", "fit"]),
    help="With --table: which one; features are tested as a whole.  [default: coefficients]",
)
def show(config: Path, root: Path, as_json: bool, whole: bool, table: Style | None, of: Of | None) -> None:
    """Show the last run: coefficients, metrics, verdict, pushed version, times and rows of each step."""
    from rich.console import Console

    from components.errors import ConfigError
    from pipeline.cli.loading import load
    from pipeline.cli.screen import print_steps, print_summary
    from pipeline.local.summary import read_last_summary

    if (of is not None and table is None) or (as_json and table is not None):
        raise ConfigError(
            "show: --of is for --table, and --table is not for --json, which has all. Leave one of them out."
        )
    root = root.resolve()
    summary = read_last_summary(root, load(config).name)
    if as_json:
        click.echo(summary.to_json())
        return
    if table is not None:
        from pipeline.graph.plain_tables import plain_table
        from pipeline.local.summary import regression_of

        click.echo(plain_table(regression_of(summary), table, of or "coefficients", whole))
        return
    console = Console()
    print_steps(console, summary)
    print_summary(console, summary, str(config), str(root), whole)


@main.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@ROOT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def compare(first: str, second: str, root: Path, as_json: bool) -> None:
    """Compare two runs of models of one label: coefficients with their change in standard errors, metrics, data. Where one model
    is nested in the other on the same rows, test what that has besides: F, or the likelihood ratio.

    A and B are configurations, with the last runs below --root; or roots in which one pipeline has run; either with @RUN after it,
    the beginning of a run's name as plumbline history has it, or a version; or summaries of runs,
    ROOT/pipelines/NAME/runs/TIME.json.
    """
    from rich.console import Console

    from pipeline.cli.compare import print_comparison
    from pipeline.local.comparison import compare as compare_runs
    from pipeline.local.comparison import read_run

    root = root.resolve()
    found = compare_runs((first, read_run(first, root)), (second, read_run(second, root)))
    if as_json:
        click.echo(found.model_dump_json(indent=1))
    else:
        print_comparison(Console(), found)


@main.command()
@CONFIG
@ROOT
@click.option("--json", "rows", metavar="ROWS", help='A row as JSON, {"x": 0.5}, or a list of rows.')
@click.option("--file", "table", type=click.Path(path_type=Path), help="A CSV, CSV.gz or Parquet file of rows.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The .csv or .parquet file to write (with --file)."
)
@click.option(
    "--intervals",
    is_flag=True,
    help="Add standard error, and the interval of a new label (of a family other than gaussian, of the mean).",
)
@click.option(
    "--contributions",
    is_flag=True,
    help="Add the contribution of each feature, and the baseline; through a link, what they add up to; and whether a number is "
    "beyond the knots of its spline.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Of the intervals.  [default: the model's, serve.level]",
)
@click.option("--version", type=int, help="Of the model.  [default: the newest]")
@click.option("--check", is_flag=True, help="With --json: ask the SavedModel too, and compare (loads TensorFlow).")
@click.option("--prefix", default="", help="With --file: what the names of the columns with answers begin with.")
def predict(
    config: Path,
    root: Path,
    rows: str | None,
    table: Path | None,
    output: Path | None,
    intervals: bool,
    contributions: bool,
    level: float | None,
    version: int | None,
    check: bool,
    prefix: str,
) -> None:
    """Predict through a model that was pushed: rows as JSON, or a whole table."""
    from components.errors import ConfigError
    from pipeline.cli.loading import load

    if (rows is None) == (table is None) or (table is None) != (output is None):
        raise ConfigError("predict: expected either --json ROWS, or --file TABLE with --output FILE.")
    if check and table is not None:
        raise ConfigError("predict: --check is for --json; the answers to --file are the SavedModel's.")
    if prefix and table is None:
        raise ConfigError("predict: --prefix is for --file.")
    loaded = load(config)
    from pipeline.cli.log import to_file
    from pipeline.scoring.pushed_model import PushedModel, Wanted
    from pipeline.scoring.rows import parse_rows, predict_rows
    from pipeline.scoring.tables import predict_file

    root = root.resolve()
    wanted = Wanted(intervals or level is not None, contributions, level, prefix)
    with to_file(root / "logs" / f"{loaded.name}-predict.log"):
        model = PushedModel(loaded, root, version)
        if table is None or output is None:
            answer = json.dumps(predict_rows(model, parse_rows(rows or "", model.spec), wanted, check))
        else:
            number = predict_file(loaded, model, table, output, wanted)
            answer = f"wrote {output}: {number:,} rows, by version {model.version}"
    click.echo(answer)


@main.command()
@CONFIG
@ROOT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def versions(config: Path, root: Path, as_json: bool) -> None:
    """List the published versions, and check their files."""
    from rich.console import Console

    from pipeline.cli.loading import load
    from pipeline.cli.versions import list_versions, print_versions

    entries = list_versions(load(config).serving_directory(root.resolve()))
    if as_json:
        click.echo(json.dumps(entries, indent=1))
    else:
        print_versions(Console(), entries)


@main.command()
@CONFIG
@ROOT
@click.option("--to", type=int, help="The version to go back to.  [default: the one before the newest]")
def rollback(config: Path, root: Path, to: int | None) -> None:
    """Publish an earlier version again, under a number above all others, so that servers follow."""
    from pipeline.cli.loading import load
    from pipeline.cli.versions import roll_back

    loaded = load(config)
    done = roll_back(loaded.serving_directory(root.resolve()), loaded.serve.keep, to)
    click.echo(f"published version {done.version}")


@main.command(cls=GroupedCommand)
@click.argument("config", type=click.Path(path_type=Path), required=False)
@ROOT
@click.option(
    "--models",
    "models_file",
    type=click.Path(path_type=Path),
    help="A models.config: all models of it are served, with its version policies and labels.",
)
@click.option(
    "--server",
    type=click.Choice(["embedded", "tf"]),
    default="embedded",
    show_default=True,
    help="tf: tensorflow_model_server, which must be on the PATH.",
)
@server_options
@click.pass_context
def serve(
    context: click.Context,
    /,
    config: Path | None,
    root: Path,
    models_file: Path | None,
    server: str,
    **options: Any,
) -> None:
    """Serve the pushed versions by TF Serving's gRPC and REST APIs, with a page to try the model at /.

    In CONFIG's place may stand a folder of versions; the model has its name. With --models FILE neither is needed. Then there is no
    --root, and the log goes to stderr.
    """
    from pipeline.cli import loading
    from pipeline.cli.log import say, to_file, to_stderr
    from pipeline.serving import command, tf_server
    from pipeline.serving.settings import ServerSettings

    served, log = loading.served(config, root.resolve(), models_file)
    given = given_settings(context, options)
    settings = ServerSettings(**given)
    if models_file is None and settings.models_poll_seconds:
        raise click.UsageError("--models-poll-seconds: expected --models FILE too; there is no file to look at.")
    command.check(served)
    if server == "tf":
        for field in given.keys() - tf_server.TAKEN:
            raise click.UsageError(f"--server tf: TF Serving has no like of {option_of(field)}. Leave it away.")
        tf_server.run(settings, served.name, served.base_path, models_file)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # or TensorFlow logs every request that is refused
    with to_file(log) if log else to_stderr() as terminal:
        command.serve(served, settings, terminal, say)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=50000, show_default=True, help="0 for any that is free.")
@click.option("--host", default="localhost", show_default=True, help="The address to listen on.")
def workers(port: int, host: str) -> None:
    """Be a pool of Beam workers beside a cluster's machine: its runner starts them by --environment_type=EXTERNAL
    --environment_config=HOST:PORT.

    A worker is a fork of a process that has TFX and TensorFlow loaded, so that it begins at once, and ends with the connection to
    its runner. Listen where the runner alone can ask: who reaches the port has code of theirs run here. SIGTERM and SIGINT end the
    pool and its workers, with exit code 0. The log goes to stderr, a worker's own to its runner.
    """
    from pipeline.beam import worker_pool
    from pipeline.cli.log import to_stderr
    from pipeline.graph.registry import STEPS
    from pipeline.local.stopping import stoppable

    modules = [module for step in STEPS for module in step.beam_modules]
    with to_stderr() as terminal:
        try:
            with stoppable():
                worker_pool.serve(host, port, modules, terminal)
        except Stopped:
            pass  # that is how a pool ends


@main.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", help="The column to predict.  [default: the formula's]")
@click.option(
    "--formula",
    help="Label and features as R, patsy and statsmodels write them: 'log(price) ~ carat + I(carat**2) + C(cut)'.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: TABLE's name + .yaml]")
@click.option("--name", help="Of the pipeline.  [default: the names of TABLE's folder and of TABLE]")
def init(table: Path, label: str | None, formula: str | None, output: Path | None, name: str | None) -> None:
    """Write a configuration file for TABLE (a file, a folder or a pattern), to be read and changed before the first run."""
    from pipeline.cli.init import write_config
    from pipeline.cli.init.notes import for_terminal

    path, notes = write_config(table, label, output, name, formula)
    click.echo(f"wrote {path}")
    for line in for_terminal(notes, str(path)):
        click.echo(line)
    click.echo(f"next: read it, then plumbline run {path}")


@main.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: TABLE's name + .parquet]"
)
def convert(table: Path, output: Path | None) -> None:
    """Write a Stata, Excel or Feather table as Parquet, once."""
    from pipeline.cli.convert import convert as to_parquet

    path, rows, columns = to_parquet(table, output)
    click.echo(f"wrote {path}: {rows:,} rows, {columns:,} columns\nnext: plumbline init {path} --label COLUMN")


@main.command()
@click.option("--quick", is_flag=True, help="Leave out what needs TensorFlow and TFX.")
@click.option("--serving", is_flag=True, help="Check what the model server needs alone, as in its own image.")
def doctor(quick: bool, serving: bool) -> None:
    """Check the installation."""
    from pipeline.cli.doctor import checks, serving_checks

    failed = 0
    for check in serving_checks() if serving else checks(quick):
        failed += not check.ok
        click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.text}")
    sys.exit(1 if failed else 0)


main.add_command(compile_)
main.add_command(history)
main.add_command(submit)
main.add_command(report)
main.add_command(schema)
main.add_command(test_)

if __name__ == "__main__":
    main()
