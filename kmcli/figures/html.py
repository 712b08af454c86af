"""What pages that run by themselves have in common: one policy, and pictures within."""

import base64
import hashlib
import re


def digest(page: str, element: str) -> str:
    """Name the only script or style sheet of a page, as its content security policy wants it."""
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def data_url(data: bytes) -> str:
    """Write a PNG or JPEG as an address that holds it all."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
