"""Shells complete commands, options, values and files; the manual page says what --help says."""

import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from kmcli.cli.completion import SHELLS
from kmcli.cli.main import cli, run
from kmcli.cli.manual import manual_page
from kmcli.errors import ExitCode
from tests.conftest import kmcli

TYPED = [
    ("kmcli qu", ["quantize"]),
    ("kmcli quantize --eff", ["--effort"]),
    ("kmcli quantize --effort b", ["best"]),
    ("kmcli quantize photo.jpg --space ", ["rgb", "oklab", "lab"]),
    ("kmcli completion ", [*SHELLS]),
    ("kmcli blobs --shape un", ["uneven", "uniform"]),
]

ASK_BASH = """
source kmcli.bash
read -ra COMP_WORDS <<< "$1"
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
compopt() { COMPREPLY+=("compopt $1 $2"); }  # works only while bash itself completes
_kmcli_completion kmcli
printf '%s\\n' "${COMPREPLY[@]}"
"""

ASK_ZSH = """
compdef() { :; }
compadd() { print -l -- "${completions[@]}"; }
compset() { return 1; }
_describe() { print -l -- "${completions_with_descriptions[@]%%:*}"; }
_path_files() { print -- "_path_files $*"; }
source ./kmcli.zsh
words=("${(@s: :)1}")
CURRENT=$#words
_kmcli_completion
"""

ASK_FISH = """
source kmcli.fish
complete -C "$argv[1]"
"""

ASK = {"bash": ["-c", ASK_BASH, "-"], "zsh": ["-fc", ASK_ZSH, "-"], "fish": ["-Nc", ASK_FISH]}


@functools.cache
def script(shell: str) -> bytes:
    """What the command gives to a shell; it does not change."""
    return kmcli("completion", shell).stdout


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A shell with kmcli on its path and the script for it in the folder."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / f"kmcli.{name}").write_bytes(script(name))
    command = tmp_path / "kmcli"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kmcli "$@"\n')
    command.chmod(0o755)
    return name


def environment(folder: Path) -> dict[str, str]:
    path = f"{folder}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(folder), "ZDOTDIR": str(folder)}


def complete(shell: str, line: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [shell, *ASK[shell], line],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("line", "expected"), TYPED)
def test_a_shell_completes(line: str, expected: list[str], shell: str, tmp_path: Path) -> None:
    assert sorted(complete(shell, line, tmp_path)) == sorted(expected)


@pytest.mark.parametrize("line", ["kmcli quantize ho", "kmcli quantize a.png --palette ho"])
def test_file_names_are_left_to_the_shell(line: str, shell: str, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    expected = {"bash": "compopt -o default", "zsh": "_path_files -f", "fish": "holiday.jpg"}
    assert complete(shell, line, tmp_path) == [expected[shell]]


START = {  # what a shell reads first; then Control-G writes what has become of the line
    "bash": """
PS1='ready> '
source kmcli.bash
bind -x '"\\C-g": printf %s "$READLINE_LINE" > line.new; mv line.new line'
""",
    "zsh": """
PS1='ready> '
autoload -U compinit && compinit -D -u
source ./kmcli.zsh
dump() { print -rn -- "$BUFFER" > line.new; mv line.new line }
zle -N dump
bindkey '^G' dump
""",
}


def press_tab(shell: str, line: str, folder: Path) -> str:
    """Type a line and the tab key, as a user does, and say what has become of the line."""
    pty = pytest.importorskip("pty", reason="needs a terminal")
    for name in (".bashrc", ".zshrc"):
        (folder / name).write_text(START[shell])
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [shell, "-i"], cwd=folder, env=environment(folder), stdin=end, stdout=end, stderr=end
    ) as running:
        os.close(end)
        shown = b""
        while b"ready> " not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, line.encode() + b"\t\a")
        typed = folder / "line"
        give_up = time.monotonic() + 60
        while not typed.exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        running.kill()
        os.close(terminal)
    return typed.read_text()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("kmcli blobs --shape=mo", "--shape=moons"),
        ("kmcli blobs --shape=moons --init=k-", "--init=k-means++"),
        ("kmcli blobs --shape=moons --init=ho", "--init=holiday.jpg"),
        ("kmcli quantize --report-file=ho", "--report-file=holiday.jpg"),
    ],
)
def test_a_value_after_an_equals_sign_is_completed_in_place(
    typed: str, expected: str, shell: str, tmp_path: Path
) -> None:
    (tmp_path / "holiday.jpg").touch()
    if shell == "fish":  # can be asked without a terminal
        assert complete(shell, typed, tmp_path) == [expected]
    else:
        assert press_tab(shell, typed, tmp_path).split() == [*typed.split()[:-1], expected]


