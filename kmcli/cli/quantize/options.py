"""The options of ``kmcli quantize``, group by group."""

import functools

import click

from kmcli.cli.declaring import ANY_PATH, option, stacked, when_given
from kmcli.cli.numbers import Decimal, Integer
from kmcli.cli.options import (
    COMMON_GROUP,
    REPORT_GROUP,
    force_option,
    n_init_option,
    output_dir_option,
    report_options,
    seed_option,
    theme_option,
)
from kmcli.cli.quantize.values import (
    read_bytes,
    read_colors,
    read_numbers,
    read_palette_out,
    read_region,
    read_suffix,
)
from kmcli.settings import (
    DITHERS,
    INDEXED_FORMATS,
    MAX_COLORS,
    MAX_INPUT_BYTES,
    MAX_PIXELS,
    QuantizeSettings,
)

METHOD_GROUP = "Method"

_common = functools.partial(option, group=COMMON_GROUP)
_report = functools.partial(option, group=REPORT_GROUP)
_output = functools.partial(option, group="Output")
_target = functools.partial(option, group="Automatic palette size")
_method = functools.partial(option, group=METHOD_GROUP)
_palette = functools.partial(option, group="Palette")
_batch = functools.partial(option, group="Many pictures")
_limits = functools.partial(option, group="Limits")

_DEFAULTS = QuantizeSettings()
_COUNT = Integer(1, 2**63 - 1)  # what the system can count
_MAX_JOBS = 1024

