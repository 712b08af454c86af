"""The parts of the report on points that tell of other clusterings: steps, a scan, starts."""

from collections.abc import Sequence

from kmcli.blobs import Trace
from kmcli.blobs.trials import ScanStep, StartTrials, best_numbers
from kmcli.report.model import Field, Note, Table
from kmcli.report.scores import INTERNAL_NAMES
from kmcli.text import number


def trace_parts(trace: Trace | None) -> list[Table | Note]:
    """Tell the steps of one start, if it was followed."""
    if trace is None:
        return []
    rows, events = [], []
    for iteration, step in enumerate(trace.steps):
        event = trace.event(iteration)
        if event:
            events.append(f"Iteration {iteration + 1}: {event}.")
        rows.append(
            [
                Field("iteration", "iteration", iteration + 1),
                Field(
                    "inertia_reassigned",
                    "after reassigning",
                    step.inertia_before,
                    number(step.inertia_before),
                ),
                Field(
                    "inertia_updated",
                    "after updating",
                    step.inertia_after,
                    number(step.inertia_after),
                ),
                Field("empty_clusters", "", list(step.empty_clusters)),
                Field("event", "", event or None),
            ]
        )
    inertia, best = number(trace.inertia), number(trace.best_inertia)
    if trace.is_worse:
        events.append(f"It ends at inertia {inertia}; another start reaches {best}.")
    else:
        events.append(f"It ends at inertia {inertia}; no start tried does better.")
    return [Table("Steps of one run", "steps", rows), Note("What happens", events)]


def scan_parts(scan: Sequence[ScanStep]) -> list[Table | Note]:
    """Score each number of clusters that was tried, if any."""
    if not scan:
        return []
    best = best_numbers(scan)
    rows = []
    for step in scan:
        row = [
            Field("k", "k", step.n_clusters),
            Field("inertia", "inertia", step.inertia, number(step.inertia, 2)),
        ]
        for key, name in INTERNAL_NAMES.items():
            value = None if step.scores is None else float(getattr(step.scores, key))
            mark = "*" if best.get(key) == step.n_clusters else " "
            row.append(Field(key, name, value, "-  " if value is None else f"{value:z.3f} {mark}"))
        stability = step.stability
        text = "-" if stability is None else f"{stability:z.3f}"
        rows.append([*row, Field("stability", "stability", stability, text)])
    return [
        Table("Numbers of clusters; * is the best of its column", "scan", rows),
        Note("What the scores say", _verdict(best)),
    ]


def _verdict(best: dict[str, int]) -> list[str]:
    if not best:
        return ["No score is defined for these numbers."]
    if len(set(best.values())) == 1:
        return [f"All three prefer k = {next(iter(best.values()))}. Inertia always falls."]
    votes = ", ".join(f"{INTERNAL_NAMES[key]} k = {number}" for key, number in best.items())
    return [f"They disagree: {votes}. Look at the data; inertia always falls."]


def start_parts(trials: Sequence[StartTrials]) -> list[Table | Note]:
    """Compare the starts by their single runs, if there were any."""
    if not trials:
        return []
    rows = []
    for each in trials:
        ordered = sorted(each.inertias)
        middle = ordered[len(ordered) // 2]
        iters = sorted(each.n_iters)
        rows.append(
            [
                Field("init", "init", each.init),
                Field("runs", "runs", len(ordered)),
                Field(
                    "worse_share",
                    "worse than best",
                    each.worse_share,
                    f"{each.worse_share:.1%}",
                ),
                Field("inertias", "least inertia", list(each.inertias), number(ordered[0], 2)),
                Field("", "median", None, number(middle, 2)),
                Field("", "most", None, number(ordered[-1], 2)),
                Field("n_iters", "iterations", list(each.n_iters), f"{iters[0]} to {iters[-1]}"),
            ]
        )
    return [Table("Effect of initialisation: single runs", "starts", rows)]
