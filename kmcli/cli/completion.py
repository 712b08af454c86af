"""The command ``kmcli completion``."""

import click
from click.shell_completion import ShellComplete, get_completion_class

from kmcli.cli.options import GroupedCommand
from kmcli.errors import ExitCode
from kmcli.files import write_stdout

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=GroupedCommand,
    short_help="Print a completion script for bash, zsh or fish.",
    epilog='Example: eval "$(kmcli completion bash)" completes in this shell.',
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> ExitCode:
    """Print a script that completes commands, options, values and file names.

    Supports bash 4.4 or newer, zsh and fish.
    """
    root = context.find_root()
    name = str(root.info_name)
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has all of SHELLS
    script = kind(root.command, {}, name, f"_{name.upper()}_COMPLETE")
    # Not kind.source(): for bash that would start one, to see whether it is new enough.
    write_stdout(ShellComplete.source(script).encode())
    return ExitCode.DONE
