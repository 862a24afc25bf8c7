"""`plumbline report`: where the last run's page is."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.options import CONFIG, ROOT


@click.command()
@CONFIG
@ROOT
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
def report(config: Path, root: Path, opened: bool) -> None:
    """Print where the last run's report is: a page that says whether the model can be used, and why. Its figures lie beside it."""
    from pipeline.cli.loading import load
    from pipeline.local.report import last_page

    page = last_page(root.resolve(), load(config).name)
    click.echo(page)
    if opened:
        import webbrowser

        from components.errors import RunError

        if not webbrowser.open(page.as_uri()):
            raise RunError(
                f"--open: no browser was found here. Open {page} in one, or name one in the variable BROWSER."
            )
