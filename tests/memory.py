"""Inputs in memory, for tests."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Memory:
    """An input in memory, given in pieces of some size."""

    data: bytes
    size: int = 2**20
    name: str = "t.csv"
    path: str | None = None

    def pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), self.size):
            yield self.data[start : start + self.size]
