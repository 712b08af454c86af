"""Pictures that compare many clusterings of the digits."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kmcli.digits.trials import InitTrials, ScanStep
from kmcli.figures.curves import draw_curve, finish_curves
from kmcli.figures.style import Style, new_figure
from kmcli.text import counted

_N_BINS = 30
_MARKERS = {"k-means++": "o", "random": "s", "pca": "*"}
_MARKED = ("silhouette", "accuracy", "adjusted_rand", "adjusted_mutual_info")
"""Scores whose best number of clusters says something; inertia and purity only improve with it."""

_NAMES = {"pca": "principal components"}


def draw_inits(inits: Sequence[InitTrials], style: Style) -> Figure:
    """Draw where single starts end: inertia against accuracy, and how each is distributed."""
    figure = new_figure(9, 7, style)
    with mpl.rc_context(style.rc()):
        figure.suptitle("Effect of initialisation: where single starts end", fontsize=14)
        grid = figure.add_gridspec(2, 2, width_ratios=(4, 1), height_ratios=(1, 3.4))
        axes = figure.add_subplot(grid[1, 0])
        top = figure.add_subplot(grid[0, 0], sharex=axes)
        side = figure.add_subplot(grid[1, 1], sharey=axes)
        inertias = [[run.inertia for run in init.runs] for init in inits]
        accuracies = [[run.accuracy for run in init.runs] for init in inits]
        inertia_bins = np.histogram_bin_edges(np.concatenate(inertias), _N_BINS)
        accuracy_bins = np.histogram_bin_edges(np.concatenate(accuracies), _N_BINS)
        for index, (init, x, y) in enumerate(zip(inits, inertias, accuracies, strict=True)):
            color = style.color(index)
            is_single = init.init == "pca"
            name = _NAMES.get(init.init, init.init)
            axes.scatter(
                x,
                y,
                s=260 if is_single else 34,
                marker=_MARKERS[init.init],
                color=color,
                edgecolors=style.ink if is_single else "none",
                alpha=1 if is_single else 0.6,
                label=f"{name}: {counted(len(init.runs), 'run')}",
                zorder=3 if is_single else 2,
            )
            if not is_single:
                outline = style.outline(index)
                top.hist(x, bins=inertia_bins.tolist(), **outline)
                side.hist(y, bins=accuracy_bins.tolist(), orientation="horizontal", **outline)
        axes.set(xlabel="inertia (what k-means minimises)", ylabel="share right, one to one")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 0), min(high, 1))
        axes.grid(color=style.muted, alpha=0.25)
        top.tick_params(labelbottom=False)
        side.tick_params(labelleft=False)
        top.set_ylabel("runs")
        side.set_xlabel("runs")
        for axis in (top.yaxis, side.xaxis):
            axis.set_major_locator(MaxNLocator(3, integer=True))
        figure.legend(loc="outside lower center", ncols=len(inits))
    return figure


def draw_scan(scan: Sequence[ScanStep], style: Style) -> Figure:
    """Draw how the scores change with the number of clusters."""
    figure = new_figure(13, 4.8, style)
    panels: tuple[tuple[str, dict[str, str]], ...] = (
        ("without labels: inertia", {"inertia": ""}),
        ("without labels: silhouette", {"silhouette": ""}),
        (
            "with labels",
            {
                "purity": "purity",
                "accuracy": "one to one",
                "inverse_purity": "notebook's formula",
                "adjusted_rand": "ARI",
                "adjusted_mutual_info": "AMI",
            },
        ),
    )
    numbers = [step.n_clusters for step in scan]
    with mpl.rc_context(style.rc()):
        row = figure.subplots(1, 3, width_ratios=(1, 1, 1.35))
        for axes, (title, lines) in zip(row, panels, strict=True):
            for index, (key, label) in enumerate(lines.items()):
                values = [getattr(step, key) for step in scan]
                best = np.nanargmax if key in _MARKED else None
                line = "--" if key == "accuracy" else "-"  # of few clusters often the purity
                color = style.color(index)
                draw_curve(axes, numbers, values, color, label=label, line=line, best=best)
            finish_curves(axes, style)
            axes.set_title(title)
        row[0].yaxis.set_major_formatter("{x:,.0f}")
        row[2].set_ylim(0, 1.02)
        row[2].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
