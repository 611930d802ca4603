"""The command as a user runs it, and a small shop of one's own to train in."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from triage.cli import main

ROOT = Path(__file__).resolve().parents[2]
_LABELLED = {
    ("logistics/delay", "high", "negative"): """
        快递三天没动了，怎么还不到|物流信息一直不更新，急死了|包裹卡在中转站一个星期了|说好昨天送到，今天还没影
        my parcel has been stuck for a week|tracking has not moved in five days
        delivery is late again
        the package was due on Monday and still nothing""",
    ("logistics/track", "normal", "neutral"): """
        请问我的快递到哪里了|麻烦查一下物流单号|包裹发出来了吗，在哪里看进度|我想知道我的包裹现在的位置
        where is my parcel now|can you send me the tracking number|how do I track the delivery
        could you check where the package is""",
    ("refund/progress", "high", "negative"): """
        退款一个星期了还没到账，太慢了|退的钱到底什么时候给我|退款显示成功可是没收到钱，气死了|钱还没退回来，你们怎么回事
        my refund still has not arrived, this is a joke|you owe me a refund and nobody answers
        refund says done but there is no money in my bank|I am tired of waiting for the refund""",
    ("refund/apply", "normal", "neutral"): """
        我想申请退款，怎么操作|不想要了可以退款吗|请帮我办理退款|退款的入口在哪里
        how do I ask for a refund|please refund this order
        I would like my money back|can I get a refund here""",
    ("account/password", "normal", "neutral"): """
        忘记密码了怎么找回|密码重置的邮件收不到|怎么修改登录密码|账号密码输错被锁了
        I forgot my password|the password reset mail does not come|how can I change my password
        my account is locked after wrong passwords""",
    ("account/security", "urgent", "negative"): """
        我的账号被盗了，赶紧冻结|有人登录了我的账户，快处理|账户里的余额被人花掉了|收到异地登录提醒，不是我本人
        someone hacked my account|my account was used by a stranger|freeze my account, it was stolen
        there is a login that was not me""",
    ("other/thanks", "low", "positive"): """
        谢谢，问题解决了|客服态度很好，点赞|非常满意，下次还来|收到了，很喜欢，谢谢你们
        thank you, all is well now|great service, thanks a lot|very happy with your help
        many thanks, you were wonderful""",
}  # fmt: skip
_ARTICLES = {
    "refund/apply": ("怎样申请退款", "How to ask for a refund"),
    "refund/progress": ("退款什么时候到账", "When a refund arrives"),
    "logistics/delay": ("快递迟迟不到", "A parcel that is late"),
    "account/password": ("找回密码", "Getting back into an account"),
}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run of the command left: exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder of models with tickets and articles, and a command that works in it."""

    models: Path
    tickets: Path
    articles: Path
    trained: Finished
    triage: Callable[..., Finished]


@pytest.fixture(scope="session")
def script() -> str:
    """Return the installed console script."""
    return str(Path(sys.executable).with_name("triage"))


@pytest.fixture(scope="session")
def triage() -> Callable[..., Finished]:
    """Return a function that runs the command in this process, where libraries are loaded."""
    return run_command


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop whose first model, ``shop-1``, was trained on sixty tickets."""
    folder = tmp_path_factory.mktemp("shop")
    models = folder / "models"
    models.mkdir()
    (models / "encoder").symlink_to(ROOT / "models" / "encoder", target_is_directory=True)
    tickets, articles = folder / "tickets.jsonl", folder / "articles.jsonl"
    _write(tickets, _tickets())
    _write(articles, _articles())
    command = _within(models)
    trained = command("train", tickets, "--articles", articles, "--name", "shop-1")
    return Shop(models, tickets, articles, trained, command)


@pytest.fixture
def own_shop(shop: Shop, tmp_path: Path) -> Shop:
    """Return a copy of the shop that a test may change."""
    models = shutil.copytree(shop.models, tmp_path / "models", symlinks=True)
    return Shop(models, shop.tickets, shop.articles, shop.trained, _within(models))


def run_command(*arguments: object, stdin: bytes = b"", env: dict[str, str] | None = None) -> Any:
    """Run ``triage`` with ``arguments`` and return how it finished."""
    given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as process:
        process.setattr(sys, "argv", ["triage", *map(str, arguments)])
        process.setattr(sys, "stdin", given)
        process.setattr(sys, "stdout", out)
        process.setattr(sys, "stderr", err)
        for name, value in {"COLUMNS": "200", **(env or {})}.items():
            process.setenv(name, value)
        defaults = {"TRIAGE_MODEL": "current", "TRIAGE_HOST": "127.0.0.1", "TRIAGE_WORKERS": "1"}
        for name, value in defaults.items():  # `serve` sets them for its workers
            process.setitem(os.environ, name, os.environ.get(name, value))
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
    return Finished(code, *(_content(stream) for stream in (out, err)))


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.detach()
    raw.seek(0)
    return raw.read().decode()


def _within(models: Path) -> Callable[..., Finished]:
    def command(*arguments: object, stdin: bytes = b"") -> Finished:
        finished: Finished = run_command(
            *arguments, stdin=stdin, env={"TRIAGE_MODELS_DIR": str(models)}
        )
        return finished

    return command


def _tickets() -> list[dict[str, str]]:
    rows = []
    for (intent, priority, sentiment), texts in _LABELLED.items():
        for text in texts.replace("\n", "|").split("|"):
            if text.strip():
                labels = {"priority": priority, "sentiment": sentiment, "intent": intent}
                category = intent.partition("/")[0]
                rows.append({"text": text.strip(), "category": category} | labels)
    return [{"id": f"s-{number}"} | row for number, row in enumerate(rows, start=1)]


def _articles() -> list[dict[str, Any]]:
    return [
        {
            "id": f"own-{intent.replace('/', '-')}",
            "intent": intent,
            "translations": {
                "zh-Hans": {"title": chinese, "questions": [f"{chinese}？"], "reply": "{order_id}"},
                "en": {"title": english, "questions": [f"{english}?"], "reply": "{order_id}"},
            },
        }
        for intent, (chinese, english) in _ARTICLES.items()
    ]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
