"""Recompress a PNG without loss by oxipng, the only module that uses it."""

from kmcli.errors import SettingsError


def optimize_png(data: bytes) -> bytes:
    """Make a PNG smaller, without changing a pixel.

    Parameters
    ----------
    data : bytes
        A PNG.

    Returns
    -------
    bytes
        A PNG of the same pixels; what came in if it cannot be made smaller.

    Raises
    ------
    SettingsError
        If the extra that does it is not installed.
    """
    check_optimizer()
    import oxipng

    smaller = oxipng.optimize_from_memory(data, level=4, strip=oxipng.StripChunks.safe())
    return smaller if len(smaller) < len(data) else data


def check_optimizer() -> None:
    """Make sure that the optimiser is there, before any work is done."""
    try:
        import oxipng  # noqa: F401
    except ImportError:
        raise SettingsError(
            "--optimize needs an extra: python3 -m pip install 'kmcli[optimize]'"
        ) from None
