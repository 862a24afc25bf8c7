"""`plumbline schema`: the JSON schema of the configuration, for editors and other checkers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: the terminal]")
def schema(output: Path | None) -> None:
    """Print the JSON schema of the configuration, by which editors complete and check it."""
    from components.errors import RunError
    from components.replacing import replacing
    from pipeline.config.schema_file import SCHEMA_FILE

    text = SCHEMA_FILE.read_text(encoding="utf-8")
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with replacing(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"{output}: the schema can't be written: {error.strerror}. Name another file.") from error
    click.echo(f"wrote {output}")
