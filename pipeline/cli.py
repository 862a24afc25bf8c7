"""The command line. Heavy imports stand inside the command that needs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from components.errors import EXIT_REFUSED, PlumblineError
from pipeline import __version__


class _Commands(click.Group):
    """Turns our errors into one message and an exit code; `--debug` shows the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlumblineError as error:
            if ctx.params["debug"]:
                raise
            click.echo(f"plumbline: error: {error}", err=True)
            sys.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            lines = str(error).strip().splitlines() or [""]
            click.echo(f"plumbline: unexpected error: {type(error).__name__}: {lines[0]}", err=True)
            click.echo("Run again as 'plumbline --debug …' for the traceback; the log file holds it too.", err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plumbline")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def main(debug: bool) -> None:
    """From a table to a served, explained linear model.

    Exit codes: 0 done (for run: pushed), 2 bad usage or configuration, 3 bad data, 4 refused by the gate, 1 anything else.
    """
    del debug


_CONFIG = click.argument("config", type=click.Path(path_type=Path))
_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="The one folder that a run writes to.",
)


@main.command()
@_CONFIG
@_ROOT
@click.option("--no-cache", is_flag=True, help="Run every step, whatever earlier runs left.")
@click.option("--from", "rerun_from", metavar="STEP", help="Run STEP and all that depends on it anew.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Worker processes for the Beam work; 0 for none.  [default: one a core if the table is large]",
)
def run(config: Path, root: Path, no_cache: bool, rerun_from: str | None, workers: int | None) -> None:
    """Run the pipeline that CONFIG describes, and push the model if it passes the gate."""
    import datetime
    import logging

    from rich.console import Console

    from components.errors import ConfigError
    from pipeline.config import load_config
    from pipeline.console import RunView, print_summary
    from pipeline.log import to_file
    from pipeline.run import Options
    from pipeline.run import run as run_pipeline
    from pipeline.steps import STEPS

    if rerun_from is not None and rerun_from not in STEPS:
        raise ConfigError(f"--from: unknown step {rerun_from!r}. The steps: {', '.join(STEPS)}.")
    loaded = load_config(config)
    root = root.resolve()
    log = root / "logs" / f"{loaded.name}-{datetime.datetime.now():%Y%m%d-%H%M%S-%f}.log"
    with to_file(log) as terminal:
        console = Console(file=terminal)
        console.print(f"[bold]{loaded.name}[/bold]", highlight=False)
        view = RunView(console)
        try:
            summary = run_pipeline(loaded, root, view, Options(not no_cache, rerun_from, workers), log)
        except BaseException:
            logging.getLogger(__name__).exception("The run failed")
            raise
        finally:
            view.close()
        print_summary(console, summary, str(config), str(root))
    if summary["exit_code"] == EXIT_REFUSED:
        reasons = "; ".join(summary["verdict"]["reasons"])
        click.echo(f"plumbline: refused: {reasons}", err=True)
    sys.exit(summary["exit_code"])


@main.command()
@_CONFIG
@_ROOT
@click.option("--json", "as_json", is_flag=True, help="The whole summary as JSON.")
def show(config: Path, root: Path, as_json: bool) -> None:
    """Show the last run: coefficients, metrics, verdict, pushed version, times and rows of each step."""
    from rich.console import Console

    from pipeline.config import load_config
    from pipeline.console import print_steps, print_summary
    from pipeline.summary import read_last_summary

    root = root.resolve()
    summary = read_last_summary(root, load_config(config).name)
    if as_json:
        click.echo(json.dumps(summary, indent=1))
        return
    console = Console()
    print_steps(console, summary)
    print_summary(console, summary, str(config), str(root))


@main.command()
@_CONFIG
@_ROOT
@click.option("--json", "rows", required=True, metavar="ROWS", help='A row as JSON, {"x": 0.5}, or a list of rows.')
def predict(config: Path, root: Path, rows: str) -> None:
    """Predict through the model that was pushed last."""
    from pipeline.config import load_config
    from pipeline.log import to_file
    from pipeline.predict import parse_rows, predict_rows

    loaded = load_config(config)
    root = root.resolve()
    parsed = parse_rows(rows, loaded)
    with to_file(root / "logs" / f"{loaded.name}-predict.log"):
        answer = predict_rows(loaded, root, parsed)
    click.echo(json.dumps(answer))


@main.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", required=True, help="The column to predict.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: TABLE's name + .yaml]")
def init(table: Path, label: str, output: Path | None) -> None:
    """Write a configuration file for TABLE, to be read and changed before the first run."""
    from pipeline.init import write_config

    path = write_config(table, label, output)
    click.echo(f"wrote {path}\nnext: read it, then plumbline run {path}")


@main.command()
@click.option("--quick", is_flag=True, help="Leave out what needs TensorFlow and TFX.")
def doctor(quick: bool) -> None:
    """Check the installation."""
    from pipeline.doctor import checks

    failed = 0
    for check in checks(quick):
        failed += not check.ok
        click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.text}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
