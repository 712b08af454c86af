"""k-means as a live page for a browser: one file, no server, nothing loaded from elsewhere."""

import json
from importlib import resources

from kmcli.blobs import BlobsResult, first_centers, trace_start
from kmcli.errors import SettingsError
from kmcli.figures.html import digest
from kmcli.figures.style import Style
from kmcli.settings import THEMES

MAX_CLUSTERS = 12
"""As many centres as can be told apart on a phone."""


def page(result: BlobsResult, style: Style) -> bytes:
    """Write the page, HTML that needs nothing else, whose policy allows its own script only.

    It begins with these points, of two features, and with the first centres of the start that
    `trace_start` follows. The dark theme is dark everywhere; the light one follows what the
    reader's system prefers. Raises SettingsError if there are more than two features or more than
    12 clusters.
    """
    n_features = result.points.values.shape[1]
    if n_features != 2:
        raise SettingsError(f"the page shows points of two columns, not {n_features}")
    n_clusters = result.settings.kmeans.n_clusters
    if n_clusters > MAX_CLUSTERS:
        raise SettingsError(f"the page shows up to {MAX_CLUSTERS} clusters, not {n_clusters}")
    start = trace_start(result).steps[0].before.tolist()
    drawn = first_centers(result.points, result.settings).tolist()
    styles = {theme: Style(theme) for theme in THEMES}
    clusters = range(MAX_CLUSTERS)
    data = {
        "points": result.points.values.tolist(),
        "names": result.points.axis_names,
        "source": result.points.source,
        "start": start,
        "order": [drawn.index(center) for center in start],
        "seed": result.settings.kmeans.random_state,
        "tol": result.settings.kmeans.tol,
        "dark": style.theme == "dark",
        "colors": {theme: [each.color(i) for i in clusters] for theme, each in styles.items()},
        "on": {theme: [each.on_color(i) for i in clusters] for theme, each in styles.items()},
    }
    template = resources.files("kmcli.figures").joinpath("blobs_page.html").read_text("utf-8")
    # A "<" could end the script element or begin a comment in it, whatever follows.
    encoded = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src {digest(template, 'script')}; "
        f"style-src {digest(template, 'style')}; base-uri 'none'; form-action 'none'"
    )
    for name, value in (
        ("__THEME__", style.theme),
        ("__POLICY__", policy),
        ("__DATA__", encoded),
    ):
        template = template.replace(name, value)
    return template.encode()
