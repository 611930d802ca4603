"""The encoder that ships: both languages in one space, both scripts alike, int8 near float32."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from triage.encoder import OnnxEncoder
from triage.settings import default_datasets_dir

FOLDER = Path(__file__).resolve().parents[2] / "models" / "encoder"
TRANSLATIONS = {
    "请问什么时候发货": "When will it be shipped?",
    "我要退货,钱什么时候退": "I want to return it, when do I get my money back?",
    "发票抬头开错了": "The name on the invoice is wrong",
    "优惠券用不了": "My coupon does not work",
    "收到的杯子碎了": "The cup arrived broken",
    "登录不上,收不到验证码": "I can't log in, the code never arrives",
    "可以改一下收货地址吗": "Can I change the delivery address?",
    "今天天气真好": "The weather is lovely today",
}


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder(FOLDER, threads=2)


@pytest.fixture(scope="module")
def messages() -> list[str]:
    lines = (default_datasets_dir() / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[::100]]


def test_a_chinese_sentence_is_nearest_to_its_translation(encoder: OnnxEncoder):
    scores = encoder.encode(list(TRANSLATIONS)) @ encoder.encode(list(TRANSLATIONS.values())).T
    assert (scores.argmax(axis=1) == np.arange(len(TRANSLATIONS))).all()


def test_traditional_and_simplified_of_a_text_have_one_vector(encoder: OnnxEncoder):
    simplified, traditional = encoder.encode(["发货慢,还没收到退款", "發貨慢,還沒收到退款"])
    assert simplified @ traditional == pytest.approx(1, abs=1e-6)


def test_what_says_the_same_is_nearer_than_what_only_looks_alike(encoder: OnnxEncoder):
    text, same, unlike = encoder.encode(["怎么提前还款", "钱想早点还上,在哪里弄", "怎么延期还款"])
    assert text @ same > text @ unlike


def test_int8_vectors_are_near_float32_ones(encoder: OnnxEncoder, messages: list[str]):
    exact = OnnxEncoder(FOLDER, threads=2, precision="float32").encode(messages)
    assert (exact * encoder.encode(messages)).sum(axis=1).mean() > 0.99


def test_a_text_alone_and_in_a_batch_has_one_vector(encoder: OnnxEncoder, messages: list[str]):
    alone = np.vstack([encoder.encode([text]) for text in messages])
    np.testing.assert_array_equal(alone, encoder.encode(messages))


def test_the_folder_is_small_and_documented():
    size = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file())
    assert size < 45_000_000
    assert "SentenceTransformer(" in (FOLDER / "CARD.md").read_text(encoding="utf-8")
