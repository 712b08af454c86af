"""How a picture is quantized."""

from dataclasses import dataclass, field
from typing import Literal

from kmcli.errors import SettingsError
from kmcli.settings.kmeans import KMeansSettings, require, require_one_of

Effort = Literal["fast", "normal", "best"]
Space = Literal["rgb", "oklab", "lab"]
Order = Literal["luminance", "share", "hue"]
Dither = Literal["none", "floyd-steinberg", "bayer", "blue-noise"]

DITHERS: tuple[Dither, ...] = ("none", "floyd-steinberg", "bayer", "blue-noise")

MAX_COLORS = 256
"""An indexed PNG holds at most this many palette entries."""

MAX_PIXELS = 89_478_485
"""Default limit on width x height; Pillow's own limit against decompression bombs."""

MAX_INPUT_BYTES = 2**30
"""Default limit on the bytes of one input file: 1 GiB."""


@dataclass(frozen=True)
class QuantizeSettings:
    """How a palette is learned from a picture.

    Parameters
    ----------
    n_colors : int
        The most colours that the result may have, 1 to 256.
    space : {"rgb", "oklab", "lab"}
        Where distances are taken: the error that is made as small as possible.
    effort : {"fast", "normal", "best"}
        How long to search for a palette of lower error.
    locked : tuple of tuple of int
        Colours (red, green, blue, alpha), 0 to 255, that the palette has to hold exactly; the
        others are learned around them.
    order : {"luminance", "share", "hue"}
        How the palette is ordered; from dark to light compresses best.
    dither : {"none", "floyd-steinberg", "bayer", "blue-noise"}
        How pixels are mapped to the palette: each to its nearest entry, or so that neighbours
        together come close.
    dither_strength : float, optional
        From 0, as good as none, to 1. More brings the mean of neighbours closer to the picture,
        and costs more bytes. By default 1 for ordered dithering; for "floyd-steinberg" the
        more, the smoother the picture is.
    n_init : int, optional
        How many starts are tried on the coarse histogram. By default as many as are cheap:
        from 16 for few colours down to 1 for 256.
    random_state : int
        Seed, from 0 to 2**32 - 1.

    Raises
    ------
    SettingsError
        If a value is out of range.
    """

    n_colors: int = 16
    space: Space = "oklab"
    effort: Effort = "normal"
    locked: tuple[tuple[int, int, int, int], ...] = ()
    order: Order = "luminance"
    dither: Dither = "none"
    dither_strength: float | None = None
    n_init: int | None = None
    random_state: int = 0
    kmeans: KMeansSettings = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_range = 1 <= self.n_colors <= MAX_COLORS
        require("n_colors", self.n_colors, in_range, f"from 1 to {MAX_COLORS}")
        require_one_of("effort", self.effort, ("fast", "normal", "best"))
        require_one_of("space", self.space, ("rgb", "oklab", "lab"))
        require_one_of("order", self.order, ("luminance", "share", "hue"))
        require_one_of("dither", self.dither, DITHERS)
        strength = self.dither_strength
        require("dither_strength", strength, strength is None or 0 <= strength <= 1, "from 0 to 1")
        if len(set(self.locked)) > self.n_colors:
            raise SettingsError(
                f"{len(set(self.locked))} colours are locked, but the palette has at most "
                f"{self.n_colors}; allow more colours"
            )
        n_init = self.n_init
        if n_init is None:
            n_init = max(1, min(16, MAX_COLORS // self.n_colors))
        kmeans = KMeansSettings(
            n_clusters=self.n_colors,
            n_init=n_init,
            random_state=self.random_state,
        )
        object.__setattr__(self, "kmeans", kmeans)

    @property
    def is_dithered(self) -> bool:
        """Whether pixels are mapped otherwise than each to its nearest entry."""
        return self.dither != "none" and self.dither_strength != 0


@dataclass(frozen=True)
class Target:
    """What decides how many colours a picture gets.

    Parameters
    ----------
    min_psnr : float, optional
        The fewest colours that reach this peak signal-to-noise ratio, in dB.
    max_delta_e : float, optional
        The fewest colours whose mean colour difference is not above this.
    max_size : int, optional
        The most colours whose file has no more bytes than this; not with the other two.

    Raises
    ------
    SettingsError
        If nothing is asked for, or what contradicts itself.
    """

    min_psnr: float | None = None
    max_delta_e: float | None = None
    max_size: int | None = None

    def __post_init__(self) -> None:
        if self.min_psnr is None and self.max_delta_e is None and self.max_size is None:
            raise SettingsError("a target needs a quality or a size")
        if self.max_size is not None and (self.min_psnr, self.max_delta_e) != (None, None):
            raise SettingsError("give either a size or a quality as the target, not both")
        for name in ("min_psnr", "max_delta_e", "max_size"):
            value = getattr(self, name)
            if value is not None:
                require(name, value, 0 <= value < float("inf"), "0 or more")
