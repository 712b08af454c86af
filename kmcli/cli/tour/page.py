"""The tour as one HTML page that needs nothing else, and as a report."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from kmcli.cli.tour.making import Made
from kmcli.cli.tour.notebook import IMPORTS, LIVE_PAGE, PHOTO, Chapter, Number, Shown, Step
from kmcli.figures.html import data_url, digest
from kmcli.report.model import Field, Report, Section, Table
from kmcli.settings import THEMES, Theme


def page(chapters: Sequence[Chapter], made: Mapping[str, Made], theme: Theme) -> bytes:
    """Write the page of what the commands of the steps have made, by the names of the steps.

    The dark theme is dark on every screen; the light one follows what the reader's system
    prefers. Paper is always light.
    """
    template = resources.files("kmcli.cli.tour").joinpath("page.html").read_text("utf-8")
    links = [f'<a href="#{step.name}">{escape(step.title)}</a>' for step in _steps(chapters)]
    quoted = {name: each.reports[0] for name, each in made.items()}
    body = "\n".join(
        f"<h2>{escape(chapter.title)}</h2>\n"
        + "\n".join(_step(step, made[step.name], quoted) for step in chapter.steps)
        for chapter in chapters
    )
    filled = {
        "__THEME__": theme,
        "__POLICY__": _policy(template, made),
        "__LINKS__": "\n".join(f"<li>{link}</li>" for link in links),
        "__IMPORTS__": escape(IMPORTS),
        "__BODY__": body,
    }
    for name, value in filled.items():
        template = template.replace(name, value)
    return template.encode()


def tour_report(chapters: Sequence[Chapter], made: Mapping[str, Made]) -> Report:
    """Give the numbers of the page, a section for each step; of several reports a table."""
    parts: list[Section | Table] = []
    for step in _steps(chapters):
        rows = _rows(step, made[step.name])
        if len(rows) == 1:
            parts.append(Section(step.title, rows[0], key=step.name))
        else:
            parts.append(Table(step.title, step.name, rows))
    return Report("A tour of the course notebook", parts)


def _steps(chapters: Sequence[Chapter]) -> list[Step]:
    return [step for chapter in chapters for step in chapter.steps]


def _live_pages(made: Mapping[str, Made]) -> list[str]:
    found = [next(iter(each.files.values())).get(LIVE_PAGE) for each in made.values()]
    return [data.decode() for data in found if data is not None]


def _policy(template: str, made: Mapping[str, Made]) -> str:
    """Allow the style sheet, the pictures within, and what the live figure brings along."""
    styles, scripts = [digest(template, "style")], []
    for live in _live_pages(made):
        styles.append(digest(live, "style"))
        scripts.append(digest(live, "script"))
    return (
        f"default-src 'none'; img-src data:; style-src {' '.join(styles)}; "
        f"script-src {' '.join(scripts)}; base-uri 'none'; form-action 'none'"
    )


def _rows(step: Step, made: Made) -> list[list[Field]]:
    return [[_field(number, report) for number in step.numbers] for report in made.reports]


def _field(number: Number, report: Mapping[str, Any]) -> Field:
    value: Any = report
    for key in number.key.split("."):
        value = value[key]
    return Field(number.key.replace(".", "_"), number.label, value, format(value, number.form))


def _step(step: Step, made: Made, quoted: Mapping[str, Any]) -> str:
    live, rows = _live_pages({step.name: made}), _rows(step, made)
    return "\n".join(
        [
            f'<article id="{step.name}">',
            f"<h3>{escape(step.title)}</h3>",
            f"<p>{escape(step.text)}</p>",
            _code("In the notebook", step.cells),
            _code("With kmcli", step.command),
            *(_picture(shown, made) for shown in step.pictures),
            *(_live(html) for html in live),
            _numbers(step.title, rows),
            _code("With scikit-learn, after the imports above", step.python),
            f'<p class="gives">gives <output>{rows[-1][0].shown}</output></p>',
            f'<div class="question"><p>{escape(step.question)}</p>',
            f"<details><summary>Answer</summary><p>{escape(step.answer.format(**quoted))}</p>"
            "</details></div>",
            "</article>",
        ]
    )


def _code(title: str, code: str) -> str:
    return (
        f'<figure class="code"><figcaption>{escape(title)}</figcaption>'
        f'<pre tabindex="0"><code>{escape(code)}</code></pre></figure>'
    )


def _picture(shown: Shown, made: Made) -> str:
    themes: Sequence[Theme | None] = THEMES if shown.is_themed else (next(iter(made.files)),)
    alt = escape(shown.caption)
    images = "".join(
        f'<img class="{theme if shown.is_themed else "plain"}" alt="{alt}" '
        f'src="{data_url(made.files[theme][shown.file])}">'
        for theme in themes
    )
    caption = alt
    if shown.file == PHOTO:
        photo = data_url(made.files[themes[0]][PHOTO])
        caption += f' <a download="{PHOTO}" href="{photo}">Save it as {PHOTO}</a>'
    kind = "wide" if shown.is_wide else "whole" if shown.is_themed else "small"
    focus = f' tabindex="0" role="region" aria-label="{alt}"' if shown.is_wide else ""
    return (
        f'<figure class="{kind}"><div{focus}>{images}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _live(html: str) -> str:
    return (
        f'<iframe title="k-means, step by step" sandbox="allow-scripts" '
        f'srcdoc="{escape(html)}"></iframe>'
    )


def _numbers(title: str, rows: Sequence[Sequence[Field]]) -> str:
    if len(rows) == 1:
        pairs = (
            f'<div><dt>{escape(f.label)}</dt><dd data-key="{f.key}">{f.shown}</dd></div>'
            for f in rows[0]
        )
        return f"<dl>{''.join(pairs)}</dl>"
    head = "".join(f'<th scope="col">{escape(field.label)}</th>' for field in rows[0])
    body = "".join(
        "<tr>" + "".join(f'<td data-key="{f.key}">{f.shown}</td>' for f in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
