"""What the numbers of a PNG mean, where it says so without a colour profile: made into one.

littlecms knows profiles only, and Pillow cannot make any but three; so the tags of its sRGB profile
are written anew.

Sources: W3C, Portable Network Graphics (PNG) Specification, third edition, 2025, section 4.3;
ITU-T H.273, 2024, tables 2 and 3; ICC.1:2022, sections 10.18 and 10.31.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import ImageCms

from kmcli.errors import LimitError
from kmcli.image_io.png_chunks import Chunk

_MAX_PROFILE = 2**20

_SRGB_GAMMA = 45455
_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""x and y of white, red, green and blue."""

_D65 = _SRGB_PRIMARIES[:2]
_CODED_PRIMARIES = {
    1: _SRGB_PRIMARIES,
    4: (0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    8: (0.31, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: (*_D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}

Curve = tuple[float, float, float, float, float]
"""g, a, b, c, d of what is linear: (a x + b)^g from d on, c x below."""

_SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_VIDEO_CURVE: Curve = (1 / 0.45, 1 / 1.0993, 0.0993 / 1.0993, 1 / 4.5, 0.08124)
_CODED_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 14, 15), _VIDEO_CURVE),
    4: (2.2, 1, 0, 0, 0),
    5: (2.8, 1, 0, 0, 0),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: (1, 1, 0, 0, 0),
    13: _SRGB_CURVE,
}
_HIGH_RANGE = {16: "PQ", 18: "HLG"}

_SRGB_TAGS = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50 = np.array([0.9642, 1, 0.8249])


def find_profile(chunks: Sequence[Chunk], notes: list[str]) -> bytes | None:
    """Find the ICC profile of a PNG by the chunks before its pixels; None if it is that of sRGB.

    cICP comes before iCCP, that before sRGB, that before gAMA and cHRM. `notes` takes a line for
    what cannot be used. Raises LimitError if a profile unpacks to far too much.
    """
    said: dict[bytes, memoryview] = {}
    for chunk in chunks:
        if chunk.name == b"IDAT":
            break
        said.setdefault(chunk.name, chunk.body)
    if b"cICP" in said:
        primaries, curve, matrix, is_full = said[b"cICP"]
        if primaries in _CODED_PRIMARIES and curve in _CODED_CURVES and not matrix and is_full:
            return _make_profile(_CODED_PRIMARIES[primaries], _CODED_CURVES[curve])
        kind = _HIGH_RANGE.get(curve, "-".join(map(str, said[b"cICP"])))
        notes.append(f"colours coded as {kind} (cICP) cannot be converted and may look wrong")
    if b"iCCP" in said:
        return _unpack(bytes(said[b"iCCP"]))
    if b"sRGB" in said:
        return None
    return _from_gamma(said.get(b"gAMA"), said.get(b"cHRM"), notes)


def _unpack(body: bytes) -> bytes:
    """Unpack a profile; a broken one is taken for one that cannot be used, as an empty one is."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(body[body.index(b"\0") + 2 :], _MAX_PROFILE)
    except (ValueError, zlib.error):
        return b"broken"
    if unpacker.unconsumed_tail:
        raise LimitError(f"a colour profile of more than {_MAX_PROFILE} bytes; strip it")
    return profile or b"broken"


def _from_gamma(
    gamma: memoryview | None, chromaticities: memoryview | None, notes: list[str]
) -> bytes | None:
    curve, primaries = _SRGB_CURVE, _SRGB_PRIMARIES
    if gamma is not None:
        value = int.from_bytes(gamma)
        if not 1000 <= value <= 10_000_000:
            notes.append(f"a gamma of {value / 1e5:g} (gAMA) is invalid; ignoring it")
        # Of old programs that know no other way to say sRGB, as the specification advises.
        elif abs(value - _SRGB_GAMMA) > _SRGB_GAMMA // 200:
            curve = (1e5 / value, 1, 0, 0, 0)
    if chromaticities is not None:
        x_and_y = [number / 1e5 for number in struct.unpack(">8I", chromaticities)]
        if not np.allclose(x_and_y, _SRGB_PRIMARIES, atol=1e-3):
            primaries = tuple(x_and_y)
    if curve == _SRGB_CURVE and primaries == _SRGB_PRIMARIES:
        return None
    profile = _make_profile(primaries, curve)
    if profile is None:
        notes.append("ignoring invalid primary colours (cHRM)")
        profile = _make_profile(_SRGB_PRIMARIES, curve)
    return profile


def _make_profile(primaries: Sequence[float], curve: Curve) -> bytes | None:
    """Make a profile of three primaries and a curve; None if there is no such thing."""
    try:
        x, y = np.array(primaries).reshape(4, 2).T
        with np.errstate(all="raise"):
            white, *columns = np.stack([x, y, 1 - x - y]).T / y[:, np.newaxis]
            matrix = np.stack(columns, axis=1)
            matrix = matrix * np.linalg.solve(matrix, white)
            scale = (_BRADFORD @ _D50) / (_BRADFORD @ white)
            adapted = np.linalg.solve(_BRADFORD, scale[:, np.newaxis] * (_BRADFORD @ matrix))
        colorants = [struct.pack(">3i", *_fixed(column)) for column in adapted.T]
    except (FloatingPointError, np.linalg.LinAlgError, struct.error):
        return None
    data = bytearray(_SRGB_TAGS)
    bodies = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True))
    # A function of type 3, which has the same length in the profile that is changed.
    bodies[b"rTRC"] = struct.pack(">HH5i", 3, 0, *_fixed(curve))
    for number in range(int.from_bytes(data[128:132])):
        name, offset, _ = struct.unpack_from(">4sII", data, 132 + 12 * number)
        if name in bodies:
            data[offset + 8 : offset + 8 + len(bodies[name])] = bodies[name]
    return bytes(data)


def _fixed(numbers: Sequence[float]) -> list[int]:
    """Write numbers in units of 2^-16."""
    return [round(65536 * float(number)) for number in numbers]
