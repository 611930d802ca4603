"""The evaluation report: figures of ``training.evaluate`` as one HTML page that needs nothing else.

It owns what the page says and in which order; words come from ``training.phrases``, pictures from
``training.charts``, layout from the template. What came from a file is escaped, and no text of a
message is among the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from training import charts
from training.metrics import RESAMPLES
from training.phrases import PageLanguage, phrases
from triage.engine import CATEGORY
from triage.pages import templates_of

if TYPE_CHECKING:
    from jinja2 import Environment

_ALL = "all"
_LEAST = 5  # messages of a label or language before a sentence names it
_TEMPLATE = "report.html.j2"


def render_report(figures: Mapping[str, Any], *, language: PageLanguage = PageLanguage.EN) -> str:
    """Return the page as HTML: equal figures give equal text.

    Args:
        figures: of ``evaluate_engine``; ``file`` may name where the rows came from.
        language: of the page's words; labels stay as they are.
    """
    words = phrases(language)
    file = figures.get("file")
    return _environment().get_template(_TEMPLATE).render(
        words=words,
        figures=figures,
        measured=words["measured"].format(
            rows=figures["rows"],
            file=words["from_file"].format(file=file) if file else "",
            encoder=figures["encoder"],
        ),
        answers=_answers(figures, words),
        tasks=[_section(task, figures, words) for task in figures["tasks"]],
        stranger_note=_stranger_note(figures["out_of_scope"], words),
        guide=[
            words[f"guide_{name}"].format(resamples=f"{RESAMPLES:,}")
            for name in ("interval", "f1", "ece", "auroc", "method")
        ],
    )  # fmt: skip


def share(value: float | None) -> str:
    """Return ``0.813`` as ``81.3%``, and a dash for what is not known."""
    return "–" if value is None else f"{value:.1%}"


def share_interval(estimate: Mapping[str, float] | None) -> str:
    """Return ``81.3% (75.6–86.5%)``, and a dash for what is not known."""
    if estimate is None:
        return "–"
    return f"{estimate['value']:.1%} ({100 * estimate['low']:.1f}–{estimate['high']:.1%})"


def figure(value: float | None) -> str:
    """Return ``0.813``, and a dash for what is not known."""
    return "–" if value is None else f"{value:.3f}"


def figure_interval(estimate: Mapping[str, float]) -> str:
    """Return ``0.813 (0.756–0.865)``."""
    return f"{estimate['value']:.3f} ({estimate['low']:.3f}–{estimate['high']:.3f})"


def distinct(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups without ``all`` where there is only one language, which would repeat it."""
    alone = len(groups) == 2  # noqa: PLR2004  # all rows and the one language
    return {name: cell for name, cell in groups.items() if not (alone and name == _ALL)}


def _environment() -> Environment:
    return templates_of("training", share, share_interval, figure, figure_interval, distinct)


