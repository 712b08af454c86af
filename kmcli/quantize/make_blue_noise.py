"""Make the blue noise matrix: ``python -m kmcli.quantize.make_blue_noise`` takes some seconds.

No part of the installed package, which holds what it writes.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def void_and_cluster(size: int = 64, sigma: float = 1.5, seed: int = 0) -> NDArray[np.uint16]:
    """Rank the cells of a square so that those of low rank are spread evenly, at every rank.

    The square repeats at its edges and has each number from 0 to size^2 - 1 once. Crowding is
    measured by a Gaussian of width `sigma`, in cells; the first pattern is random. All sums are of
    whole numbers, so that the result is the same on every machine.

    Source: R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE
    1913, 1993.
    """
    steps = np.minimum(np.arange(size), size - np.arange(size)) ** 2
    distances = steps[:, np.newaxis] + steps
    kernel = np.rint(2**20 * np.exp(-distances / (2 * sigma**2))).astype(np.int64)
    # Shifted by any offset, the kernel is a window of its fourfold repetition.
    kernels = np.tile(kernel, (2, 2))
    n_cells, n_first = size * size, size * size // 10

    pattern = np.zeros(n_cells, dtype=bool)
    pattern[np.random.default_rng(seed).permutation(n_cells)[:n_first]] = True
    crowding = np.zeros((size, size), dtype=np.int64)

    def flip(cell: int) -> None:
        row, column = divmod(cell, size)
        shifted = kernels[size - row : 2 * size - row, size - column : 2 * size - column]
        pattern[cell] = not pattern[cell]
        np.add(crowding, shifted if pattern[cell] else -shifted, out=crowding)

    def tightest_cluster() -> int:
        return int(np.where(pattern, crowding.reshape(-1), -1).argmax())

    def largest_void() -> int:
        return int(np.where(pattern, np.iinfo(np.int64).max, crowding.reshape(-1)).argmin())

    for cell in np.flatnonzero(pattern).tolist():
        pattern[cell] = False
        flip(cell)
    while True:
        cluster = tightest_cluster()
        flip(cluster)
        void = largest_void()
        flip(void)
        if void == cluster:
            break

    ranks = np.empty(n_cells, dtype=np.uint16)
    evenly_spread, crowding_then = pattern.copy(), crowding.copy()
    for rank in range(n_first - 1, -1, -1):
        cell = tightest_cluster()
        flip(cell)
        ranks[cell] = rank
    pattern[:], crowding[:] = evenly_spread, crowding_then
    # In the second half the voids are the minority; where set cells crowd least, empty ones
    # crowd most, since together they fill the square.
    for rank in range(n_first, n_cells):
        cell = largest_void()
        flip(cell)
        ranks[cell] = rank
    return ranks.reshape(size, size)


if __name__ == "__main__":
    np.save(Path(__file__).with_name("blue_noise.npy"), void_and_cluster())
