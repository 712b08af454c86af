"""The formats of the pictures that are made; `image_io` writes them."""

from typing import Literal, get_args

IndexedFormat = Literal["png", "gif", "webp"]

INDEXED_FORMATS: tuple[IndexedFormat, ...] = get_args(IndexedFormat)
"""What can hold a picture of few colours, exactly."""

FORMAT_OF_SUFFIX: dict[str, IndexedFormat] = {
    ".png": "png",
    ".apng": "png",
    ".gif": "gif",
    ".webp": "webp",
}
