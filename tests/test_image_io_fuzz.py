"""Readers of files that are broken at random places hold their limits of time and memory."""

import gc
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kmcli.errors import KmcliError
from kmcli.image_io import decode_frames, decode_image, decode_image_palette
from tests.conftest import ROOT
from tests.hostile import SIGNATURE, chunk, samples

SECONDS = 2.0
MEGABYTES = 500
PER_KIND = 100
VALUES = (b"\0", b"\1", b"\x7f", b"\xff", b"\0\0", b"\x23\x28", b"\x28\x23", b"\xff\xff")


def broken(data: bytes, n_files: int) -> Iterator[bytes]:
    """Overwrite numbers with small, large and random ones, the half of them near the start."""
    choose = random.Random(len(data))
    for _ in range(n_files):
        changed = bytearray(data)
        for _ in range(choose.randrange(1, 5)):
            end = choose.choice([64, len(data)])
            place = choose.randrange(8, min(end, len(data)) - 4)
            value = choose.choice([*VALUES, *2 * VALUES[-3:], choose.randbytes(2)])
            changed[place : place + len(value)] = value
        yield sealed(bytes(changed)) if data.startswith(SIGNATURE) else bytes(changed)


def sealed(data: bytes) -> bytes:
    """Give the chunks of a PNG checksums that are right."""
    parts, position = [SIGNATURE], 8
    while position + 12 <= len(data):
        length = min(int.from_bytes(data[position : position + 4]), len(data) - position - 12)
        start = position + 8
        parts.append(chunk(data[position + 4 : start], data[start : start + length]))
        position = start + length + 4
    return b"".join(parts)


def watch() -> None:
    """Read all, within bounds; to be run in a process of its own."""
    import resource  # not on Windows

    if Path("/proc/self/statm").exists():
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + MEGABYTES * 10**6
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    n_read = n_files = 0
    for kind, data in samples().items():
        for number, changed in enumerate(broken(data, PER_KIND)):
            assert len(changed) < 100_000
            if number % 20 == 0:
                gc.collect()  # what earlier ones left does not count
            for read in (decode_image, decode_frames, decode_image_palette):
                start = time.process_time()
                n_files += 1
                needs_memory = False
                try:
                    read(changed)
                    n_read += 1
                except KmcliError as error:
                    needs_memory = "memory" in str(error)
                assert not needs_memory, (kind, number, read.__name__)
                seconds = time.process_time() - start
                assert seconds < SECONDS, (kind, number, read.__name__, seconds)
    sys.stdout.write(f"{n_files} {n_read}\n")


def test_what_is_broken_at_random_costs_little() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tests.test_image_io_fuzz import watch; watch()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    n_files, n_read = map(int, done.stdout.split())
    assert n_files > 5000
    assert 0.1 < n_read / n_files < 0.9
    assert done.stderr == ""
