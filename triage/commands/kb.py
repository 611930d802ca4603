"""``triage kb``: look at the knowledge base that replies come from, and keep the shop's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.commands.kb_import import import_articles

if TYPE_CHECKING:
    from triage.article import Article
    from triage.article_store import StoredArticle

app = typer.Typer(help="Look at the knowledge base, and keep the shop's own.", no_args_is_help=True)
app.command("import")(import_articles)
Id = Annotated[str, typer.Argument(help="The article's id.", metavar="ID")]


@app.command("list")
def list_articles(
    category: Annotated[str | None, typer.Option(help="Only articles of this category.")] = None,
    language: Annotated[str | None, typer.Option(help="Only articles in zh or en.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Only retired articles.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
    model: Annotated[
        str | None, typer.Option(help="What a version or a bundle folder holds instead.")
    ] = None,
) -> None:
    """List the shop's own articles; before the first import, those of the promoted model.

    Examples:

        triage kb list --category refund

        triage kb list --retired --language en

        triage kb list --json | jq -r .id
    """
    stored = {} if model else _stored()
    shown: list[tuple[Article, StoredArticle | None]] = [
        (r.article, r) for r in stored.values() if (r.retired is not None) == retired
    ]
    if not stored and not retired:
        shown = [(article, None) for article in _served(model)]
    chosen = [(a, r) for a, r in shown if category in (None, a.category) and _is_in(a, language)]
    if as_json:
        for article, record in chosen:
            typer.echo(json.dumps(_fields(article, record), ensure_ascii=False))
    else:
        _print_table(chosen)


@app.command()
def show(
    article: Id,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Show one of the shop's own articles with its history.

    Examples:

        triage kb show zendesk-360001

        triage kb show help/returns --json | jq .history
    """
    from rich.console import Console
    from rich.text import Text

    record = _record(article)
    if as_json:
        typer.echo(json.dumps(record.to_dict(), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in _lines(record):
        console.print(Text(line))


@app.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write (.jsonl).")],
    retired: Annotated[bool, typer.Option("--retired", help="Retired articles too.")] = False,
) -> None:
    """Write the shop's own articles as JSON lines in our schema, as `triage train` reads them.

    Examples:

        triage kb export -o articles.jsonl

        triage kb export -o all.jsonl --retired
    """
    from triage.records import article_fields, whole_file, write_jsonl

    chosen = [r for r in _stored().values() if retired or r.retired is None]
    with whole_file(out) as stream:
        for record in chosen:
            fields = article_fields(record.article)
            write_jsonl(stream, fields | ({"retired": record.retired} if record.retired else {}))
    typer.echo(f"{len(chosen)} articles written to {out}", err=True)


@app.command()
def retire(article: Id) -> None:
    """Take one of the shop's own articles out of service; an import does not bring it back.

    Examples:

        triage kb retire zendesk-360001
    """
    from triage.article_store import BY_HAND
    from triage.revision import retired

    _replace(retired(_record(article), by=BY_HAND, at=_now()))
    typer.echo(f"{article} is retired; `triage kb build` takes it out of the model", err=True)


@app.command()
def restore(article: Id) -> None:
    """Bring a retired article back.

    One that its source no longer has is retired again by the next import without --keep-missing.

    Examples:

        triage kb restore zendesk-360001
    """
    from triage.article_store import BY_HAND
    from triage.revision import restored

    _replace(restored(_record(article), by=BY_HAND, at=_now()))
    typer.echo(f"{article} is in service; `triage kb build` puts it into the model", err=True)


def _stored() -> dict[str, StoredArticle]:
    from triage.article_store import read_store
    from triage.settings import load_settings

    return read_store(load_settings().kb_folder)


def _record(name: str) -> StoredArticle:
    from triage.errors import RecordError

    if (record := _stored().get(name)) is None:
        raise RecordError(f"no article {name!r} in the shop's own; see `triage kb list`")
    return record


def _replace(record: StoredArticle) -> None:
    from triage.article_store import write_store
    from triage.settings import load_settings

    stored = _stored() | {record.article.id: record}
    write_store(load_settings().kb_folder, stored.values())


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _served(model: str | None) -> list[Article]:
    from triage.bundle import ARTICLES
    from triage.records import read_articles
    from triage.registry import Registry
    from triage.settings import load_settings

    settings = load_settings()
    folder = Registry(settings.models_dir).path(model or settings.model)
    return read_articles(folder / ARTICLES)


def _is_in(article: Article, language: str | None) -> bool:
    tags = article.translations
    return language is None or any(language in (tag, tag.partition("-")[0]) for tag in tags)


def _fields(article: Article, record: StoredArticle | None) -> dict[str, Any]:
    from triage.records import article_fields

    if record is None:
        return article_fields(article)
    return {name: value for name, value in record.to_dict().items() if name != "history"}


def _print_table(chosen: list[tuple[Article, StoredArticle | None]]) -> None:
    from datetime import date

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    today = date.today()  # noqa: DTZ011  # a shop's promotion window is in its local days
    table = Table("id", "intent", "title", "languages", "version", "source", "valid")
    for article, record in chosen:
        first = next(iter(article.translations.values()))
        window = f"{article.valid_from or '…'} to {article.valid_until or '…'}"
        limited = article.valid_from or article.valid_until
        valid = ("" if article.valid_on(today) else "not now: ") + (window if limited else "always")
        if record is not None and record.retired:
            valid = f"retired {record.retired[:10]}"
        languages, source = " ".join(article.translations), record.source if record else "model"
        texts = (article.id, article.intent, first.title, languages, str(article.version), source)
        table.add_row(*map(escape, texts), valid)
    Console().print(table)


def _lines(record: StoredArticle) -> list[str]:
    article = record.article
    guessed = "" if record.asked is None else f" (guessed; the source has {record.asked or 'none'})"
    lines = [
        f"{article.id}, version {article.version}, {article.kind.value}",
        f"intent   {article.intent}{guessed}",
        f"source   {record.source} {record.url}".rstrip(),
        f"updated  {record.updated}",
    ]
    if article.tags:
        lines.append(f"tags     {', '.join(article.tags)}")
    if record.retired:
        lines.append(f"retired  {record.retired}, by {record.retired_by}")
    for tag, text in article.translations.items():
        lines += ["", f"[{tag}] {text.title}", *(f"  ? {q}" for q in text.questions), text.reply]
    if record.history:
        lines += ["", "History"]
    for entry in record.history:
        changed = ", ".join(entry.get("before", ())) or f"by {entry.get('by')}"
        lines.append(f"  {entry['at']}  {entry['event']} (version {entry['version']}): {changed}")
    return lines
