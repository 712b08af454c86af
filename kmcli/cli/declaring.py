"""How commands declare options: under headings, in the order in which the help shows them."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that knows under which heading the help shows it."""

    def __init__(self, *args: Any, group: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Leave the range of numbers to the help text, where it can be read."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


class GroupedCommand(click.Command):
    """A command whose help shows its options under headings, in the order of declaration."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        for title, records in grouped_records(self, ctx).items():
            with formatter.section(title):
                formatter.write_dl(records)


def grouped_records(
    command: click.Command, context: click.Context
) -> dict[str, list[tuple[str, str]]]:
    """Give names and help texts of a command's options, by heading, as declared."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            groups.setdefault(getattr(parameter, "group", "Other"), []).append(record)
    return groups


def option(*names: str, group: str, **kwargs: Any) -> Callable[[F], F]:
    """Declare an option of a group; otherwise as ``click.option``, with its default shown."""
    kwargs.setdefault("show_default", "default" in kwargs)
    return click.option(*names, cls=GroupedOption, group=group, **kwargs)


ANY_PATH = click.Path(readable=False)
"""Any name of a file. What cannot be read is found out when it is read, and is no usage error."""


class NameOrPath(click.Path):
    """One of some names, or any name of a file; shells complete both."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(readable=False)
        self.names = names

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Offer files, and the names that begin like this."""
        files = super().shell_complete(ctx, param, incomplete)
        # Files come first: where they are wanted, the script for bash forgets what it had.
        return [*files, *(CompletionItem(n) for n in self.names if n.startswith(incomplete))]


def when_given(read: Callable[[str], Any], missing: Any = None) -> Callable[..., Any]:
    """Make the callback of an option of what reads its value."""

    def callback(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:
        return missing if value is None else read(value)

    return callback


def stacked(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Apply decorators as if they stood one above the other."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
