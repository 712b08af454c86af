"""How figures look, as far as users choose."""

from typing import Literal, get_args

Theme = Literal["light", "dark"]

THEMES: tuple[Theme, ...] = get_args(Theme)
"""Dark on light for print, light on dark for a dim room."""
