"""k-means clustering and colour quantization for the command line and for Python."""

__version__ = "0.1.0"
