"""All that is known about a clustered table, for reports and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.cluster.model import Model
from kmcli.cluster.prepare import list_features
from kmcli.cluster.profile import Profile, SampledScores, profile_clusters, score_sample
from kmcli.cluster.run import Fit, Prepared
from kmcli.cluster.scan import ScanStep, measure_stability
from kmcli.clustering.passes import ClusterSums
from kmcli.settings import ClusterSettings
from kmcli.tables.numbers import Source
from kmcli.text import listed

_MUCH_GAIN_LEFT = 1e-3
_RULING_SHARE = 0.8
_LONE_SHARE = 0.9


@dataclass(frozen=True)
class ClusterResult:
    """A table and its clusters.

    Attributes
    ----------
    name, format : str
        The table, and the kind of its file.
    settings : ClusterSettings
        How it was clustered.
    prepared : Prepared
        What the first pass left: moments, sample, scaling.
    fit : Fit
        The centres, and how they were found.
    profile : Profile
        Exact statistics of the clusters.
    model : Model
        What new rows can be assigned to.
    scores : SampledScores or None
        None unless they were asked for.
    stability : float or None
        Mean adjusted Rand index of five pairs of fits to random halves; None if it was not
        asked for or is not defined.
    scan : tuple of ScanStep
        Other numbers of clusters, if they were tried.
    """

    name: str
    format: str
    settings: ClusterSettings
    prepared: Prepared
    fit: Fit
    profile: Profile
    model: Model
    scores: SampledScores | None
    stability: float | None
    scan: tuple[ScanStep, ...]

    def remarks(self) -> list[str]:
        """Say what a person should know before using the clusters."""
        found = []
        shares = _variance_shares(self.prepared)
        ruling = int(shares.argmax())
        if self.settings.scale == "none" and len(shares) > 1 and shares[ruling] > _RULING_SHARE:
            name = self.fit.rule.features[ruling].name
            found.append(
                f"Columns are not scaled, and {name} holds {shares[ruling]:.0%} of the variance: "
                "it alone decides the clusters."
            )
        found += [
            f"One value of {name} holds {share:.1%} of its variance, so that the other rows hardly "
            "differ in it: check the rows with the farthest values."
            for name, share in _lone_values(self.prepared)
        ]
        if not self.fit.search.converged:
            found.append(f"The search did not converge within {self.settings.max_iter} iterations.")
        if not self.prepared.sketch.is_whole and self.profile.gain_left > _MUCH_GAIN_LEFT:
            found.append(
                f"Moving the centres to the means of all rows would lower the inertia by "
                f"{self.profile.gain_left:.2%}: allow one more pass over the table."
            )
        empty = np.flatnonzero(self.profile.rows == 0).tolist()
        if empty:
            noun = "cluster" if len(empty) == 1 else "clusters"
            found.append(f"No row is nearest to the centre of {noun} {listed(empty)}.")
        return found


def finish_result(
    source: Source,
    prepared: Prepared,
    fit: Fit,
    sums: ClusterSums,
    settings: ClusterSettings,
    *,
    label: str = "cluster",
    scored: bool = True,
    scan: Sequence[ScanStep] = (),
) -> ClusterResult:
    """Put together what the passes found.

    Parameters
    ----------
    source : Source
        The table.
    prepared, fit, sums
        What the first pass, the search and the last pass left.
    settings : ClusterSettings
        How it was clustered.
    label : str
        The name of the column of clusters.
    scored : bool
        Whether silhouettes and stability are computed, which takes a second or two.
    scan : sequence of ScanStep
        Other numbers of clusters, if they were tried.

    Returns
    -------
    ClusterResult
    """
    profile = profile_clusters(fit.rule, sums)
    n_rows = int(prepared.sketch.moments.n_rows.sum())
    stability = None
    if scored and settings.n_clusters > 1:
        known = {step.n_clusters: step.stability for step in scan}
        measured = known.get(settings.n_clusters)
        measured = measure_stability(prepared, settings) if measured is None else measured
        stability = None if np.isnan(measured) else measured
    return ClusterResult(
        name=source.name,
        format=source.format,
        settings=settings,
        prepared=prepared,
        fit=fit,
        profile=profile,
        model=Model.of(fit.rule, profile, n_rows, settings, label),
        scores=score_sample(prepared.sketch, prepared.scaling, fit.rule.centers)
        if scored
        else None,
        stability=stability,
        scan=tuple(scan),
    )


def _variance_shares(prepared: Prepared) -> NDArray[np.float64]:
    variances = prepared.scaling.spreads**2
    shares: NDArray[np.float64] = variances / variances.sum()
    return shares


def _lone_values(prepared: Prepared) -> list[tuple[str, float]]:
    """Find columns in which one row has nearly all of the variance, and its share."""
    total = prepared.sketch.moments.total()
    if total.weight[0] != total.n_used[0]:  # how much that row counts is not known
        return []
    scaling, columns = prepared.scaling, prepared.columns
    farthest = np.maximum(total.most[0] - scaling.means, scaling.means - total.least[0])
    shares = farthest**2 / total.squares[0]
    return [
        (feature.name, float(share))
        for feature, share in zip(list_features(columns), shares, strict=True)
        if share > _LONE_SHARE and columns[feature.column].kind == "number"
    ]
