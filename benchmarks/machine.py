"""Say on what the figures were measured: the processor and the versions, no names or paths."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("kmcli", "scikit-learn", "numpy", "pillow")


def describe() -> str:
    """Give one line for a table's foot: processor, cores, versions."""
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in PACKAGES]
    for program in ("pngquant", "convert"):
        found = program_version(program)
        if found:
            versions.append(found)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores; {', '.join(versions)}"


def program_version(program: str) -> str | None:
    """Ask a program for its version; None if it is not installed."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    found = re.search(r"\d+\.\d+[.\d-]*", answer.stdout)
    name = "ImageMagick" if program == "convert" else Path(program).name
    return f"{name} {found.group()}" if found else None


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.machine()
