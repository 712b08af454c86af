"""What a command leaves behind: check all first, then publish pictures and reports."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from kmcli.cli.options import OutputOptions
from kmcli.errors import OutputError
from kmcli.files import (
    STREAM,
    Content,
    check_output,
    check_stdout,
    file_identity,
    publish,
    write_stdout,
)

if TYPE_CHECKING:
    from kmcli.report.model import Field, Report


def check(
    paths: Sequence[str],
    to: OutputOptions,
    *,
    inputs: Iterable[str] = (),
    data_on_stdout: bool = False,
    data_option: str = "-o",
    may_exist: bool = False,
) -> None:
    """Refuse outputs that cannot be written, before any work is done.

    `paths` are files besides the report, `inputs` those that must not be overwritten. If
    something other than a report goes to standard output, `data_option` would lead it elsewhere.
    `may_exist` lets existing files pass, since `write_all` will compare their content.

    Raises click.UsageError if two outputs would be one file, OutputError if one cannot be
    written.
    """
    if to.report and to.json:
        raise click.UsageError("--report and --json both print to standard output; give only one")
    if to.prints_report and data_on_stdout:
        raise click.UsageError(
            f"standard output can carry one thing: give {data_option} FILE for the data, or "
            "--report-file for the report"
        )
    if to.prints_report or data_on_stdout:
        check_stdout()
    files = [*paths, *([to.report_file] if to.report_file is not None else [])]
    refuse_same(files)
    inputs = list(inputs)
    force = to.force or may_exist
    for path in files:
        check_output(path, force=force, inputs=inputs, make_folders=to.make_folders)


def refuse_same(paths: Iterable[str], identity: Callable[[str], str] = file_identity) -> None:
    """Refuse outputs of which two are one file, whatever their names; `identity` tells that."""
    taken: set[str] = set()
    for path in paths:
        target = identity(path)
        if path != STREAM and target in taken:
            raise click.UsageError(f"two outputs would be written to {path}")
        taken.add(target)


def refuse_terminal(path: str) -> None:
    """Keep an image from being written to a terminal; ``-`` is standard output."""
    if is_terminal(path):
        raise OutputError("cannot write an image to a terminal; use -o FILE or redirect")


def is_terminal(path: str) -> bool:
    """Tell whether an output is a terminal; ``-`` is standard output."""
    if path == STREAM:
        return os.isatty(1)
    with contextlib.suppress(OSError, ValueError):
        if stat.S_ISCHR(os.stat(path).st_mode):
            descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
            try:
                return os.isatty(descriptor)
            finally:
                os.close(descriptor)
    return False


def write_all(
    files: Sequence[tuple[str, bytes]], report: "Report | None", to: OutputOptions
) -> None:
    """Publish all that a command has made, or nothing if one of the files is in the way.

    A file that is there already with the very same content is not in the way: to run a command
    again, perhaps for another form of the report, is no reason to complain.

    Raises OutputError if a file exists with other content, or cannot be written.
    """
    files = list(files)
    if report is not None and to.report_file is not None:
        files.append((to.report_file, report_bytes([report], to.report_file)))
    missing = [(path, data) for path, data in files if to.force or not _is_there(path, data)]
    publish(missing, force=to.force, make_folders=to.make_folders)
    if report is not None and to.prints_report:
        print_report(report, as_json=to.json)


def write_streamed(
    files: Iterable[tuple[str, Content]],
    report: Callable[[], "Report"],
    to: OutputOptions,
) -> None:
    """Publish files that are made while they are written, then the report, made after them.

    Raises OutputError if a file exists, whatever is in it, or cannot be written.
    """
    files = list(files)
    if to.report_file is not None:
        files.append((to.report_file, _report_pieces(report, to.report_file)))
    publish(files, force=to.force, make_folders=to.make_folders)
    if to.prints_report:
        print_report(report(), as_json=to.json)


def _report_pieces(report: Callable[[], "Report"], path: str) -> Iterator[bytes]:
    yield report_bytes([report()], path)


def _is_there(path: str, data: bytes) -> bool:
    if path == STREAM or not os.path.isfile(path):
        return False
    with contextlib.suppress(OSError), open(path, "rb") as existing:
        if existing.read(len(data) + 1) == data:
            return True
    raise OutputError("already exists with other content; use --force to replace it", path)


def print_report(report: "Report", *, as_json: bool, is_first: bool = True) -> None:
    """Print a report on standard output; texts after the first are set off by an empty line."""
    if as_json:
        text = report.to_json() + "\n"
    else:
        text = ("" if is_first else "\n") + report.to_text(_paint if shows_colors(1) else None)
    write_stdout(_encoded(text))


def print_table(title: str, rows: Sequence[Sequence["Field"]]) -> None:
    """Print a table on standard output."""
    from kmcli.report.model import Report, Table

    print_report(Report(title, [Table("", "", rows)]), as_json=False)


def report_bytes(reports: Sequence["Report"], path: str) -> bytes:
    """Give the content of a file of reports: JSON Lines for ``.json`` and ``.jsonl``, else text."""
    if path.endswith((".json", ".jsonl")):
        return _encoded("".join(report.to_json() + "\n" for report in reports))
    return _encoded("\n".join(report.to_text() for report in reports))


def _encoded(text: str) -> bytes:
    # Names of files may hold bytes that are not UTF-8: they come out as they came in.
    return text.encode("utf-8", "surrogateescape")


def shows_colors(descriptor: int) -> bool:
    """Tell whether a standard stream is a terminal with colours, and they are wanted."""
    is_dumb = os.environ.get("TERM") == "dumb"
    return os.isatty(descriptor) and not is_dumb and not os.environ.get("NO_COLOR")


def _paint(color: str) -> str:
    red, green, blue = bytes.fromhex(color[1:7])
    return click.style("      ", bg=(red, green, blue))
