"""Where distances between colours are taken: sRGB, Oklab or CIELAB, with or without alpha."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kmcli.settings import Space

_Float = TypeVar("_Float", np.float32, np.float64)


def to_points(colors: NDArray[np.uint8], space: Space = "rgb") -> NDArray[np.float64]:
    """Turn colours into points of as many coordinates, whose distance is their difference.

    Opaque colours become their coordinates in the space. The difference of two colours with alpha
    is what is seen: the squared distance is the mean of the squared distances of their composites
    on black and on white, where the space's own coordinates are mixed. With coordinates c, white
    w (black is the origin), opacity a and p = a c, that is p on black and p + (1 - a) w on white.
    The mean, (|dp|^2 + |dp - da w|^2) / 2, equals |dp - da w / 2|^2 + da^2 |w|^2 / 4, so one more
    dimension suffices: p - a w / 2 for the first three, and a |w| / 2.

    Oklab has a lightness of 0 to 100, as CIELAB has it, and is weighted by how well differences
    are seen (see `_weigh_oklab`).
    """
    definition = _SPACES[space]
    coordinates = definition.from_srgb(colors[:, :3])
    if colors.shape[1] == 3:
        return coordinates
    return _with_opacity(coordinates, colors[:, 3:] / 255, definition)


def convert_points(points: NDArray[np.float64], space: Space) -> NDArray[np.float64]:
    """Turn points in RGB, such as means of colours, into those in another space."""
    if space == "rgb":
        return points
    definition = _SPACES[space]
    if points.shape[1] == 3:
        return definition.from_srgb(points)
    colors, opacity = _without_opacity(points, _SPACES["rgb"])
    return _with_opacity(definition.from_srgb(colors), opacity, definition)


def _with_opacity(
    coordinates: NDArray[np.float64], opacity: NDArray[np.float64], definition: "_Definition"
) -> NDArray[np.float64]:
    half = definition.white / 2
    points = np.empty((len(coordinates), 4))
    # Axis by axis: numpy is five times slower where the innermost dimension has only three.
    for axis in range(3):
        np.multiply(opacity[:, 0], coordinates[:, axis] - half[axis], out=points[:, axis])
    np.multiply(opacity[:, 0], np.linalg.norm(half), out=points[:, 3])
    return points


def _without_opacity(
    points: NDArray[np.float64], definition: "_Definition"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Undo `_with_opacity`; what cannot be seen becomes mid-grey of no opacity."""
    half = definition.white / 2
    opacity = points[:, 3:] / np.linalg.norm(half)
    visible = opacity > 0.5 / 255
    coordinates = points[:, :3] / np.where(visible, opacity, 1) + half
    return coordinates, np.where(visible, opacity, 0)


def from_points(points: NDArray[np.float64], space: Space = "rgb") -> NDArray[np.uint8]:
    """Turn points back into the colours nearest to them; what lies outside of sRGB is clipped.

    Rounded, not truncated: truncation would darken by half a step.
    """
    definition = _SPACES[space]
    if points.shape[1] == 3:
        return _to_bytes(definition.to_srgb(points))
    coordinates, opacity = _without_opacity(points, definition)
    colors = np.concatenate([definition.to_srgb(coordinates), 255 * opacity], axis=1)
    colors[opacity[:, 0] == 0] = 0
    return _to_bytes(colors)


