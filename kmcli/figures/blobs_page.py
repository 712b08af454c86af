"""The steps of k-means as one page to play with in a browser, without a server."""

import json
from dataclasses import replace
from importlib import resources
from typing import Any

from kmcli.blobs import first_centers
from kmcli.blobs.data import Points, project
from kmcli.clustering import trace_kmeans
from kmcli.errors import SettingsError
from kmcli.figures.style import CLUSTER_COLORS, Style
from kmcli.settings import BlobsSettings, StartName

MAX_CLUSTERS = 6
"""As many as the slider of the notebook's figure offers."""

_STARTS: tuple[StartName, ...] = ("far", "k-means++", "random")


def page(points: Points, settings: BlobsSettings, style: Style) -> bytes:
    """Write the page, with every frame computed beforehand.

    Parameters
    ----------
    points : Points
        What is clustered; two features.
    settings : BlobsSettings
        The parameters of the method; all starts and k from 1 to 6 are on the page.
    style : Style
        Its theme decides the colours.

    Returns
    -------
    bytes
        HTML that needs nothing else.

    Raises
    ------
    SettingsError
        If the points have more than two features, or are too few.
    """
    if points.values.shape[1] != 2:
        raise SettingsError(
            f"the page shows points of two columns, not {points.values.shape[1]}; leave it out"
        )
    numbers = range(1, min(MAX_CLUSTERS, len(points.values)) + 1)
    data = {
        "points": project(points.values).round(4).tolist(),
        "colors": CLUSTER_COLORS[:MAX_CLUSTERS],
        "source": points.source,
        "k": min(settings.kmeans.n_clusters, numbers[-1]),
        "runs": {
            start: {str(k): _steps(points, settings, start, k) for k in numbers}
            for start in _STARTS
        },
    }
    template = resources.files("kmcli.figures").joinpath("blobs_page.html").read_text("utf-8")
    # "</" would end the script element, wherever it stands.
    encoded = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    for name, value in (
        ("__SCHEME__", style.theme),
        ("__INK__", style.ink),
        ("__PAPER__", style.paper),
        ("__MUTED__", style.muted),
        ("__DATA__", encoded),
    ):
        template = template.replace(name, value)
    return template.encode()


def _steps(points: Points, settings: BlobsSettings, start: StartName, k: int) -> dict[str, Any]:
    init = settings.kmeans.init if start == "far" else start
    kmeans = replace(
        settings.kmeans, n_clusters=k, init="random" if init == "random" else "k-means++"
    )
    centers = first_centers(points, BlobsSettings(kmeans, start))
    steps = trace_kmeans(points.values, kmeans, centers)
    return {
        "centers": [centers.round(4).tolist(), *(step.after.round(4).tolist() for step in steps)],
        "labels": ["".join(map(str, step.labels.tolist())) for step in steps],
        "inertia": [
            [round(step.inertia_before, 2), round(step.inertia_after, 2)] for step in steps
        ],
        "empty": [step.empty_clusters for step in steps],
    }
