"""``triage kb import`` and what keeps the shop's own articles."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from training.commands.kb_build import build
from triage.article_store import STORE
from triage.cli import GROUP, make_app

FAQ = "问题,答案,分类\n怎么退款,点申请退款,refund\n快递到哪了,查单号{{订单号}},logistics\n"


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    path = tmp_path / "faq.csv"
    path.write_text(FAQ, encoding="utf-8")
    return path


def stored(shop: Any) -> list[dict[str, Any]]:
    path = shop.models.parent / "kb" / STORE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_import_shows_columns_then_changes_and_writes_them(own_shop: Any, faq: Path) -> None:
    run = own_shop.triage("kb", "import", faq)
    assert run.code == 0
    for shown in ("read as csv, source 'faq'", "问题", "怎么退款", "Written to"):
        assert shown in run.err
    assert "new       faq-" in run.out
    assert "[intent guessed: refund/" in run.out
    assert run.out.splitlines()[-1].startswith("2 new, 0 changed")
    first, second = stored(own_shop)
    assert first["intent"].startswith("refund/")
    assert first["asked"] == "refund"
    assert second["translations"]["zh-Hans"]["reply"] == "查单号{order_id}"


def test_a_dry_run_writes_nothing(own_shop: Any, faq: Path) -> None:
    faq.write_text(f"{FAQ}没有答案,,\n", encoding="utf-8")
    before = sorted(faq.parent.iterdir())
    run = own_shop.triage("kb", "import", faq, "--dry-run")
    assert run.code == 1
    assert "2 new" in run.out
    assert "Nothing was written" in run.err
    assert sorted(faq.parent.iterdir()) == before


def test_importing_again_changes_only_what_differs(own_shop: Any, faq: Path) -> None:
    own_shop.triage("kb", "import", faq)
    before = (own_shop.models.parent / "kb" / STORE).read_bytes()
    again = own_shop.triage("kb", "import", faq)
    assert again.out.startswith("0 new, 0 changed, 0 revived, 2 unchanged")
    assert (own_shop.models.parent / "kb" / STORE).read_bytes() == before
    faq.write_text(FAQ.replace("点申请退款", "点售后").rsplit("快递", 1)[0], encoding="utf-8")
    run = own_shop.triage("kb", "import", faq, "--json")
    report = json.loads(run.out)
    (changed,), (gone,) = report["changed"], report["retired"]
    assert changed["diff"] == ["- zh-Hans.reply: 点申请退款", "+ zh-Hans.reply: 点售后"]
    assert gone["title"] == "快递到哪了"
    assert report["columns"]["问题"] == "question"
    assert [record["version"] for record in stored(own_shop)] == [2, 1]
    faq.write_text(FAQ, encoding="utf-8")
    assert "1 changed, 1 revived" in own_shop.triage("kb", "import", faq).out


def test_bad_rows_do_not_stop_the_rest_and_are_listed(own_shop: Any, faq: Path) -> None:
    own_shop.triage("kb", "import", faq)
    faq.write_text("问题,答案\n新问题,新答案\n没有答案,\n", encoding="utf-8")
    run = own_shop.triage("kb", "import", faq)
    assert run.code == 1
    assert "1 new" in run.out
    assert "2 missing but kept" in run.out
    (reject,) = faq.with_name("faq.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(reject)["place"] == "line 3"
    assert len(stored(own_shop)) == 3


def test_missing_articles_can_be_kept(own_shop: Any, faq: Path) -> None:
    own_shop.triage("kb", "import", faq)
    faq.write_text("问题,答案\n新问题,新答案\n", encoding="utf-8")
    run = own_shop.triage("kb", "import", faq, "--keep-missing", "--intent", "refund/apply")
    assert run.code == 0
    assert "2 missing but kept" in run.out
    assert stored(own_shop)[-1]["intent"] == "refund/apply"


def test_nothing_readable_is_unusable(own_shop: Any, tmp_path: Path) -> None:
    run = own_shop.triage("kb", "import", tmp_path / "none.csv")
    assert run.code == 2
    assert "none.csv" in run.err


def test_own_articles_are_listed_shown_retired_and_restored(own_shop: Any, faq: Path) -> None:
    own_shop.triage("kb", "import", faq, "--source", "shop")
    listed = own_shop.triage("kb", "list", "--json", "--category", "refund").out.splitlines()
    name = json.loads(listed[0])["id"]
    assert len(listed) == 1
    assert own_shop.triage("kb", "list", "--language", "en", "--json").out == ""
    assert "shop" in own_shop.triage("kb", "list").out
    assert own_shop.triage("kb", "retire", name).code == 0
    assert own_shop.triage("kb", "retire", name).code == 2
    assert name in own_shop.triage("kb", "list", "--retired").out
    assert "2 unchanged" in own_shop.triage("kb", "import", faq, "--source", "shop").out
    shown = own_shop.triage("kb", "show", name).out
    for part in ("version 1, macro", "? 怎么退款", "点申请退款", "retired (version 1): by hand"):
        assert part in shown
    assert own_shop.triage("kb", "restore", name).code == 0
    assert json.loads(own_shop.triage("kb", "show", name, "--json").out)["retired"] is None
    assert own_shop.triage("kb", "show", "none").code == 2


def test_an_export_comes_back_as_it_was(own_shop: Any, faq: Path, tmp_path: Path) -> None:
    own_shop.triage("kb", "import", faq)
    out = tmp_path / "out.jsonl"
    assert own_shop.triage("kb", "export", "-o", out).code == 0
    run = own_shop.triage("kb", "import", out, "--source", "faq")
    assert run.out.startswith("0 new, 0 changed, 0 revived, 2 unchanged")


def test_a_build_puts_own_articles_into_service(
    own_shop: Any, faq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_shop.triage("kb", "import", faq)
    monkeypatch.setenv("TRIAGE_MODELS_DIR", str(own_shop.models))
    monkeypatch.setenv("TRIAGE_MODEL", "current")
    app = make_app(
        [
            EntryPoint("kb", "triage.commands.kb:app", GROUP),
            EntryPoint("kb.build", f"{build.__module__}:build", GROUP),
        ]
    )
    run = CliRunner().invoke(app, ["kb", "build", "--name", "shop-kb", "--promote"])
    assert run.exit_code == 0, run.output
    manifest = json.loads((own_shop.models / "shop-kb" / "manifest.json").read_text("utf-8"))
    assert manifest["data"]["based_on"] == "shop-1"
    assert manifest["data"]["articles"]["rows"] == 6
    assert (own_shop.models / "current").read_text("utf-8").strip() == "shop-kb"
    served = own_shop.triage("kb", "list", "--model", "shop-kb", "--json").out
    assert "怎么退款" in served
    again = CliRunner().invoke(app, ["kb", "build", "--name", "shop-kb"])
    assert "there is a model 'shop-kb' already" in str(again.exception)
    shown = CliRunner().invoke(app, ["kb", "build", "--help"]).output
    assert shown.count("kb build") >= 2
