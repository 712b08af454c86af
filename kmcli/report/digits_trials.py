"""The parts of the report on digits that compare many clusterings."""

from collections.abc import Sequence

import numpy as np

from kmcli.digits.trials import InitTrials, ScanStep
from kmcli.report.model import Field, Note, Section, Table, Value


def init_parts(inits: Sequence[InitTrials]) -> list[Section | Table | Note]:
    """Tell the effect of initialisation, if it was measured."""
    if not inits:
        return []
    accuracies = [run.accuracy for init in inits for run in init.runs]
    inertias = [run.inertia for init in inits for run in init.runs]
    best = int(np.argmin(inertias))
    remarks = [
        f"The lowest inertia, {inertias[best]:.2f}, has {accuracies[best]:z.4f} right one to one.",
        f"The highest share right, {max(accuracies):z.4f}, has inertia "
        f"{inertias[int(np.argmax(accuracies))]:.2f}.",
    ]
    if inits[-1].init == "pca":
        remarks.append("Starting from principal components is deterministic, so it is run once.")
    else:
        remarks.append("No starts from principal components: the points have too few dimensions.")
    # JSON has the values themselves, from which all the rest follows.
    data: list[Value] = []
    for init in inits:
        lists = {key: _values(init, key) for key in _FORMS}
        data.append({"init": init.init, "n_runs": len(init.runs), **lists})
    rows = [_init_row(init, key) for init in inits for key in _FORMS]
    return [
        Section("", [Field("inits", "", data)]),
        Table("Effect of initialisation: single runs", "", rows),
        Note("Of all these runs", remarks),
    ]


_FORMS = {
    "inertia": ("inertia", ".0f"),
    "accuracy": ("one to one", ".4f"),
    "purity": ("purity", ".4f"),
    "n_iter": ("iterations", ".0f"),
}
"""What is told of many starts, by its key: its name, and how it is printed."""


def _init_row(init: InitTrials, key: str) -> list[Field]:
    name, form = _FORMS[key]
    values = _values(init, key)
    summary = {"least": min(values), "median": float(np.median(values)), "most": max(values)}
    is_first = key == next(iter(_FORMS))
    return [
        Field("", "starts", None, init.init if is_first else ""),
        Field("", "runs", None, str(len(init.runs)) if is_first else ""),
        Field("", "what", None, name),
        *(Field("", label, None, f"{value:{form}}") for label, value in summary.items()),
    ]


def _values(init: InitTrials, key: str) -> list[float]:
    return [float(getattr(run, key)) for run in init.runs]


def scan_parts(scan: Sequence[ScanStep]) -> list[Table | Note]:
    """Tell how the scores change with the number of clusters, if several were tried."""
    if not scan:
        return []
    columns = {
        "silhouette": "silhouette",
        "accuracy": "one to one",
        "purity": "purity",
        "inverse_purity": "notebook's",
        "adjusted_rand": "ARI",
        "adjusted_mutual_info": "AMI",
    }
    best: dict[str, float] = {}
    for key in columns:
        values = [getattr(step, key) for step in scan]
        best[key] = max((value for value in values if value is not None), default=0.0)
    rows = []
    for step in scan:
        row = [
            Field("k", "k", step.n_clusters),
            Field("inertia", "inertia", step.inertia, f"{step.inertia:.0f}"),
        ]
        for key, label in columns.items():
            value = getattr(step, key)
            mark = "*" if value == best[key] else " "
            row.append(Field(key, label, value, "-  " if value is None else f"{value:z.4f} {mark}"))
        rows.append(row)
    remark = (
        "Inertia falls with k whatever the data are, purity tends to rise, and the notebook's "
        "formula tends to fall. One to one, ARI and AMI can be compared across k, but need the "
        "labels; the silhouette can be compared and needs none."
    )
    return [
        Table("Numbers of clusters; * is the best of its column", "scan", rows),
        Note("How to read it", [remark]),
    ]
