"""Pictures and ways to run the command that many tests share."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser import Browser
from tests.warm import Warm

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_images"
SAMPLE_DATA = ROOT / "sample_data"

Pixels = NDArray[np.uint8]

# No test measures time, on however busy a machine.
# The same examples in each run, so that a failure is of the change. `--hypothesis-profile=search`
# draws others.
hypothesis.settings.register_profile("kmcli", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile("kmcli")

NOT_HERE = "is not here"
"""How the reason ends where a test needs files that are no part of the project."""

SECONDS_FOR_A_TEST = 900
"""More than any takes on a busy machine: one that waits for ever is told, not waited for."""

# Started in the background or by nohup, the tests would hand ignored signals on to what they start.
for _name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(
            getattr(signal, _name),
            signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL,
        )

if os.name == "nt":
    # What they drive is not there: pseudo-terminals, shells, forks, limits, signals.
    collect_ignore_glob = ["test_reliability_*", "test_docs*", "test_completion*", "test_files_*"]
    collect_ignore_glob += ["test_other_systems*", "test_preview*", "test_packaging*"]


def kmcli(
    *arguments: str | Path,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kmcli", *map(str, arguments)],
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
    )


def lay_out_samples(folder: Path) -> None:
    """Put into a folder what the examples expect: the sample pictures, a photo and a table.

    What the README's commands have written beside the samples is no sample.
    """
    written = shutil.ignore_patterns("*-k*.png", "*-compare.png", "*-cloud.png")
    shutil.copytree(SAMPLES, folder / "sample_images", ignore=written)
    from PIL import Image

    with Image.open(SAMPLES / "flower.jpg") as photo:
        photo.reduce(2).save(folder / "photo.jpg", quality=90)
    shutil.copy(SAMPLE_DATA / "customers.csv", folder / "customers.csv")


@pytest.fixture(autouse=True)
def _time_limit() -> Iterator[None]:
    """End a test that waits for ever, where the system has an alarm."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError(f"the test took more than {SECONDS_FOR_A_TEST} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS_FOR_A_TEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def china() -> Pixels:
    from PIL import Image

    return np.asarray(Image.open(SAMPLES / "china.jpg"))


@pytest.fixture(scope="session")
def logo() -> Pixels:
    from PIL import Image

    return np.asarray(Image.open(SAMPLES / "logo.png"))


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Start kmcli again and again, without the time that Python takes to start."""
    server = Warm(tmp_path_factory.mktemp("warm"))
    yield server
    server.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """For CI, which installs whatever the tests want."""
    parser.addoption("--no-skips", action="store_true", help="fail if a test is skipped")


def skipped_tests(reporter: Any) -> list[str]:
    """List tests that were skipped for what can be installed, not for files that lie elsewhere."""
    skipped = reporter.stats.get("skipped", [])
    return [report.nodeid for report in skipped if not str(report.longrepr[2]).endswith(NOT_HERE)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # The processes of pytest-xdist have no reporter.
    if reporter and session.config.getoption("--no-skips") and skipped_tests(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was skipped, for CI to run it later; count what the tests of reliability did.

    docs/reliability.md quotes these numbers.
    """
    if path := os.environ.get("KMCLI_SKIPPED_TESTS"):
        Path(path).write_text("\n".join(skipped_tests(terminalreporter)))
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name.startswith("reliability: "):
                counts[name] += value
    for name in sorted(counts):
        terminalreporter.write_line(f"{name}: {counts[name]}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if shutil.which("chromedriver") is None:
        pytest.skip("no chromedriver is installed")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
