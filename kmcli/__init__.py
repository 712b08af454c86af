"""k-means clustering and colour quantization for the command line and for Python.

The names below are what `kmcli` promises to keep. Each is imported when it is first used, so
that ``import kmcli``, and with it ``kmcli --help``, costs next to nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmcli.blobs import BlobsResult as BlobsResult
    from kmcli.blobs import run_blobs as run_blobs
    from kmcli.blobs.data import Points as Points
    from kmcli.blobs.data import make_points as make_points
    from kmcli.cluster.model import Model as Model
    from kmcli.clustering import Clustering as Clustering
    from kmcli.clustering import KMeansStep as KMeansStep
    from kmcli.clustering import fit_kmeans as fit_kmeans
    from kmcli.clustering import trace_kmeans as trace_kmeans
    from kmcli.digits import DigitsResult as DigitsResult
    from kmcli.digits import run_digits as run_digits
    from kmcli.errors import DeclinedError as DeclinedError
    from kmcli.errors import InputError as InputError
    from kmcli.errors import KmcliError as KmcliError
    from kmcli.errors import LimitError as LimitError
    from kmcli.errors import OutputError as OutputError
    from kmcli.errors import SettingsError as SettingsError
    from kmcli.palette_files import parse_colors as parse_colors
    from kmcli.picture_files import encode_image as encode_image
    from kmcli.picture_files import read_image as read_image
    from kmcli.picture_files import read_palette as read_palette
    from kmcli.picture_files import write_palette as write_palette
    from kmcli.picture_files import write_png as write_png
    from kmcli.quantize import ColorCounts as ColorCounts
    from kmcli.quantize import QuantizedImage as QuantizedImage
    from kmcli.quantize import apply_palette as apply_palette
    from kmcli.quantize import count_colors as count_colors
    from kmcli.quantize import learn_palette as learn_palette
    from kmcli.quantize import measure_ssim as measure_ssim
    from kmcli.quantize import merge_counts as merge_counts
    from kmcli.quantize import quantize_image as quantize_image
    from kmcli.quantize.fidelity import Fidelity as Fidelity
    from kmcli.quantize.palette import Palette as Palette
    from kmcli.settings import BlobsSettings as BlobsSettings
    from kmcli.settings import ClusterSettings as ClusterSettings
    from kmcli.settings import ColumnChoice as ColumnChoice
    from kmcli.settings import DigitsSettings as DigitsSettings
    from kmcli.settings import Embedding as Embedding
    from kmcli.settings import KMeansSettings as KMeansSettings
    from kmcli.settings import PointsSpec as PointsSpec
    from kmcli.settings import QuantizeSettings as QuantizeSettings
    from kmcli.settings import TableFormat as TableFormat
    from kmcli.table_files import TableClusters as TableClusters
    from kmcli.table_files import assign as assign
    from kmcli.table_files import cluster_table as cluster_table
    from kmcli.table_files import read_model as read_model

__version__ = "0.1.0"

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

__all__ = ["__version__", *sorted(name for names in _HOMES.values() for name in names)]


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
