"""The manual page, made of the same texts as ``--help``; the build puts it into the wheel."""

import re
from collections.abc import Iterator

import click

from kmcli import __version__
from kmcli.cli.declaring import grouped_records
from kmcli.cli.main import EXIT_MEANINGS, cli

ENVIRONMENT = {
    "NO_COLOR": "If set, print reports and messages without colours.",
    "KMCLI_DEBUG": "If set, print tracebacks of internal errors.",
}


def manual_page() -> str:
    """Write the manual page of kmcli and all its commands, in the language of groff and mandoc."""
    # Made like this, the context knows the settings of the command, such as -h for --help.
    with cli.make_context("kmcli", [], resilient_parsing=True) as root:
        commands = [
            (command, click.Context(command, parent=root, info_name=name))
            for name, command in cli.commands.items()
        ]
        lines = [
            f'.TH KMCLI 1 "" "kmcli {__version__}" "User Commands"',
            ".SH NAME",
            rf"kmcli \- {_escaped(_summary(cli.help))}",
            ".SH SYNOPSIS",
            *_synopsis([context for _, context in commands]),
            ".SH DESCRIPTION",
            *_paragraphs(cli.help),
            ".SH COMMANDS",
            *(line for command, context in commands for line in _command(command, context)),
            ".SH EXIT STATUS",
            *(
                line
                for code, meaning in EXIT_MEANINGS.items()
                for line in _item(str(int(code)), meaning)
            ),
            ".SH ENVIRONMENT",
            *(line for name, meaning in ENVIRONMENT.items() for line in _item(name, meaning)),
        ]
    return "\n".join(lines) + "\n"


def _synopsis(contexts: list[click.Context]) -> Iterator[str]:
    for number, context in enumerate(contexts):
        if number:
            yield ".br"
        pieces = " ".join(context.command.collect_usage_pieces(context))
        yield rf"\fB{_escaped(context.command_path)}\fR {_escaped(pieces)}"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f".SS {_escaped(context.command_path)}"
    yield from _paragraphs(command.help)
    for title, records in grouped_records(command, context).items():
        yield ".PP"
        yield rf"\fI{_escaped(title)}:\fR"
        for names, text in records:
            yield from _item(names, text)
    yield ".PP"
    yield from _paragraphs(command.epilog)


def _item(name: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield rf"\fB{_escaped(name)}\fR"
    yield from _paragraphs(text)


def _summary(text: str | None) -> str:
    first = (text or "").splitlines()[0].rstrip(".")
    return first[:1].lower() + first[1:]


def _paragraphs(text: str | None) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", (text or "").strip())):
        if number:
            yield ".PP"
        yield _escaped(" ".join(paragraph.split()))


def _escaped(text: str) -> str:
    """Keep roff from reading characters as its own, or making dashes of hyphens."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("^", r"\(ha")
    text = text.replace("~", r"\(ti").replace("`", r"\(ga").replace("'", r"\(aq")
    return r"\&" + text if text.startswith(".") else text