quantize_options = stacked(
    click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=ANY_PATH),
    _common(
        *("-k", "--colors"),
        type=read_numbers,
        metavar="N[,N...]",
        help=f"Maximum number of colours, 1 to {MAX_COLORS}; several numbers write several "
        "results.  [default: 16]",
    ),
    _common(
        *("-o", "--output"),
        metavar="FILE",
        type=ANY_PATH,
        help="Output file for a single input; the suffix selects PNG, GIF or WebP. - is "
        "standard output.  [default: NAME-kN.png]",
    ),
    output_dir_option("Folder for outputs with default names", "the folder of the input"),
    force_option,
    _common(
        "--dither",
        type=click.Choice(DITHERS),
        metavar="METHOD",
        default=_DEFAULTS.dither,
        help="Dithering method, to show smooth shades with few colours: "
        f"{', '.join(DITHERS[:-1])} or {DITHERS[-1]}. Makes files larger.",
    ),
    report_options(COMMON_GROUP),
    _output(
        "--format",
        type=click.Choice(INDEXED_FORMATS),
        help="Output format if the file name does not tell.  [default: png]",
    ),
    _output(
        "--suffix",
        metavar="TEXT",
        type=read_suffix,
        help="Use this suffix in default names instead of -kN, as in NAME-small.png.",
    ),
    _output(
        "--keep-extension",
        is_flag=True,
        help="Keep the extension of the input in default names, as in NAME.jpg-kN.png.",
    ),
    _output(
        "--compare",
        is_flag=True,
        help="Also write NAME-compare.png: the original, the results, and random palettes "
        "below them.",
    ),
    _output(
        "--cloud",
        is_flag=True,
        help="Also write NAME-cloud.png: pixels and palettes in colour space, RGB and Oklab.",
    ),
    theme_option("Output", "Paper of NAME-cloud.png, for print or for a dim room."),
    _output("--in-place", is_flag=True, help="Replace each input with its result."),
    _output(
        "--frame",
        type=_COUNT,
        metavar="N",
        help="Use only frame or page N of the input.  [default: all frames]",
    ),
    _output(
        "--optimize",
        is_flag=True,
        help="Recompress PNGs losslessly; slower, needs 'kmcli[optimize]'.",
    ),
    _output(
        "--skip-if-larger",
        is_flag=True,
        help="Do not write outputs that are not smaller than their input.",
    ),
    _output(
        "--keep-mtime", is_flag=True, help="Copy the modification time of the input to the output."
    ),
    _output(
        "--dry-run", is_flag=True, help="Print a table of what would be written; write nothing."
    ),
    _report(
        "--preview",
        is_flag=True,
        help="Show original, result and palette in a colour terminal.",
    ),
    _target(
        "--min-psnr",
        type=Decimal(min=0),
        metavar="DB",
        help="Use the fewest colours that reach this PSNR; at most -k.",
    ),
    _target(
        "--max-delta-e",
        type=Decimal(min=0),
        metavar="X",
        help="Use the fewest colours whose mean colour difference is at most X; at most -k. 2 is "
        "just noticeable.",
    ),
    _target(
        "--max-size",
        type=read_bytes,
        metavar="BYTES",
        help="Use as many colours as fit in BYTES, such as 50000 or 50k; at most -k.",
    ),
    _method(
        "--effort",
        type=click.Choice(["fast", "normal", "best"]),
        default=_DEFAULTS.effort,
        help="How hard to search for a better palette.",
    ),
    _method(
        "--space",
        type=click.Choice(["oklab", "lab", "rgb"]),
        default=_DEFAULTS.space,
        help="Colour space in which the error is minimised.",
    ),
    _method(
        "--dither-strength",
        type=Decimal(0, 1),
        metavar="X",
        help="Strength of --dither, from 0 (none) to 1 (full).  "
        "[default: 1; for floyd-steinberg, the more the smoother the picture]",
    ),
    _method(
        "--region",
        metavar="X,Y,W,H",
        type=read_region,
        help="Learn the palette only from this part of the picture.",
    ),
    _method(
        "--weight-mask",
        metavar="FILE",
        type=ANY_PATH,
        help="Grey picture of the same size; colours count more where it is light.",
    ),
    n_init_option(METHOD_GROUP, "[default: 16, fewer from 32 colours on]"),
    seed_option(METHOD_GROUP),
    _palette(
        "--palette",
        metavar="FILE",
        type=ANY_PATH,
        help="Use these colours, in their order: .gpl, .pal, .hex, .act, .ase, .json, a PNG or "
        "GIF with a palette, or a list like '#fff,#c00'.",
    ),
    _palette(
        "--palette-out",
        metavar="FILE",
        type=ANY_PATH,
        callback=when_given(read_palette_out),
        help="Also write the palette, as .gpl, .pal, .hex, .act, .ase, .json, .css, or .png "
        "(swatches).",
    ),
    _palette(
        "--lock",
        metavar="COLORS",
        callback=when_given(read_colors, missing=()),
        help="Keep these exact colours in the palette, such as '#fff,#c00', and learn the others "
        "around them.",
    ),
    _palette(
        "--order",
        type=click.Choice(["luminance", "share", "hue"]),
        default=_DEFAULTS.order,
        help="Order of the palette; luminance (dark to light) compresses best.",
    ),
    _batch(
        *("-r", "--recursive"),
        is_flag=True,
        help="Process all pictures in folders; -d keeps the folder tree.",
    ),
    _batch(
        *("-j", "--jobs"),
        type=Integer(1, _MAX_JOBS),
        metavar="N",
        help="Number of pictures to process in parallel.  [default: number of cores]",
    ),
    _batch(
        "--scheduler",
        metavar="ADDRESS",
        help="Run on the workers of the Dask cluster at ADDRESS; they must see the same files.",
    ),
    _batch("--shared-palette", is_flag=True, help="Learn one palette from all pictures together."),
    _limits(
        "--max-pixels",
        type=_COUNT,
        metavar="N",
        default=MAX_PIXELS,
        help="Refuse pictures with more than N pixels, before decoding them.",
    ),
    _limits(
        "--max-input-bytes",
        type=_COUNT,
        metavar="N",
        default=MAX_INPUT_BYTES,
        help="Refuse files and streams of more than N bytes.",
    ),
)
"""All options, the most used first."""
