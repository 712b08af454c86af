"""What came of the jobs of a batch, and what that makes of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kmcli.errors import ExitCode, KmcliError, SkippedError

if TYPE_CHECKING:
    from kmcli.report.model import Field, Report


@dataclass(frozen=True)
class Outcome:
    """What came of one job."""

    files: tuple[tuple[str, bytes], ...] = ()  # what is to be written, and where
    summaries: tuple[str, ...] = ()  # how it went, a line for each output
    warnings: tuple[str, ...] = ()
    reports: "tuple[Report, ...]" = ()
    rows: "tuple[Sequence[Field], ...]" = ()  # the reports in short, for a table
    error: KmcliError | None = None  # why there is nothing to write, or not what was asked for
    preview: str = ""  # what is to be shown in the terminal
    mtime_ns: int | None = None

    @property
    def failure(self) -> KmcliError | None:
        """What went wrong: to skip an input on request is not wrong."""
        return None if isinstance(self.error, SkippedError) else self.error


def exit_code(done: Sequence[Outcome]) -> ExitCode:
    """Find the exit code of a batch; it does not depend on the order of the inputs."""
    failures = {outcome.failure.exit_code for outcome in done if outcome.failure is not None}
    if any(outcome.error is None for outcome in done):
        return ExitCode.PARTIAL if failures else ExitCode.DONE
    is_skipped = any(outcome.failure is None for outcome in done)
    codes = failures | ({ExitCode.DECLINED} if is_skipped else set())
    return codes.pop() if len(codes) == 1 else ExitCode.INPUT


def counts(done: Sequence[Outcome]) -> str:
    """Count what was done, skipped and failed, for the last line of a batch."""
    n_failed = sum(outcome.failure is not None for outcome in done)
    n_done = sum(outcome.error is None for outcome in done)
    n_skipped = len(done) - n_done - n_failed
    skipped = [f"{n_skipped} skipped"] if n_skipped else []
    return ", ".join([f"{n_done} done", *skipped, f"{n_failed} failed"])