def _answers(figures: Mapping[str, Any], words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the first screen: for each question the answer in large and sentences below it."""
    if not figures["tasks"]:
        return []
    lead = CATEGORY if CATEGORY in figures["tasks"] else next(iter(figures["tasks"]))
    answers = [_rightness(lead, figures["tasks"], words)]
    if figures["review"]:
        answers.append(_asking(figures["review"][_ALL], words))
    answers.append(_mistakes(figures["tasks"][lead], figures["out_of_scope"], words))
    return answers


def _rightness(lead: str, tasks: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    cells = tasks[lead]["by_language"]
    accuracy, rows = cells[_ALL]["accuracy"], cells[_ALL]["rows"]
    hits = round(accuracy["value"] * rows)
    sentences = [
        words["right"].format(task=words[lead], hits=hits, rows=rows),
        words["sampling"].format(low=share(accuracy["low"]), high=share(accuracy["high"])),
    ]
    others = [
        (words.get(group, group), cell)
        for group, cell in cells.items()
        if group != _ALL and cell["rows"] >= _LEAST
    ]
    # One language alone would only say the same again.
    shown = others if len(others) > 1 else []
    shown += [(words[t], tasks[t]["by_language"][_ALL]) for t in tasks if t != lead]
    sentences += [
        words["also_right"].format(
            name=name[0].upper() + name[1:],
            share=share(cell["accuracy"]["value"]),
            rows=cell["rows"],
        )
        for name, cell in shown
    ]
    return _answer(words["asks_right"], share(accuracy["value"]), sentences)


def _answer(question: str, headline: str, sentences: Sequence[str]) -> dict[str, Any]:
    return {"question": question, "headline": headline, "sentences": sentences}


def _asking(review: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    reasons = {name: share(value) for name, value in review["reasons"].items()}
    sentences = [words["asked"].format(share=share(review["needs_review"]), **reasons)]
    if (error := review["error"]) is None:
        sentences.append(words["none_accepted"])
    else:
        sentences.append(
            words["accepted"].format(
                accepted=review["accepted_rows"],
                rows=review["rows"],
                wrong=review["wrong"],
                error=share(error["value"]),
                low=share(error["low"]),
                high=share(error["high"]),
            )
        )
    if stated := review["stated"]:
        sure = stated["sure"]
        key = "stated" if sure is None else "stated_sure"
        sentences.append(words[key].format(most=share(stated["max_error"]), sure=share(sure)))
        sentences.append(words[stated["verdict"]])
    return _answer(words["asks_human"], share(review["needs_review"]), sentences)


def _mistakes(
    task: Mapping[str, Any], strangers: Mapping[str, Any], words: Mapping[str, str]
) -> dict[str, Any]:
    sentences, headline = [words["no_mistake"]], words["none"]
    if task["confusions"]:
        worst = task["confusions"][0]
        headline = f"{charts.short(worst['true'])} → {charts.short(worst['predicted'])}"
        sentences = [words["commonest"].format(**worst)]
    told = [entry for entry in task["labels"] if entry["support"] >= _LEAST]
    if told and task["confusions"]:
        weakest = min(told, key=lambda entry: entry["recall"]["value"])
        hits = round(weakest["recall"]["value"] * weakest["support"])
        sentences.append(
            words["weakest"].format(
                least=_LEAST, label=weakest["label"], hits=hits, rows=weakest["support"]
            )
        )
    if (ece := task["by_language"][_ALL]["ece"]) is not None:
        sentences.append(words["calibrated"].format(ece=f"{100 * ece:.1f}"))
    if strangers:
        recognised = share(strangers["recall_at_95"]["value"])
        sentences.append(words["strangers"].format(rows=strangers["rows"], share=recognised))
    return _answer(words["asks_wrong"], headline, sentences)


def _stranger_note(strangers: Mapping[str, Any], words: Mapping[str, str]) -> str:
    if not strangers:
        return ""
    return words["scope_note"].format(
        rows=strangers["rows"],
        labels=", ".join(strangers["labels"]),
        others=strangers["in_scope_rows"],
        score=words[strangers["score"]],
    )


def _section(task: str, figures: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    found = figures["tasks"][task]
    pictures = [_labels_picture(found["labels"], words), _matrix_picture(found["matrix"], words)]
    if bins := found["by_language"][_ALL]["reliability"]:
        drawn = charts.reliability_chart(bins, words)
        pictures.append(_picture(words["honest"], drawn, words["honest_note"]))
    if risk := found.get("risk_coverage"):
        drawn = _risk_drawing(risk, figures["review"].get(_ALL), words)
        note = words["risk_note"].format(aurc=figure(risk["aurc"]))
        pictures.append(_picture(words["risk"], drawn, note))
    pictures.sort(key=lambda picture: picture["wide"])
    for number, picture in enumerate(pictures):
        picture["svg"] = _trusted(charts.inline(picture["svg"], f"{task}-{number}"))
    return {"name": words[task], "found": found, "pictures": pictures}


def _trusted(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704  # matplotlib escapes every text that it draws


def _picture(title: str, svg: str, note: str, *, wide: bool = False) -> dict[str, Any]:
    return {"title": title, "svg": svg, "note": note, "wide": wide}


def _labels_picture(
    labels: Sequence[Mapping[str, Any]], words: Mapping[str, str]
) -> dict[str, Any]:
    note, total = words["by_label_note"], sum(1 for entry in labels if entry["recall"])
    if total > charts.WIDEST:
        note += " " + words["weakest_only"].format(shown=charts.WIDEST, total=total)
    return _picture(words["by_label"], charts.label_chart(labels, words), note)


def _matrix_picture(matrix: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    note, shown = words["confused_note"], len(matrix["labels"])
    if matrix["left_out"]:
        total = shown + matrix["left_out"]
        note += " " + words["mistakes_only"].format(shown=shown, total=total)
    drawn = charts.confusion_chart(matrix, words)
    return _picture(words["confused"], drawn, note, wide=shown > charts.NARROW)


def _risk_drawing(
    risk: Mapping[str, Any], review: Mapping[str, Any] | None, words: Mapping[str, str]
) -> str:
    at = promised = None
    if review and review["error"]:
        at = (review["accepted"], review["error"]["value"])
        promised = review["stated"]["max_error"] if review["stated"] else None
    return charts.risk_chart(risk["points"], words, at=at, promised=promised)
