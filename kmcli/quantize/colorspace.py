"""Where distances between colours are taken: sRGB with or without alpha, and Oklab."""

import numpy as np
from numpy.typing import NDArray

_ALPHA_WEIGHT = np.sqrt(0.75)


def to_points(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Turn colours into points whose Euclidean distance is their difference.

    Colours without alpha stay as they are. The difference of two colours with alpha is what
    is seen: the squared distance is the mean of the squared distances of their composites on
    black and on white. With premultiplied colour p and alpha a, that is p on black and
    p + 255 - a on white, and the mean for one channel, (dp^2 + (dp - da)^2) / 2, equals
    (dp - da / 2)^2 + da^2 / 4. So four dimensions suffice: p - a / 2 for three channels, and
    a times the square root of 3/4.

    Parameters
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        sRGB, with straight alpha if there are four channels.

    Returns
    -------
    ndarray of shape (n_colors, 3) or (n_colors, 4), float64
        Points in units of 8-bit steps.
    """
    points = colors.astype(np.float64)
    if colors.shape[1] == 4:
        alpha = points[:, 3:]
        points[:, :3] *= alpha / 255
        points[:, :3] -= alpha / 2
        points[:, 3] *= _ALPHA_WEIGHT
    return points


def from_points(points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Turn points back into the colours nearest to them.

    Parameters
    ----------
    points : ndarray of shape (n_colors, 3) or (n_colors, 4), float64
        As `to_points` gives them.

    Returns
    -------
    ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        Rounded, not truncated: truncation would darken by half a step.
    """
    colors = points.copy()
    if points.shape[1] == 4:
        alpha = colors[:, 3:]
        alpha /= _ALPHA_WEIGHT
        colors[:, :3] += alpha / 2
        colors[:, :3] *= 255 / np.maximum(alpha, 0.5)
        colors[alpha[:, 0] < 0.5] = 0
    return np.rint(colors).clip(0, 255).astype(np.uint8)


def composites(colors: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Say what colours look like, in whole numbers.

    Parameters
    ----------
    colors : ndarray of shape (n_colors, 3) or (n_colors, 4), uint8
        sRGB, with straight alpha if there are four channels.

    Returns
    -------
    appearance : ndarray of shape (n_colors, 3) or (n_colors, 6), float64
        The colour, or its composite on black beside that on white. Whole numbers: products
        and sums of them are exact, in any order and so for any number of threads.
    scale : float
        Divide squared distances of appearances by this to get those of `to_points`.
    """
    values = colors.astype(np.float64)
    if colors.shape[1] == 3:
        return values, 1.0
    alpha = values[:, 3:]
    on_black = values[:, :3] * alpha
    on_white = on_black + 255 * (255 - alpha)
    return np.concatenate([on_black, on_white], axis=1), 2.0 * 255**2


def on_backdrops(colors: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """List the opaque appearances of colours, for measures that know no alpha.

    Parameters
    ----------
    colors : ndarray of shape (..., 3) or (..., 4), uint8
        sRGB, with straight alpha if there are four channels.

    Returns
    -------
    list of ndarray of shape (..., 3), float64
        The colours from 0 to 255, or their composites on black and on white.
    """
    values = colors.astype(np.float64)
    if colors.shape[-1] == 3:
        return [values]
    opacity = values[..., 3:] / 255
    on_black = values[..., :3] * opacity
    return [on_black, on_black + 255 * (1 - opacity)]


def srgb_to_oklab(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert sRGB to Oklab.

    Parameters
    ----------
    colors : ndarray of shape (..., 3), float64
        sRGB from 0 to 255.

    Returns
    -------
    ndarray of shape (..., 3), float64
        Lightness L from 0 to 1, and the opponent axes a and b.

    References
    ----------
    Bjorn Ottosson, "A perceptual color space for image processing", 2020,
    https://bottosson.github.io/posts/oklab/ ; the transfer curve is that of IEC 61966-2-1.
    """
    encoded = colors / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    oklab: NDArray[np.float64] = np.cbrt(linear @ _LINEAR_TO_LMS.T) @ _LMS_TO_OKLAB.T
    return oklab


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