@pytest.mark.parametrize("shell", SHELLS)
def test_all_values_are_offered_after_an_equals_sign(
    shell: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {
        "bash": ("kmcli\nblobs\n--shape\n=\nmoons\n--theme\n=", "6"),
        "zsh": ("kmcli\nblobs\n--shape=moons\n--theme=", "3"),
        "fish": ("kmcli blobs --shape=moons --theme=", "--theme="),
    }
    monkeypatch.setenv("_KMCLI_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", words[shell][0])
    monkeypatch.setenv("COMP_CWORD", words[shell][1])
    with pytest.raises(SystemExit):
        run([])
    option = "" if shell == "bash" else "--theme="
    offered = capfd.readouterr().out
    assert f"{option}light" in offered
    assert f"{option}dark" in offered


def test_the_script_is_printed_without_starting_a_shell(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(["completion", "bash"]) == ExitCode.DONE
    assert "complete -o nosort -F _kmcli_completion kmcli" in capfd.readouterr().out


def test_another_shell_is_a_usage_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == ExitCode.USAGE
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in capfd.readouterr().err
    assert run(["completion"]) == ExitCode.USAGE
    error = capfd.readouterr().err
    assert "Choose from: bash, zsh, fish" in error
    assert error.count("\n") == 1


def test_every_help_text_has_an_example() -> None:
    for command in (cli, *cli.commands.values()):
        assert command.epilog is not None
        assert command.epilog.startswith("Example: ") or "eval" in command.epilog


def test_short_help_fits_into_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    assert "..." not in capfd.readouterr().out.split("Commands:")[1].split("Example:")[0]


def test_a_mistyped_option_gets_a_suggestion(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantize", "photo.jpg", "--colours", "3"]) == ExitCode.USAGE
    assert "--colors" in capfd.readouterr().err


@pytest.mark.skipif(version("click") < "8.4", reason="click suggests commands since 8.4")
def test_a_mistyped_command_gets_a_suggestion(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["quantise", "photo.jpg"]) == ExitCode.USAGE
    error = capfd.readouterr().err
    assert "No such command 'quantise'" in error
    assert "'quantize'" in error


def options() -> Iterator[tuple[str, str]]:
    for name, command in cli.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield name, parameter.opts[-1]


@pytest.fixture(scope="module")
def manual() -> str:
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    done = subprocess.run(
        ["man", "-l", "-"],
        input=manual_page().encode(),
        env={**os.environ, "MANWIDTH": "500", "LC_ALL": "C", "MAN_KEEP_FORMATTING": ""},
        capture_output=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.decode()


def test_the_manual_page_has_every_command_option_and_exit_code(manual: str) -> None:
    sections = manual.split("\n   kmcli ")
    for name, option in options():
        (section,) = (text for text in sections if text.startswith(f"{name}\n"))
        assert f" {option}" in section
    for code in ExitCode:
        assert f"\n       {int(code)} " in manual.split("EXIT STATUS")[1]


def test_the_manual_page_says_what_help_says(manual: str) -> None:
    for command in cli.commands.values():
        for text in (command.epilog, (command.help or "").split("\n\n")[0]):
            assert " ".join(str(text).split()) in " ".join(manual.split())


@pytest.mark.parametrize(
    "linter", [["groff", "-ww", "-man", "-z", "-"], ["mandoc", "-Tlint", "-Werror"]]
)
def test_the_manual_page_is_well_formed(linter: list[str]) -> None:
    if shutil.which(linter[0]) is None:
        pytest.skip(f"{linter[0]} is not installed")
    done = subprocess.run(linter, input=manual_page().encode(), capture_output=True, check=True)
    assert not done.stderr + done.stdout
