"""k-means clustering and colour quantization for the command line and for Python.

The names below are what `kmcli` promises to keep. Each is imported when it is first used, so
that ``import kmcli``, and with it ``kmcli --help``, costs next to nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmcli.blobs import BlobsResult, run_blobs
    from kmcli.blobs.data import Points, make_points
    from kmcli.cluster.model import Model
    from kmcli.clustering import Clustering, KMeansStep, fit_kmeans, trace_kmeans
    from kmcli.digits import DigitsResult, run_digits
    from kmcli.errors import (
        DeclinedError,
        InputError,
        KmcliError,
        LimitError,
        OutputError,
        SettingsError,
    )
    from kmcli.palette_files import parse_colors
    from kmcli.picture_files import (
        encode_image,
        read_image,
        read_palette,
        write_palette,
        write_png,
    )
    from kmcli.quantize import (
        ColorCounts,
        QuantizedImage,
        apply_palette,
        count_colors,
        learn_palette,
        measure_ssim,
        merge_counts,
        quantize_image,
    )
    from kmcli.quantize.fidelity import Fidelity
    from kmcli.quantize.palette import Palette
    from kmcli.settings import (
        BlobsSettings,
        ClusterSettings,
        ColumnChoice,
        DigitsSettings,
        Embedding,
        KMeansSettings,
        PointsSpec,
        QuantizeSettings,
        TableFormat,
    )
    from kmcli.table_files import TableClusters, assign, cluster_table, read_model

__version__ = "0.1.0"

__all__ = [
    "BlobsResult",
    "BlobsSettings",
    "ClusterSettings",
    "Clustering",
    "ColorCounts",
    "ColumnChoice",
    "DeclinedError",
    "DigitsResult",
    "DigitsSettings",
    "Embedding",
    "Fidelity",
    "InputError",
    "KMeansSettings",
    "KMeansStep",
    "KmcliError",
    "LimitError",
    "Model",
    "OutputError",
    "Palette",
    "Points",
    "PointsSpec",
    "QuantizeSettings",
    "QuantizedImage",
    "SettingsError",
    "TableClusters",
    "TableFormat",
    "__version__",
    "apply_palette",
    "assign",
    "cluster_table",
    "count_colors",
    "encode_image",
    "fit_kmeans",
    "learn_palette",
    "make_points",
    "measure_ssim",
    "merge_counts",
    "parse_colors",
    "quantize_image",
    "read_image",
    "read_model",
    "read_palette",
    "run_blobs",
    "run_digits",
    "trace_kmeans",
    "write_palette",
    "write_png",
]

_HOMES = {
    "kmcli.blobs": ("BlobsResult", "run_blobs"),
    "kmcli.blobs.data": ("Points", "make_points"),
    "kmcli.cluster.model": ("Model",),
    "kmcli.clustering": ("Clustering", "KMeansStep", "fit_kmeans", "trace_kmeans"),
    "kmcli.digits": ("DigitsResult", "run_digits"),
    "kmcli.errors": (
        "DeclinedError",
        "InputError",
        "KmcliError",
        "LimitError",
        "OutputError",
        "SettingsError",
    ),
    "kmcli.picture_files": (
        "encode_image",
        "read_image",
        "read_palette",
        "write_palette",
        "write_png",
    ),
    "kmcli.quantize": (
        "ColorCounts",
        "QuantizedImage",
        "apply_palette",
        "count_colors",
        "learn_palette",
        "measure_ssim",
        "merge_counts",
        "quantize_image",
    ),
    "kmcli.quantize.fidelity": ("Fidelity",),
    "kmcli.palette_files": ("parse_colors",),
    "kmcli.quantize.palette": ("Palette",),
    "kmcli.settings": (
        "BlobsSettings",
        "ClusterSettings",
        "ColumnChoice",
        "DigitsSettings",
        "Embedding",
        "KMeansSettings",
        "PointsSpec",
        "QuantizeSettings",
        "TableFormat",
    ),
    "kmcli.table_files": ("TableClusters", "assign", "cluster_table", "read_model"),
}


if not TYPE_CHECKING:  # a type checker would believe that every name is one of these

    def __getattr__(name: str) -> Any:
        """Import a public name from its home (PEP 562)."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(home), name)
                return value
        raise AttributeError(f"module 'kmcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
