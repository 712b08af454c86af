"""Nothing is let in: every broken, hostile or odd file ends as it should, in one clear line."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.errors import InputError, KmcliError, LimitError
from kmcli.image_io import decode_frames, decode_image, decode_image_palette
from tests.conftest import NOT_HERE, ROOT
from tests.hostile import Case, all_cases, mutations, samples

SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus" / "files"
MAKE_HOSTILE = SHARED / "corpus" / "make_hostile.py"
LIMIT_SECONDS = 10.0  # of the processor, for a small file

JARGON = ("Error", "Exception", "None", "0x", "errno", "PIL", "Plugin", "struct", "codec", "_")


def outcome(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode in both ways; anything but success or an error of kmcli goes up."""
    start = time.process_time()
    results = []
    for decode in (decode_image, decode_frames):
        try:
            warnings = decode(data).warnings
            results.append(("warned" if warnings else "ok", warnings))
        except LimitError as error:
            results.append(("limit", (str(error),)))
        except InputError as error:
            results.append(("refused", (str(error),)))
    assert time.process_time() - start < LIMIT_SECONDS
    for _, messages in results:
        for message in messages:
            assert message.isprintable()
            assert 10 < len(message) < 200
    return results[1]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in all_cases()])
def test_every_file_gets_the_verdict_that_it_deserves(
    case: Case, capfd: pytest.CaptureFixture[str]
) -> None:
    verdict, messages = outcome(case.data)
    assert (verdict, messages) == (case.verdict, messages)
    assert any(case.message in message for message in messages) or not case.message
    assert not any(sign in message for message in messages for sign in JARGON)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", sorted(samples()))
def test_good_files_are_read_without_a_word(kind: str) -> None:
    verdict, messages = outcome(samples()[kind])
    assert verdict == ("warned" if kind == "tiff-pages" else "ok"), messages


@pytest.mark.parametrize("kind", sorted(samples()))
def test_flipped_bits_and_cuts_end_in_a_picture_or_in_one_line(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    verdicts = [outcome(data)[0] for data in mutations(samples()[kind], 60, 40)]
    assert set(verdicts) <= {"ok", "warned", "refused", "limit"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", sorted(samples()))
def test_cut_files_are_refused_in_every_format(kind: str) -> None:
    data = samples()[kind]
    # What follows the last pixel may be missing; of PNG, GIF and JPEG that is told.
    tails = {"png": 12, "png-palette": 12, "apng": 12, "gif": 1, "gif-animated": 1}
    tails |= {"jpeg": 2, "jpeg-progressive": 2}
    tail = {**tails, "tga": 26, "tga-rle": 26}.get(kind, 0)
    for cut in mutations(data, 0, 100):
        verdict, messages = outcome(cut)
        if verdict not in ("refused", "limit"):
            assert len(data) - len(cut) <= tail, messages
            assert verdict == ("warned" if kind in tails else "ok")


@pytest.mark.parametrize("kind", ["png", "png-palette", "apng"])
def test_no_flipped_bit_of_a_png_goes_unnoticed(kind: str) -> None:
    data = samples()[kind]
    good = decode_frames(data)
    for changed in mutations(data, 200, 0):
        try:
            decoded = decode_frames(changed)
        except KmcliError:
            continue
        np.testing.assert_array_equal(decoded.frames, good.frames)
        assert decoded.warnings


def test_postscript_in_disguise_starts_no_program(tmp_path: Path) -> None:
    trace = tmp_path / "started"
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "photo.png").write_bytes(page)
    done = subprocess.run(
        [sys.executable, "-m", "kmcli", "quantize", str(tmp_path / "photo.png")],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "not an image that kmcli can read" in done.stderr
    assert not trace.exists()


BOMB_SCRIPT = """
import resource
from pathlib import Path
from kmcli.errors import KmcliError
from kmcli.image_io import decode_frames, decode_grey, decode_image, decode_image_palette
from tests.hostile import bombs, samples
cases = list(bombs(samples()))
if Path("/proc/self/statm").exists():
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, used + 2**27))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for case in cases:
    for read in (decode_image, decode_frames, decode_grey, decode_image_palette):
        try:
            read(case.data)
        except KmcliError as error:
            assert "memory" not in str(error), (case.name, read.__name__, str(error))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_bombs_cost_neither_memory_nor_addresses() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOMB_SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100  # megabytes, for all of them one after the other


def test_all_frames_together_count_against_the_limit() -> None:
    data = samples()["gif-animated"]  # three frames of 48 x 36
    assert len(decode_frames(data, max_pixels=3 * 48 * 36).frames) == 3
    with pytest.raises(LimitError, match=r"3 frames of 48 x 36 "):
        decode_frames(data, max_pixels=3 * 48 * 36 - 1)
    assert decode_image(data, max_pixels=48 * 36, frame=3).pixels.shape == (36, 48, 3)


def test_the_library_of_tiff_cannot_write_to_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = samples()["tiff-deflate"]
    for cut in range(len(data) // 2, len(data), 40):
        for read in (decode_image, decode_image_palette):
            with pytest.raises(InputError):
                read(data[:8] + data[cut:] + data[8:cut])
    palette = io.BytesIO()
    Image.new("P", (64, 64), 1).save(palette, "TIFF", compression="tiff_lzw")
    broken = bytearray(palette.getvalue())
    pixels = Image.open(palette).tag_v2[273][0]  # type: ignore[attr-defined]  # of TIFF only
    broken[pixels + 2 : pixels + 8] = b"\xff" * 6
    with pytest.raises(InputError):
        decode_image_palette(bytes(broken))
    os.write(2, b"still open")
    assert capfd.readouterr().err == "still open"


@pytest.mark.skipif(not CORPUS.exists(), reason=f"the corpus {NOT_HERE}")
def test_corpus_of_others_ends_in_pictures_or_one_line(
    capfd: pytest.CaptureFixture[str],
) -> None:
    manifest = (CORPUS.parent / "MANIFEST.tsv").read_text().splitlines()[1:]
    for category, name, format_name, _, _, error in (line.split("\t") for line in manifest):
        verdict, messages = outcome((CORPUS / name).read_bytes())
        if category == "valid" and format_name in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TGA"):
            assert verdict in ("ok", "warned"), (name, messages)
        # Of one, Pillow only misses the second page.
        if error != "-" and name != "pillow/sugarshack_no_data.mpo":
            assert verdict in ("refused", "limit"), name
    assert capfd.readouterr() == ("", "")
