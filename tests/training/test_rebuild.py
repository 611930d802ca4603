from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fakes import NOW_UTC, FakeEncoder, article, starter_articles

from training.rebuild import BASED_ON, RebuildPlan, chosen_articles, rebuild_bundle
from triage.bundle import kb_version_of, load_bundle, save_bundle
from triage.errors import BundleError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from triage.bundle import Bundle

PLAN = RebuildPlan(version="kb-1", created=NOW_UTC, articles={"file": "a.jsonl", "sha256": "ab"})
OWN = article("own", "payment/unheard_of", en=("Refund", "where is my refund", "refund please"))


def test_a_rebuilt_model_has_the_same_heads_other_articles_and_says_so(
    bundle: Bundle, tmp_path: Path
):
    made = rebuild_bundle(bundle, [*starter_articles(), OWN], FakeEncoder(), plan=PLAN)
    save_bundle(made, tmp_path / "kb-1")
    loaded = load_bundle(tmp_path / "kb-1")
    assert loaded.manifest.labels == bundle.manifest.labels
    assert loaded.manifest.version == "kb-1"
    assert loaded.manifest.data[BASED_ON] == "tiny-1"
    assert loaded.manifest.data["articles"] == {"file": "a.jsonl", "sha256": "ab"}
    assert loaded.manifest.metrics == bundle.manifest.metrics
    assert "own" in loaded.knowledge.articles
    assert loaded.evidence is not None


def test_unknown_intents_are_guessed_and_few_questions_leave_the_ranker(bundle: Bundle):
    made = rebuild_bundle(bundle, [OWN], FakeEncoder(), plan=PLAN)
    assert made.knowledge.articles["own"].intent == "payment/refund"
    assert made.ranker == bundle.ranker


def test_many_questions_teach_a_ranker(bundle: Bundle):
    asked = [f"where is refund {n} {chr(97 + n % 26)}" for n in range(60)]
    other = [f"parcel {n} {chr(97 + n % 26)} is late" for n in range(60)]
    many = [
        article("r", "payment/refund", en=("R", *asked)),
        article("d", "logistics/delay", en=("D", *other)),
    ]
    assert rebuild_bundle(bundle, many, FakeEncoder(), plan=PLAN).ranker != bundle.ranker


def test_a_ranker_that_was_taught_when_to_be_silent_is_kept(bundle: Bundle):
    taught = replace(bundle, ranker=replace(bundle.ranker, unanswered=40))
    asked = [f"where is refund {n} {chr(97 + n % 26)}" for n in range(120)]
    made = rebuild_bundle(
        taught, [article("r", "payment/refund", en=("R", *asked))], FakeEncoder(), plan=PLAN
    )
    assert made.ranker == taught.ranker


def test_a_rebuilt_model_has_a_knowledge_base_of_its_own_version(bundle: Bundle):
    made = rebuild_bundle(bundle, [OWN], FakeEncoder(), plan=PLAN)
    assert made.kb_version == kb_version_of(made.knowledge.articles.values())
    assert made.kb_version != bundle.kb_version


def test_another_encoder_or_no_article_is_refused(bundle: Bundle):
    with pytest.raises(BundleError, match="'fake@1', but 'other@1' is loaded"):
        rebuild_bundle(bundle, [OWN], FakeEncoder(name="other@1"), plan=PLAN)
    with pytest.raises(InputError, match="kb import"):
        rebuild_bundle(bundle, [], FakeEncoder(), plan=PLAN)


def test_own_articles_replace_the_models_and_retired_ones_leave_it():
    served = starter_articles()
    own = replace(served[0], intent="logistics/other")
    found = chosen_articles(served, [own], stored={"kb-delay", "kb-login"})
    assert {a.id for a in found} == {a.id for a in served} - {"kb-login"}
    assert found[-1] == own
