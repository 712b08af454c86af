"""Read inputs and publish outputs so that nothing is lost: whole, or not at all."""

from kmcli.files.compressed import COMPRESSED, compressed
from kmcli.files.names import default_output, file_identity, printable
from kmcli.files.outputs import check_output
from kmcli.files.publish import Content, publish
from kmcli.files.reading import read_input
from kmcli.files.signals import DEADLY, answering
from kmcli.files.stored import Stored
from kmcli.files.streams import (
    STDOUT_NAME,
    STREAM,
    DiskFullError,
    PipeClosedError,
    StandardOutput,
    check_stdout,
    write_stderr,
    write_stdout,
)

__all__ = [
    "COMPRESSED",
    "DEADLY",
    "STDOUT_NAME",
    "STREAM",
    "Content",
    "DiskFullError",
    "PipeClosedError",
    "StandardOutput",
    "Stored",
    "answering",
    "check_output",
    "check_stdout",
    "compressed",
    "default_output",
    "file_identity",
    "printable",
    "publish",
    "read_input",
    "write_stderr",
    "write_stdout",
]
