"""The real engine, replaced under load when another model is promoted."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from api.desk import Desk
from api.seat import Seat
from tests.golden.__main__ import MODELS
from triage.domain import Message
from triage.engine import load_engine
from triage.settings import Settings

TEXTS = ("我的快递三天没动了", "I was charged twice", "發票抬頭開錯了", "App 一打开就闪退")


def test_a_promotion_under_load_fails_no_request(tmp_path: Path) -> None:
    first, second = (MODELS / "current").read_text(encoding="utf-8").strip(), "second-1"
    for version in (first, second):
        shutil.copytree(MODELS / first, tmp_path / version)
    manifest = tmp_path / second / "manifest.json"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace(f'"{first}"', f'"{second}"'), encoding="utf-8"
    )
    (tmp_path / "current").write_text(first, encoding="utf-8")
    models: list[str] = []

    async def test() -> None:
        settings = Settings(models_dir=tmp_path, cache_results=0)
        seat = Seat(settings, lambda: load_engine(settings=settings))
        await seat.open()
        desk = Desk(seat, settings)
        desk.open()
        done = asyncio.Event()

        async def ask(text: str) -> None:
            while not done.is_set():
                (result,) = await desk.submit([Message(id=text, text=text)])[0]
                assert result.id == text
                models.append(result.model)

        asking = [asyncio.create_task(ask(text)) for text in TEXTS]
        await asyncio.sleep(0.1)
        (tmp_path / "current").write_text(second, encoding="utf-8")
        await seat.look()
        (result,) = await desk.submit([Message(id="x", text="after")])[0]
        assert result.model == second
        done.set()
        await asyncio.gather(*asking)
        await desk.close()

    asyncio.run(test())
    assert first in models
    assert models == sorted(models, key=[first, second].index)
