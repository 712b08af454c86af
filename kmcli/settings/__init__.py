"""Every setting and its default, as frozen dataclasses; one module per command."""

from kmcli.settings.blobs import SHAPES, BlobsSettings, PointsSpec, Shape, StartName
from kmcli.settings.cluster import (
    MAX_CLUSTERS,
    ClusterEffort,
    ClusterSettings,
    Missing,
    Scale,
)
from kmcli.settings.digits import (
    MAX_DIGIT_CLUSTERS,
    N_DIGIT_PIXELS,
    N_DIGITS,
    DigitsSettings,
    Embedding,
    EmbeddingMethod,
    Match,
)
from kmcli.settings.figures import THEMES, Theme
from kmcli.settings.formats import FORMAT_OF_SUFFIX, INDEXED_FORMATS, IndexedFormat
from kmcli.settings.kmeans import MAX_ITERATIONS, MAX_N_INIT, Algorithm, Init, KMeansSettings
from kmcli.settings.quantize import (
    DITHERS,
    MAX_COLORS,
    MAX_INPUT_BYTES,
    MAX_PIXELS,
    Dither,
    Effort,
    Order,
    QuantizeSettings,
    Space,
    Target,
)
from kmcli.settings.tables import ColumnChoice, TableFormat

__all__ = [
    "DITHERS",
    "FORMAT_OF_SUFFIX",
    "INDEXED_FORMATS",
    "MAX_CLUSTERS",
    "MAX_COLORS",
    "MAX_DIGIT_CLUSTERS",
    "MAX_INPUT_BYTES",
    "MAX_ITERATIONS",
    "MAX_N_INIT",
    "MAX_PIXELS",
    "N_DIGITS",
    "N_DIGIT_PIXELS",
    "SHAPES",
    "THEMES",
    "Algorithm",
    "BlobsSettings",
    "ClusterEffort",
    "ClusterSettings",
    "ColumnChoice",
    "DigitsSettings",
    "Dither",
    "Effort",
    "Embedding",
    "EmbeddingMethod",
    "IndexedFormat",
    "Init",
    "KMeansSettings",
    "Match",
    "Missing",
    "Order",
    "PointsSpec",
    "QuantizeSettings",
    "Scale",
    "Shape",
    "Space",
    "StartName",
    "TableFormat",
    "Target",
    "Theme",
]
