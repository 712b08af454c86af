"""The report on a quantized picture."""

import math
from dataclasses import dataclass
from typing import Literal

from kmcli.quantize import QuantizedImage
from kmcli.quantize.fidelity import Fidelity
from kmcli.quantize.targets import Trial
from kmcli.report.model import Field, Report, Section, Table
from kmcli.settings import QuantizeSettings
from kmcli.text import counted


@dataclass(frozen=True)
class QuantizedFile:
    """A quantized picture with the names and sizes of its files, and how good it is."""

    status: Literal["done", "skipped"]  # whether it is written, or skipped for not being smaller
    source: str
    source_format: str
    source_bytes: int
    output: str
    output_bytes: int
    bit_depth: int | None  # bits per index in the output; None if its format has none
    image: QuantizedImage
    ssim: float | None  # structural similarity
    baseline: QuantizedImage  # the same picture with a palette of random pixels
    baseline_ssim: float | None
    settings: QuantizeSettings  # where a target decided, with the number of colours it led to
    trials: tuple[Trial, ...]  # what was tried on the way to a target


def quantize_report(file: QuantizedFile) -> Report:
    """Write the report on one quantized picture."""
    random_pixels = counted(file.settings.n_colors, "random pixel")
    return Report(
        title=f"{file.source} with {counted(file.image.palette.n_used, 'colour')}",
        parts=[
            Section("Picture", _picture_fields(file)),
            Section("Fidelity", fidelity_fields(file.image.fidelity, file.ssim)),
            Section(
                f"Fidelity of {random_pixels} as the palette",
                fidelity_fields(file.baseline.fidelity, file.baseline_ssim),
                key="random_palette",
            ),
            Table("Numbers of colours tried", "curve", _trial_rows(file)),
            Section("Clustering", _clustering_fields(file)),
            Table("Stages", "stages", _stage_rows(file)),
            Table("Palette", "palette", _palette_rows(file), swatch_key="hex"),
        ],
    )


def failure_report(source: str, message: str, exit_code: int) -> Report:
    """Write the report on a picture that failed, with the exit code of this alone."""
    fields = [
        Field("status", "", "failed"),
        Field("input", "", source),
        Field("error", "error", message),
        Field("exit_code", "exit code", exit_code),
    ]
    return Report(title=f"{source} failed", parts=[Section("Failure", fields)])


def _picture_fields(file: QuantizedFile) -> list[Field]:
    image = file.image
    height, width = image.indices.shape[-2:]
    n_frames = image.indices.size // (height * width)
    n_before, n_used = image.n_colors_before, image.palette.n_used
    ratio = file.output_bytes / file.source_bytes
    per_pixel = 8 * file.output_bytes / image.indices.size
    indices = f"{file.bit_depth}-bit indices, " if file.bit_depth is not None else ""
    raw_bits = 8 * image.palette.colors.shape[1]
    index_bits = math.log2(len(image.palette.colors))
    return [
        Field("status", "", file.status),
        Field("input", "input", file.source),
        Field("output", "output", file.output),
        Field("input_format", "input format", file.source_format),
        Field("width", "", width),
        Field("height", "size", height, f"{width} x {height} pixels"),
        Field("frames", "frames" if n_frames > 1 else "", n_frames),
        Field("k", "colours requested", file.settings.n_colors),
        Field("colors_before", "colours before", n_before),
        Field("colors_after", "colours after", n_used),
        Field("input_bytes", "input bytes", file.source_bytes),
        Field(
            "output_bytes",
            "output bytes",
            file.output_bytes,
            f"{file.output_bytes} ({ratio:.1%} of the input)",
        ),
        Field("bits_per_pixel_before", "", raw_bits),
        Field(
            "bits_per_pixel_index",
            "bits per pixel",
            index_bits,
            f"{raw_bits} as pixels, {index_bits:.2f} as an index into the palette",
        ),
        Field("bit_depth", "", file.bit_depth),
        Field(
            "bits_per_pixel_written",
            "as written",
            per_pixel,
            f"{indices}compressed to {per_pixel:.2f} bits per pixel",
        ),
    ]