def _to_bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def composites(colors: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Say what colours look like, in whole numbers, and by what to divide their squared distances.

    That is the colour, or its composite on black beside that on white, of shape (n_colors, 6).
    Products and sums of whole numbers are exact, in any order and so for any number of threads.
    Divided, the squared distances are those of `to_points`.
    """
    values = colors.astype(np.float64)
    if colors.shape[1] == 3:
        return values, 1.0
    appearance = np.empty((len(colors), 6))
    added_by_white = 255 * (255 - values[:, 3])
    for axis in range(3):  # see _with_opacity
        np.multiply(values[:, axis], values[:, 3], out=appearance[:, axis])
        np.add(appearance[:, axis], added_by_white, out=appearance[:, axis + 3])
    return appearance, 2.0 * 255**2


def on_backdrops(colors: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """List the opaque appearances of colours from 0 to 255, for measures that know no alpha.

    These are the colours, of shape (..., 3), or their composites on black and on white.
    """
    values = colors.astype(np.float64)
    if colors.shape[-1] == 3:
        return [values]
    opacity = values[..., 3:] / 255
    on_black = values[..., :3] * opacity
    return [on_black, on_black + 255 * (1 - opacity)]


def srgb_to_oklab(colors: NDArray[np.floating] | NDArray[np.uint8]) -> NDArray[np.float64]:
    """Convert sRGB, from 0 to 255, to Oklab, of the same shape.

    The lightness is from 0 to 100, and the opponent axes a and b are on the same scale: 100 times
    the numbers of the definition.

    Source: Bjorn Ottosson, "A perceptual color space for image processing", 2020,
    https://bottosson.github.io/posts/oklab/ ; the transfer curve is that of IEC 61966-2-1.
    """
    flat = colors.reshape(-1, 3)
    if colors.dtype != np.uint8:
        roots = np.cbrt(decode_srgb(flat / 255) @ _LINEAR_TO_LMS.T)
    else:
        # Of bytes it takes a quarter of the time to look the curve up and to take the roots by
        # logarithms in float32, to within 0.0001: a step of a byte is 0.02 or more.
        # Axis by axis: numpy is slower where the innermost dimension has only three.
        with np.errstate(divide="ignore"):  # the logarithm of black
            logarithms = np.log(_LINEAR_TO_LMS.astype(np.float32) @ LINEAR[flat.T])
        roots = np.exp(logarithms / np.float32(3)).astype(np.float64).T
    oklab: NDArray[np.float64] = (100 * _LMS_TO_OKLAB @ roots.T).T
    return oklab.reshape(colors.shape)


def oklab_to_srgb(oklab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `srgb_to_oklab`; colours outside of sRGB come out below 0 or above 255."""
    lms = (oklab / 100 @ np.linalg.inv(_LMS_TO_OKLAB).T) ** 3
    linear = (lms @ np.linalg.inv(_LINEAR_TO_LMS).T).clip(0, 1)
    return 255 * encode_srgb(linear)


def _weigh_oklab(oklab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight Oklab so that distances are what is seen: hues more, and dark colours less.

    Oklab is made for gradients: its lightness tells more shades of black apart than eyes do on a
    screen, and its distances make less of hue than measured differences of colours. Here a and b
    are weighted, then all is multiplied by what makes the lightness L that of Okhsl, which is
    near to L* of CIELAB.

    Source of the lightness: Bjorn Ottosson, "Okhsv and Okhsl", 2021,
    https://bottosson.github.io/posts/colorpicker/ .
    """
    lightness = oklab[:, :1] / 100
    rest = _TOE_1 - _TOE_3 * lightness
    # Of the two forms of the root, the one that does not divide by a lightness of 0.
    toe = 2 * _TOE_2 * _TOE_3 / (rest + np.sqrt(rest**2 + 4 * _TOE_2 * _TOE_3 * lightness))
    weighted: NDArray[np.float64] = oklab * toe
    weighted *= _AXES
    return weighted


def _unweigh_oklab(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo `_weigh_oklab`."""
    lightness = points[:, :1].clip(0) / 100
    toe = _TOE_3 * (lightness + _TOE_2) / (lightness + _TOE_1)
    oklab: NDArray[np.float64] = points / _AXES / toe
    return oklab


_AXES = np.array([1, 1.5, 1.5])
"""Weights of lightness, a and b."""

_TOE_1, _TOE_2 = 0.206, 0.03
_TOE_3 = (1 + _TOE_1) / (1 + _TOE_2)


def encode_srgb(linear: NDArray[_Float]) -> NDArray[_Float]:
    """Apply the transfer curve of sRGB (IEC 61966-2-1) to linear values; both from 0 to 1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def decode_srgb(encoded: NDArray[_Float]) -> NDArray[_Float]:
    """Undo `encode_srgb`."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


LINEAR = decode_srgb(np.arange(256) / 255).astype(np.float32)
"""The linear value of each byte."""

_LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _srgb_to_lab(colors: NDArray[np.uint8] | NDArray[np.float64]) -> NDArray[np.float64]:
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(colors / 255), dtype=np.float64)


def _lab_to_srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    from skimage.color import lab2xyz, xyz2rgb

    # Not lab2rgb, which warns of every centre that lies a little outside of what exists.
    xyz = lab2xyz(np.concatenate([lab[:, :1].clip(0, 100), lab[:, 1:]], axis=1))
    return 255 * np.asarray(xyz2rgb(xyz), dtype=np.float64)


def print_lab_to_srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Convert CIELAB as print and Adobe's programs have it, under D50, to sRGB, clipped.

    The change of white is that of Bradford, as ICC profiles have it; the matrix is that of
    http://www.brucelindbloom.com/Eqn_ChromAdapt.html.
    """
    from skimage.color import lab2xyz, xyz2rgb

    # Beyond this b there is no light left in Z; lab2xyz takes none then, but warns of it.
    b = np.minimum(lab[:, 2:], 200 / 116 * (lab[:, :1] + 16))
    xyz = lab2xyz(np.concatenate([lab[:, :2], b], axis=1), illuminant="D50") @ _D50_TO_D65.T
    return _to_bytes(255 * np.asarray(xyz2rgb(xyz), dtype=np.float64))


_D50_TO_D65 = np.array(
    [
        [0.9555766, -0.0230393, 0.0631636],
        [-0.0282895, 1.0099416, 0.0210077],
        [0.0122982, -0.0204830, 1.3299098],
    ]
)


@dataclass(frozen=True)
class _Definition:
    """Coordinates of a space, in which black is the origin."""

    from_srgb: Callable[[NDArray[np.uint8] | NDArray[np.float64]], NDArray[np.float64]]
    to_srgb: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    white: NDArray[np.float64]


_SPACES = {
    "rgb": _Definition(
        lambda colors: colors.astype(np.float64), lambda points: points, np.full(3, 255.0)
    ),
    "oklab": _Definition(
        lambda colors: _weigh_oklab(srgb_to_oklab(colors)),
        lambda points: oklab_to_srgb(_unweigh_oklab(points)),
        np.array([100.0, 0, 0]),
    ),
    "lab": _Definition(_srgb_to_lab, _lab_to_srgb, np.array([100.0, 0, 0])),
}
