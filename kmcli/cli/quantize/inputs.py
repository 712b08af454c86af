"""Which pictures a batch works on: files, patterns and folders become a list of files."""

import glob
import os
import re
from collections.abc import Iterator, Sequence

from kmcli.errors import InputError
from kmcli.files import STREAM
from kmcli.settings import INDEXED_FORMATS

IMAGE_SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".tif", ".tiff"),
    *(".bmp", ".dib", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".avif", ".jp2"),
    *(".j2k", ".jpx", ".qoi", ".heic", ".heif"),
)
"""Names of pictures in a folder. What is named outright may be called anything."""


Input = tuple[str, str]
"""A path, or ``-`` for standard input; and its folder within the one that was named, if one was."""


def find_inputs(
    names: Sequence[str], *, recursive: bool, output_dir: str | None = None, suffix: str = ""
) -> list[Input]:
    """Expand patterns, such as ``*.png`` where no file has that very name, and folders.

    What matches nothing is kept as it stands, and will be missed when it is read. What a pattern
    or a folder stands for is sorted, and given once. `output_dir` is not searched, and outputs
    that lie beside their input (whose names may end in `suffix`) are not taken for inputs.
    """
    found: dict[str, Input] = {}
    for name in names:
        if recursive and name != STREAM and os.path.isdir(name):
            within = list(_walk(name, output_dir, suffix))
            if not within:
                raise InputError("no pictures in this folder", name)
        else:
            matches = [] if os.path.lexists(name) else glob.glob(name, recursive=True)
            within = [(match, "") for match in sorted(matches)] or [(name, "")]
        for each in within:
            key = os.path.normpath(each[0])
            # What is named twice is left to collide, since the user should know.
            found[key if len(within) > 1 else f"{key}/{len(found)}"] = each
    return list(found.values())


def _walk(top: str, output_dir: str | None, suffix: str) -> Iterator[Input]:
    """Give the pictures of a folder; links to folders are not followed."""
    unreadable: list[Input] = []
    outputs = None if output_dir is None else os.path.realpath(output_dir)
    walk = os.walk(top, onerror=lambda error: unreadable.append((error.filename, "")))
    for folder, folders, files in walk:
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(folder, name)) != outputs
        )
        pictures = [name for name in files if _is_picture(folder, name)]
        names = {*pictures, *(os.path.splitext(name)[0] for name in pictures)}
        below = os.path.relpath(folder, top)
        for name in sorted(pictures):
            if not _is_output(name, names, suffix):
                yield os.path.join(folder, name), "" if below == "." else below
    yield from unreadable


def _is_picture(folder: str, name: str) -> bool:
    is_named_so = os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES and not name.startswith(".")
    # Pipes and devices are never opened.
    return is_named_so and os.path.isfile(os.path.join(folder, name))


def _is_output(name: str, inputs: set[str], suffix: str) -> bool:
    endings = r"-k\d{1,3}|-auto|-compare|-cloud" + (f"|{re.escape(suffix)}" if suffix else "")
    formats = "|".join(INDEXED_FORMATS)
    match = re.fullmatch(rf"(.+)(?:{endings})\.(?:{formats})", name)
    return match is not None and match[1] in inputs
