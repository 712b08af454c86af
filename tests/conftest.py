"""Pictures and ways to run the command that many tests share."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_images"

Pixels = NDArray[np.uint8]


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


@pytest.fixture(scope="session")
def china() -> Pixels:
    from PIL import Image

    return np.asarray(Image.open(SAMPLES / "china.jpg"))


@pytest.fixture(scope="session")
def logo() -> Pixels:
    from PIL import Image

    return np.asarray(Image.open(SAMPLES / "logo.png"))
