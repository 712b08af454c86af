"""The command ``kmcli completion``."""

from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from kmcli.cli.declaring import GroupedCommand
from kmcli.errors import ExitCode
from kmcli.files import write_stdout


class ValuesAfterEquals(ShellComplete):
    """Completes ``--shape=mo``; click offers ``moons`` alone, which is not what the shell asked."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        """Find what completes the last word, with ``--option=`` before it if it has that."""
        items = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("--"):
            for item in items:
                if item.type == "plain":  # the shell finds files itself, and wants the bare name
                    item.value = f"{option}={item.value}"
        return items


class Bash(ValuesAfterEquals, BashComplete):
    """For bash, to which ``--shape=mo`` is three words, of which it completes the last."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the words of the line, without ``=`` between an option and its value."""
        args, incomplete = super().get_completion_args()
        before = ["", *args]
        is_split = [
            word == "=" and last[:2] == "--" for last, word in zip(before, args, strict=False)
        ]
        return [word for word, split in zip(args, is_split, strict=True) if not split], incomplete

    def source(self) -> str:
        """Write the script without starting bash to see whether it is new enough."""
        return ShellComplete.source(self)


class Zsh(ValuesAfterEquals, ZshComplete):
    """For zsh, which looks for a file of the whole word unless the option is taken off."""

    source_template = ZshComplete.source_template.replace(
        "_path_files", "compset -P 1 '--*='; _path_files"
    )


class Fish(ValuesAfterEquals, FishComplete):
    """For fish, which drops what does not start like the word, so the option goes before files."""

    source_template = FishComplete.source_template.replace(
        "__fish_complete_path $metadata[2];",
        "set -l option (string match -r -- '^--[^=]*=' (commandline -t));\n"
        "            __fish_complete_path $metadata[2] | string replace -r -- '^' \"$option\";",
    )


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}

for name, shell in SHELLS.items():
    add_completion_class(shell, name)


@click.command(
    cls=GroupedCommand,
    short_help="Print a completion script for bash, zsh or fish.",
    epilog='Example: eval "$(kmcli completion bash)" completes in this shell.',
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> ExitCode:
    """Print a script that completes commands, options, values and file names.

    Supports bash 4.4 or newer, zsh and fish.
    """
    root = context.find_root()
    name = str(root.info_name)
    script = SHELLS[shell](root.command, {}, name, f"_{name.upper()}_COMPLETE")
    write_stdout(script.source().encode())
    return ExitCode.DONE
