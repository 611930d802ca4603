"""``triage kb``: look at the knowledge base that replies come from."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated

import typer

app = typer.Typer(help="Look at the knowledge base of a model.", no_args_is_help=True)


@app.command("list")
def list_articles(
    category: Annotated[str | None, typer.Option(help="Only articles of this category.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
    model: Annotated[str | None, typer.Option(help="A version or a bundle folder.")] = None,
) -> None:
    """List the articles of the promoted model.

    Examples:

        triage kb list --category refund

        triage kb list --json | jq -r .id
    """
    from rich.console import Console
    from rich.table import Table

    from triage.bundle import ARTICLES
    from triage.records import article_fields, read_articles
    from triage.registry import Registry
    from triage.settings import load_settings

    settings = load_settings()
    articles = read_articles(Registry(settings.models_dir).path(model or settings.model) / ARTICLES)
    chosen = [a for a in articles if category in (None, a.category)]
    if as_json:
        for article in chosen:
            typer.echo(json.dumps(article_fields(article), ensure_ascii=False))
        return
    today = date.today()  # noqa: DTZ011  # a shop's promotion window is in its local days
    table = Table("id", "intent", "title", "languages", "valid")
    for article in chosen:
        first = next(iter(article.translations.values()))
        window = f"{article.valid_from or '…'} to {article.valid_until or '…'}"
        limited = article.valid_from or article.valid_until
        valid = ("" if article.valid_on(today) else "not now: ") + (window if limited else "always")
        table.add_row(
            article.id, article.intent, first.title, " ".join(article.translations), valid
        )
    Console().print(table)
