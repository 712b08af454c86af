"""Run whole processes and read from the system what they took."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What a process took, with those that it started.

    Attributes
    ----------
    wall : float
        Seconds from start to end.
    cpu : float
        Seconds of processor time, user and system.
    peak_mb : float
        Largest resident set of any one process, in MB.
    """

    wall: float
    cpu: float
    peak_mb: float


class ProcessFailedError(RuntimeError):
    """A process that was to be measured ended with an error."""


def run(command: Sequence[str]) -> Usage:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.

    Returns
    -------
    Usage

    Raises
    ------
    ProcessFailedError
        With what it said, if its exit code is not 0.
    """
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    code, wall, cpu, peak = json.loads(launched.stdout)
    if code != 0:
        raise ProcessFailedError(f"{command[0]}: exit code {code}: {launched.stderr}")
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return Usage(wall, cpu, peak * scale / 1e6)


# A process begins with the peak memory of the one that starts it, so that has to be a small one.
SMALL_PARENT = (
    *(sys.executable, "-I", "-S", "-c"),
    "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))",
)
"""What to put before a command that measures its own memory."""

# On Linux it also waits for those that outlive the process that started them, which are handed to
# it: the workers of a batch are children of a server that ends last.
_LAUNCHER = """
import ctypes, os, sys, time
PR_SET_CHILD_SUBREAPER = 36
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
usages = [os.wait4(child, 0)]
wall = time.perf_counter() - start
try:
    while True:
        usages.append(os.wait4(-1, 0))
except ChildProcessError:
    pass
cpu = sum(usage.ru_utime + usage.ru_stime for _, _, usage in usages)
peak = max(usage.ru_maxrss for _, _, usage in usages)
print([os.waitstatus_to_exitcode(usages[0][1]), wall, cpu, peak])
"""


def alternate(
    actions: Mapping[str, Callable[[], Usage]], n_runs: int, *, warm_up: bool = True
) -> dict[str, list[Usage]]:
    """Run several things in turn, so that what disturbs the machine disturbs them alike.

    Parameters
    ----------
    actions : mapping of str to callable
        What to run, by name.
    n_runs : int
        How many rounds to measure.
    warm_up : bool
        Whether to throw away a round before these.

    Returns
    -------
    dict of str to list of Usage
        One entry per round.
    """
    usages: dict[str, list[Usage]] = {name: [] for name in actions}
    for counts in [*([False] if warm_up else []), *[True] * n_runs]:
        for name, action in actions.items():
            usage = action()
            if counts:
                usages[name].append(usage)
    return usages


def median(usages: Sequence[Usage]) -> Usage:
    """Take the median of each figure."""
    return Usage(
        statistics.median(usage.wall for usage in usages),
        statistics.median(usage.cpu for usage in usages),
        statistics.median(usage.peak_mb for usage in usages),
    )


def ratio(ours: Sequence[Usage], theirs: Sequence[Usage]) -> float:
    """Median of the ratios of the times, pair by pair of runs that followed one another."""
    return statistics.median(a.wall / b.wall for a, b in zip(ours, theirs, strict=True))


def kmcli(*arguments: str | Path) -> list[str]:
    """Give the command line of the kmcli that belongs to this Python."""
    program = Path(sys.executable).with_name("kmcli")
    return [str(program), *map(str, arguments)]
