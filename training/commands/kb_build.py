"""``triage kb build``: the shop's own articles into service, with the heads that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from triage.article import Article
    from triage.bundle import Bundle
    from triage.registry import Registry

_SHOWN = 10


def build(
    name: Annotated[str | None, typer.Option(help="Version to write; default: by day.")] = None,
    base: Annotated[
        str | None, typer.Option(help="Whose heads to keep; default: the promoted model.")
    ] = None,
    only_own: Annotated[
        bool, typer.Option("--only-own", help="Without the articles that the model has already.")
    ] = False,
    promote: Annotated[bool, typer.Option("--promote", help="Serve it from now on.")] = False,
) -> None:
    """Build a model with the shop's own articles, without training again.

    Its heads are those of the promoted model; the articles are that model's and, replacing those
    with the same id, the shop's own. Retired ones leave it. The index is new, and so is the ranker
    of replies where the articles have a hundred questions or more.

    Examples:

        triage kb build --promote

        triage kb build --only-own --name shop-2026.11-kb2
    """
    from rich.console import Console

    from training.card import write_card
    from training.commands.console import progress
    from training.rebuild import RebuildPlan, chosen_articles, rebuild_bundle
    from training.train import now_utc
    from triage.article_store import STORE, live, read_store
    from triage.bundle import load_bundle, save_bundle
    from triage.encoder import load_encoder
    from triage.errors import InputError
    from triage.records import sha256_of
    from triage.registry import Registry
    from triage.settings import load_settings

    console = Console(stderr=True)
    settings = load_settings()
    registry = Registry(settings.models_dir)
    stored = read_store(settings.kb_folder)
    if not stored:
        raise InputError(
            f"{settings.kb_folder} holds no articles; import some with `triage kb import`"
        )
    created = now_utc()
    version = _version(registry, name, created)
    old = load_bundle(registry.path(base))
    served = [] if only_own else list(old.knowledge.articles.values())
    articles = chosen_articles(served, live(stored.values()), stored=stored.keys())
    path = settings.kb_folder / STORE
    about = {"file": path.name, "sha256": sha256_of(path), "rows": len(articles)}
    plan = RebuildPlan(version=version, created=created, articles=about)
    with progress(console) as report:
        encoder = load_encoder(old.encoder_source, threads=settings.threads)
        new = rebuild_bundle(old, articles, encoder, plan=plan, report=report)
    save_bundle(new, registry.folder / version)
    write_card(new.manifest, registry.folder / version)
    _tell(console, articles, new, base=old)
    if promote and not _promoted(console, registry, version, base=old.manifest.version):
        raise typer.Exit(1)
    if not promote:
        console.print(f"Serve it with: triage models promote {version}", soft_wrap=True)
    typer.echo(version)


def _version(registry: Registry, name: str | None, created: datetime) -> str:
    """Return a free version: the name given, or one by day."""
    from training.train import next_version
    from triage.errors import InputError
    from triage.registry import check_version

    version = check_version(name or next_version(registry.folder, "kb", created))
    if (registry.folder / version).exists():
        raise InputError(f"there is a model {version!r} already; give another --name")
    return version


def _tell(console: Console, articles: list[Article], new: Bundle, *, base: Bundle) -> None:
    before = base.knowledge.articles
    added = sum(a.id not in before for a in articles)
    gone = len(before.keys() - {a.id for a in articles})
    guessed = [
        f"{a.id} ({intent})"
        for a in articles
        if (intent := new.knowledge.articles[a.id].intent) != a.intent
    ]
    changes, heads = f"{added} added, {gone} taken out", base.manifest.version
    lines = [
        f"{new.manifest.version}: {len(articles)} articles ({changes}), heads of {heads}",
        "The ranker of replies stays as it was" if new.ranker == base.ranker else "New ranker",
    ]
    if guessed:
        more = f" and {len(guessed) - _SHOWN} more" if len(guessed) > _SHOWN else ""
        lines.append(f"Intents guessed: {', '.join(guessed[:_SHOWN])}{more}")
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _promoted(console: Console, registry: Registry, version: str, *, base: str) -> bool:
    """Promote a version; past the gate where its heads are not those in service."""
    from training.commands.gate import Ruling, carry_out, print_ruling, rule

    if registry.current() == base:
        ruling = Ruling(needless=f"the heads are those of {base}, which is current")
    else:
        ruling = rule(registry, version, on=None, console=console)
        print_ruling(console, ruling)
    return carry_out(ruling, console=console, registry=registry, version=version)
