"""The handwritten digits that come with scikit-learn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Digits:
    """Handwritten digits and what they are."""

    images: NDArray[np.float64]  # (n_digits, 8, 8), grey values from 0 for paper to 16 for ink
    targets: NDArray[np.integer]  # the digit that each picture shows, 0 to 9

    @property
    def pixels(self) -> NDArray[np.float64]:
        """The pictures as points, an array of shape (n_digits, 64)."""
        return self.images.reshape(len(self.images), -1)


def load_digits() -> Digits:
    """Load the 1797 digits; they are part of scikit-learn, nothing is downloaded.

    They are the test set of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten
    Digits", UCI Machine Learning Repository, 1998.
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    return Digits(images=bunch.images, targets=bunch.target)
