"""The command group, and the boundary where errors become messages and exit codes."""

import contextlib
import os
import traceback
from collections.abc import Sequence

import click

from kmcli import __version__
from kmcli.cli import console
from kmcli.cli.assign import assign
from kmcli.cli.blobs import blobs
from kmcli.cli.cluster.command import cluster
from kmcli.cli.completion import completion
from kmcli.cli.digits import digits
from kmcli.cli.hints import with_hint
from kmcli.cli.quantize import quantize
from kmcli.cli.shortage import check_memory_limit, shortage
from kmcli.cli.signals import die_of_closed_pipe
from kmcli.cli.tour import tour
from kmcli.errors import ExitCode, KmcliError
from kmcli.files import PipeClosedError, StandardOutput

EXIT_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAULT: "internal error",
    ExitCode.USAGE: "usage",
    ExitCode.INPUT: "an input cannot be read",
    ExitCode.LIMIT: "a limit was reached",
    ExitCode.OUTPUT: "an output cannot be written",
    ExitCode.PARTIAL: "some inputs of a batch failed",
    ExitCode.DECLINED: "declined on request",
}


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: kmcli quantize photo.jpg -k 16\n\nExit codes: "
    + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_MEANINGS.items())
    + ".",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """K-means clustering and colour quantization.

    quantize reduces pictures to few colours, learned by k-means. cluster groups the rows of a
    table; assign puts new rows into the same groups. blobs and digits show k-means at work;
    tour makes a web page of a whole course notebook.
    """


for command in (quantize, cluster, assign, blobs, digits, tour, completion):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run the command line, of what follows the program's name, and return the exit code."""
    try:
        if _loads_libraries(arguments):
            check_memory_limit()
        with contextlib.redirect_stdout(StandardOutput()):
            code = cli.main(list(arguments), prog_name="kmcli", standalone_mode=False)
    except click.UsageError as error:
        console.error(_usage_message(error, arguments))
        return ExitCode.USAGE
    except click.ClickException as error:
        console.error(error.format_message())
        return ExitCode.USAGE
    except PipeClosedError:
        return die_of_closed_pipe()
    except KmcliError as error:
        console.error(with_hint(error, _command(arguments)), error.name)
        return error.exit_code
    except MemoryError:
        console.error("not enough memory")
        return ExitCode.LIMIT
    except Exception as error:  # noqa: BLE001 - the last resort, so that there is no traceback
        if os.environ.get("KMCLI_DEBUG"):
            console.plain(traceback.format_exc())
        message = shortage(error)
        if message is not None:
            console.error(message)
            return ExitCode.LIMIT
        if isinstance(error, ImportError):
            reason = " ".join(str(error).split())
            console.error(f"cannot load a required library: {reason}; reinstall kmcli")
            return ExitCode.FAULT
        if isinstance(error, OSError):  # such as a current folder that has been removed
            console.error(f"system error: {(error.strerror or str(error)).lower()}")
            return ExitCode.OUTPUT
        console.error(
            f"internal error ({type(error).__name__}: {error}); please report it, "
            "with what KMCLI_DEBUG=1 shows"
        )
        return ExitCode.FAULT
    return int(code or ExitCode.DONE)


def _command(arguments: Sequence[str]) -> click.Command | None:
    return cli.commands.get(arguments[0]) if arguments else None


def _loads_libraries(arguments: Sequence[str]) -> bool:
    is_help = not {"-h", "--help"}.isdisjoint(arguments)
    return not is_help and _command(arguments) not in (None, completion)


def _usage_message(error: click.UsageError, arguments: Sequence[str]) -> str:
    # An option without its value is reported before there is a context.
    called = ["kmcli", *arguments[:1]] if _command(arguments) else ["kmcli"]
    command = error.ctx.command_path if error.ctx else " ".join(called)
    message = " ".join(error.format_message().split()).rstrip(".")
    return f"{message}; see '{command} --help'"