def fidelity_fields(fidelity: Fidelity, ssim: float | None) -> list[Field]:
    """Give the measures of fidelity as fields of a report."""
    similarity = "not defined below 7 x 7 pixels" if ssim is None else f"{ssim:.4f}"
    return [
        Field("mse", "MSE (RGB, summed)", fidelity.mse, f"{fidelity.mse:.2f}"),
        Field("psnr", "PSNR", fidelity.psnr, _decibels(fidelity.psnr)),
        Field("ssim", "SSIM", ssim, similarity),
        Field(
            "delta_e_mean",
            "Oklab difference, mean",
            fidelity.delta_e_mean,
            f"{fidelity.delta_e_mean:.2f}",
        ),
        Field(
            "delta_e_p95",
            "95th percentile",
            fidelity.delta_e_p95,
            f"{fidelity.delta_e_p95:.2f}",
        ),
        Field(
            "exact_share",
            "unchanged pixels",
            fidelity.exact_share,
            f"{fidelity.exact_share:.1%}",
        ),
    ]


def _clustering_fields(file: QuantizedFile) -> list[Field]:
    kmeans = file.settings.kmeans
    stages = file.image.stages
    n_iter = sum(stage.clustering.n_iter for stage in stages)
    inertia = stages[-1].clustering.inertia if stages else None
    starts = [list(stage.clustering.start_inertias) for stage in stages[:1]]
    is_exact = not stages and file.image.psnr is None
    absence = "an exact copy" if is_exact else "given palette"
    return [
        Field("exact", "", is_exact),
        Field("init", "method", kmeans.init, kmeans.init if stages else f"none: {absence}"),
        Field("n_init", "starts", kmeans.n_init if stages else 0, _starts_text(starts)),
        Field("start_inertias", "", starts[0] if starts else []),
        Field("n_iter", "iterations", n_iter),
        Field("inertia", "inertia", inertia, "0" if inertia is None else f"{inertia:.6g}"),
        Field("space", "error minimised in", file.settings.space),
        *_dithering_fields(file),
        Field("effort", "effort", file.settings.effort),
        Field("seed", "seed", kmeans.random_state),
    ]


def _dithering_fields(file: QuantizedFile) -> list[Field]:
    """Say how the pixels were mapped; an exact copy is not dithered, whatever was asked for."""
    strength = file.image.dither_strength if file.image.fidelity.mse > 0 else 0.0
    method = file.settings.dither if strength > 0 else "none"
    text = f"{method}, strength {strength:g}" if strength > 0 else method
    return [Field("dither", "dithering", method, text), Field("dither_strength", "", strength)]


def _starts_text(starts: list[list[float]]) -> str:
    if not starts:
        return "0"
    inertias = starts[0]
    if len(inertias) == 1:
        return "1"
    return f"{len(inertias)}, inertia from {min(inertias):.6g} to {max(inertias):.6g}"


def _stage_rows(file: QuantizedFile) -> list[list[Field]]:
    return [
        [
            Field("stage", "stage", stage.name),
            Field("points", "points", stage.n_points),
            Field("n_iter", "iterations", stage.clustering.n_iter),
            Field(
                "converged",
                "converged",
                stage.clustering.converged,
                "yes" if stage.clustering.converged else "no",
            ),
            Field(
                "inertia",
                "inertia",
                stage.clustering.inertia,
                f"{stage.clustering.inertia:.6g}",
            ),
        ]
        for stage in file.image.stages
    ]


def _trial_rows(file: QuantizedFile) -> list[list[Field]]:
    return [
        [
            Field("k", "colours", trial.n_colors),
            Field("psnr", "PSNR", trial.psnr, _decibels(trial.psnr)),
            Field(
                "delta_e_mean",
                "Oklab difference, mean",
                trial.delta_e_mean,
                f"{trial.delta_e_mean:.2f}",
            ),
            Field("bytes", "bytes", trial.n_bytes, str(trial.n_bytes or "")),
        ]
        for trial in file.trials
    ]


def _decibels(psnr: float | None) -> str:
    return "exact copy" if psnr is None else f"{psnr:.2f} dB"


def _palette_rows(file: QuantizedFile) -> list[list[Field]]:
    palette = file.image.palette
    rows = zip(palette.hex, palette.shares.tolist(), palette.counts.tolist(), strict=True)
    by_share = sorted(enumerate(rows), key=lambda item: (-item[1][2], item[1][0]))
    return [
        [
            Field("index", "index", index),
            Field("hex", "colour", name),
            Field("share", "share", share, f"{share:.2%}"),
            Field("pixels", "pixels", count),
        ]
        for index, (name, share, count) in by_share
    ]
