"""The options of `plumbline serve` that say how the server runs, in the groups that its help shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from pipeline.serving.settings import ServerSettings

F = TypeVar("F", bound=Callable[..., Any])
_MIB = 1 << 20
_COUNT = click.IntRange(min=1)
_SECONDS = click.FloatRange(min=0, min_open=True)
_PORT = click.IntRange(0, 65535)


class GroupedOption(click.Option):
    """An option that the help shows under a heading.

    Args:
      group: the heading.
    """

    def __init__(self, *args: Any, group: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows options under their headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes them."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                groups.setdefault(getattr(option, "group", "Options"), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


@dataclasses.dataclass(frozen=True)
class _Setting:
    """An option and the field of ServerSettings that it sets."""

    option: str
    field: str
    group: str
    kind: click.ParamType[Any]
    help: str
    shown: str | None = None  # for a default that depends on the machine
    unit: int = 1


_ADDRESS, _LIMITS, _TIMES, _FOLLOWING = "Where it listens", "Capacity and limits", "Time limits", "Following changes"
_SETTINGS = (
    _Setting("--host", "host", _ADDRESS, click.STRING, "Address to listen on. Callers are not authenticated."),
    _Setting("--rest-port", "rest_port", _ADDRESS, _PORT, "0 for any."),
    _Setting("--grpc-port", "grpc_port", _ADDRESS, _PORT, "0 for any."),
    _Setting(
        "--cors",
        "cors",
        _ADDRESS,
        click.BOOL,
        "Let pages of other origins call, as TF Serving's --rest_api_enable_cors_support does.",
    ),
    _Setting("--workers", "workers", _LIMITS, _COUNT, "Processes that answer.", "one for each core that it may use"),
    _Setting(
        "--threads",
        "threads",
        _LIMITS,
        _COUNT,
        "Threads that answer, of each worker and API.",
        "two for each core that it may use, at least 4",
    ),
    _Setting(
        "--max-concurrency",
        "max_concurrency",
        _LIMITS,
        _COUNT,
        "Requests at once, of each worker and API; more are refused.",
    ),
    _Setting("--max-rows", "max_rows", _LIMITS, _COUNT, "Rows that a request may stand for."),
    _Setting("--max-body-mib", "max_body_bytes", _LIMITS, _COUNT, "MiB of a request, unpacked.", unit=_MIB),
    _Setting(
        "--request-timeout",
        "request_seconds",
        _TIMES,
        _SECONDS,
        "Seconds after which a REST prediction is answered 504.",
    ),
    _Setting(
        "--read-timeout", "read_seconds", _TIMES, _SECONDS, "Seconds that a REST client has to send or take a message."
    ),
    _Setting("--idle-timeout", "keepalive_seconds", _TIMES, _SECONDS, "Seconds that a REST connection may be idle."),
    _Setting("--drain-seconds", "drain_seconds", _TIMES, _SECONDS, "Seconds that running requests get at the end."),
    _Setting("--poll-seconds", "poll_seconds", _FOLLOWING, _SECONDS, "Seconds between two looks for new versions."),
    _Setting(
        "--models-poll-seconds",
        "models_poll_seconds",
        _FOLLOWING,
        click.FloatRange(min=0),
        "Seconds between two looks at the file of --models; 0 for none.",
    ),
)


def _default(setting: _Setting, defaults: ServerSettings) -> Any:
    value = getattr(defaults, setting.field)
    return value if setting.unit == 1 else value // setting.unit


def server_options(command: F) -> F:
    """Adds the options to a command, which gets their values as keywords named like fields of ServerSettings."""
    defaults = ServerSettings()
    made: list[Callable[[F], F]] = [
        click.option(
            each.option,
            each.field,
            cls=GroupedOption,
            group=each.group,
            type=each.kind,
            is_flag=each.kind is click.BOOL,
            default=None if each.shown else _default(each, defaults),
            show_default=each.shown or True,
            help=each.help,
        )
        for each in _SETTINGS
    ]
    for add in reversed(made):
        command = add(command)
    return command


def given_settings(context: click.Context, options: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ServerSettings for those options that were given.

    Args:
      context: of the command.
      options: values of the options of `server_options`, by field.
    """
    units = {each.field: each.unit for each in _SETTINGS}
    given = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return {name: value if units[name] == 1 else value * units[name] for name, value in given.items()}


def option_of(field: str) -> str:
    """The option that sets a field of ServerSettings."""
    return next(each.option for each in _SETTINGS if each.field == field)
