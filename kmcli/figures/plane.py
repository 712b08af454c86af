"""The plane on which points, centres and boundaries are drawn, to scale."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kmcli.blobs.data import Points, project
from kmcli.figures.style import Style

_GRID = 200
"""Points per side at which the nearest centre is looked up to draw boundaries."""

_LONGEST = 8
"""How many times longer than wide a cloud of points may be to be drawn to scale."""


class Plane:
    """Where points and centres are drawn; more than two features by their components.

    `more` are other places that must be seen, `mark` is the size of marks, 1 for panels of four
    inches.
    """

    def __init__(
        self, points: Points, more: NDArray[np.float64] | None = None, mark: float = 1
    ) -> None:
        self.mark = mark
        self.n_points = len(points.values)
        self.is_projected = points.values.shape[1] > 2
        self._values = points.values
        self.xy = project(points.values)
        self.names = points.axis_names
        if self.is_projected:
            shares = self.xy.var(axis=0) / points.values.var(axis=0).sum()
            self.names = tuple(
                f"{which} principal component ({share:.1%} of the variance)"
                for which, share in zip(("first", "second"), shares.tolist(), strict=True)
            )
        shown = self.xy if more is None else np.concatenate([self.xy, self._to_plane(more)])
        low, high = shown.min(axis=0), shown.max(axis=0)
        spans = np.maximum(high - low, np.finfo(np.float64).tiny)
        # Distances are what k-means is about, so both axes have one scale, unless one of them
        # would be a line.
        self.is_equal = bool(spans.max() <= _LONGEST * spans.min())
        half = 0.56 * (np.full(2, spans.max()) if self.is_equal else spans)
        middle = (low + high) / 2
        self.low, self.high = middle - half, middle + half

    def _to_plane(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.is_projected:
            return centers
        # The projection is linear: a centre goes where the mean of its points goes.
        both = np.linalg.lstsq(
            np.column_stack([self._values, np.ones(self.n_points)]), self.xy, rcond=None
        )[0]
        plane: NDArray[np.float64] = np.column_stack([centers, np.ones(len(centers))]) @ both
        return plane

    def prepare(self, axes: Axes) -> None:
        """Give axes the limits and the shape of the plane."""
        axes.set(xlim=(self.low[0], self.high[0]), ylim=(self.low[1], self.high[1]))
        axes.set_box_aspect(1)
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)

    def name_axes(self, axes: Axes) -> None:
        """Say what the axes are, and warn where a length across is not one along."""
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        axes.tick_params(labelsize=9, length=3)
        scale = "" if self.is_equal else "\n(the axes have different scales)"
        axes.set_xlabel(self.names[0] + scale)
        axes.set_ylabel(self.names[1])

    def scatter(self, axes: Axes, style: Style, labels: NDArray[np.integer]) -> None:
        """Draw the points in the colours of their clusters, those of none (-1) in grey."""
        shown = [style.color(cluster) for cluster in range(int(labels.max()) + 1)]
        colors = to_rgba_array([*shown, style.muted])[labels]
        size = self.mark**2 * float(np.clip(6000 / self.n_points, 2, 26))
        axes.scatter(self.xy[:, 0], self.xy[:, 1], s=size, c=colors, linewidths=0, alpha=0.85)

    def boundaries(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        """Draw lines between the regions of the centres; none where the plane is a projection."""
        if self.is_projected or len(centers) < 2:
            return
        x, y = (np.linspace(a, b, _GRID) for a, b in zip(self.low, self.high, strict=True))
        grid = np.stack(np.meshgrid(x, y), axis=-1)[..., np.newaxis, :]
        distances = ((grid - centers) ** 2).sum(axis=-1)
        for cluster in range(len(centers)):
            others = np.delete(distances, cluster, axis=-1).min(axis=-1)
            ahead = others - distances[..., cluster]
            if ahead.min() < 0 < ahead.max():
                axes.contour(x, y, ahead, levels=[0], colors=style.muted, linewidths=0.9, zorder=1)

    def centers(self, axes: Axes, style: Style, centers: NDArray[np.float64]) -> None:
        """Draw centres as discs with their numbers."""
        x, y = self._to_plane(centers).T
        colors = [style.color(cluster) for cluster in range(len(centers))]
        axes.scatter(
            x,
            y,
            s=190 * self.mark**2,
            c=colors,
            edgecolors=style.ink,
            linewidths=1.4 * self.mark,
            zorder=4,
        )
        for cluster, place in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
            axes.annotate(
                str(cluster),
                place,
                color=style.on_color(cluster),
                fontsize=9 * self.mark,
                fontweight="bold",
                ha="center",
                va="center_baseline",
                zorder=5,
            )

    def arrows(
        self,
        axes: Axes,
        style: Style,
        before: NDArray[np.float64],
        after: NDArray[np.float64],
    ) -> None:
        """Draw how far centres move."""
        start, end = self._to_plane(before), self._to_plane(after)
        axes.scatter(
            start[:, 0], start[:, 1], s=120, facecolors="none", edgecolors=style.ink, zorder=3
        )
        smallest = 0.01 * float(np.linalg.norm(self.high - self.low))
        for tail, tip in zip(start, end, strict=True):
            if np.linalg.norm(tip - tail) > smallest:
                axes.annotate(
                    "",
                    xy=tuple(tip),
                    xytext=tuple(tail),
                    arrowprops={"arrowstyle": "->", "color": style.ink, "lw": 1.6, "shrinkB": 8},
                    zorder=6,
                )
