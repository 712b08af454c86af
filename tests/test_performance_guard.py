"""What was made fast stays fast: work and memory are counted, no clock is looked at."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kmcli.clustering import Clustering, breathing
from kmcli.clustering.lloyd import run_lloyd
from kmcli.quantize import learn, quantize_image
from kmcli.quantize.cells import CellTree
from kmcli.quantize.histogram import count_colors
from kmcli.quantize.lookup import map_colors
from kmcli.scores import internal_scores
from kmcli.settings import QuantizeSettings
from tests.conftest import Pixels

MEGA = 2**20


def photo(n_megapixels: int) -> Pixels:
    """A picture of up to a million colours, whatever its size."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:1024, 0 : 1024 * n_megapixels]
    pixels = np.stack([y // 4, 255 - y // 8, 128 + 100 * np.sin(x / 300)], axis=2)
    pixels += random.integers(-6, 7, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Points handed to each run of k-means, and distances computed in it."""
    record = []

    def counted(points: Any, weights: Any, centers: Any, *args: Any, **kwargs: Any) -> Clustering:
        clustering = run_lloyd(points, weights, centers, *args, **kwargs)
        record.append((len(points), len(points) * len(centers) * clustering.n_iter))
        return clustering

    monkeypatch.setattr(learn, "run_lloyd", counted)
    monkeypatch.setattr(breathing, "run_lloyd", counted)
    return record


@pytest.mark.parametrize(
    ("effort", "k", "most_distances"),
    [("fast", 16, 21e6), ("fast", 256, 24e6), ("normal", 16, 25e6), ("normal", 256, 85e6)],
)
def test_kmeans_computes_few_distances(
    china: Pixels,
    fits: list[tuple[int, int]],
    effort: Any,
    k: int,
    most_distances: float,
) -> None:
    quantize_image(china, QuantizeSettings(k, effort=effort))
    assert sum(n_distances for _, n_distances in fits) <= most_distances


def test_what_kmeans_sees_does_not_grow_with_the_pixels(fits: list[tuple[int, int]]) -> None:
    seen = []
    for n_megapixels in (1, 4):
        fits.clear()
        quantize_image(photo(n_megapixels), QuantizeSettings(64))
        seen.append(sum(n_points for n_points, _ in fits))
    assert seen[1] < 1.3 * seen[0]


def allocated(action: Any) -> float:
    """Largest sum of the memory that Python and numpy hold at once, in MB of 2^20 bytes."""
    tracemalloc.start()
    try:
        result = action()
        return tracemalloc.get_traced_memory()[1] / MEGA if result is not None else 0
    finally:
        tracemalloc.stop()


def test_counting_holds_one_table_and_no_copy_of_the_picture() -> None:
    pixels = photo(8)
    assert allocated(lambda: count_colors(pixels)) < 64 + 28


def test_mapping_holds_one_byte_per_pixel_and_one_table() -> None:
    pixels = photo(8)
    histogram = count_colors(pixels)
    entries = np.zeros(len(histogram.colors), dtype=np.uint8)
    assert allocated(lambda: map_colors(pixels, histogram.colors, entries)) < 16 + 8 + 6


def test_cells_of_many_colors_hold_less_than_seventy_bytes_of_each() -> None:
    codes = np.arange(0, 2**24, 8, dtype=np.uint32)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8)
    counts = np.ones(len(colors), dtype=np.int64)
    peak = allocated(lambda: CellTree(colors, counts).select(2**15))
    assert peak * MEGA / len(colors) < 70


def test_silhouettes_hold_a_few_rows_of_distances_at_once() -> None:
    random = np.random.default_rng(0)
    points, labels = random.normal(size=(6000, 2)), random.integers(0, 3, 6000)
    internal_scores(points[:9], labels[:9])  # loads scikit-learn, which is not to be counted
    assert allocated(lambda: internal_scores(points, labels)) < 6000**2 * 8 / 2 / MEGA


RUN = """
import sys
from kmcli.cli.main import run
code = run(sys.argv[1:])
print("\\n" + " ".join(sys.modules))
sys.exit(code)
"""


def loaded_by(source: Path, target: Path) -> list[str]:
    command = [sys.executable, "-c", RUN, "quantize", str(source), "-q", "-k16", "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_run_imports_no_more_than_it_needs(tmp_path: Path) -> None:
    Image.fromarray(photo(1)[:64, :64]).save(tmp_path / "photo.png")
    modules = loaded_by(tmp_path / "photo.png", tmp_path / "out.png")
    packages = {name.split(".")[0] for name in modules}
    assert "numpy" in packages
    assert not packages & {"sklearn", "scipy", "matplotlib", "skimage", "pandas"}
    kmcli_without_help = {name for name in modules if name.startswith("kmcli.")}
    assert not kmcli_without_help & {"kmcli.blobs", "kmcli.digits", "kmcli.scores"}
    assert not {name for name in modules if name.startswith("kmcli.figures")}


def test_an_exact_copy_does_without_scikit_learn(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    modules = loaded_by(tmp_path / "red.png", tmp_path / "out.png")
    assert "numpy" in modules
    assert not {"sklearn", "scipy"} & {name.split(".")[0] for name in modules}


THREADS = """
import os, sys, types
def run(_arguments):
    print(os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"])
    return 0
sys.modules["kmcli.cli.main"] = types.SimpleNamespace(run=run)
from kmcli.__main__ import main
main()
"""


@pytest.mark.parametrize(("asked", "told"), [({}, "1 1"), ({"OMP_NUM_THREADS": "3"}, "3 1")])
def test_linear_algebra_uses_one_thread_unless_the_user_says_more(
    asked: dict[str, str], told: str
) -> None:
    others = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(
        command, env={**others, **asked}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == told.split()


LIMITED = """
import os, resource, sys
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
limit = int(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from kmcli.cli.main import run
code = run(sys.argv[2:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmPeak")).split()[1])
sys.exit(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address space is counted by Linux only")
def test_memory_is_less_than_eight_bytes_for_each_further_pixel(tmp_path: Path) -> None:
    def run_within(limit: int, source: str) -> int:
        arguments = [
            "quantize",
            str(tmp_path / source),
            "-q",
            "-f",
            "-o",
            str(tmp_path / "out.png"),
        ]
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return 1024 * int(done.stdout)

    # Both large enough for the limit to be more than the libraries alone take.
    Image.fromarray(photo(6)).save(tmp_path / "small.png", compress_level=1)
    Image.fromarray(photo(12)).save(tmp_path / "large.png", compress_level=1)
    needed = run_within(0, "small.png")
    run_within(needed + 8 * 6 * MEGA, "large.png")
