"""Hand-written fakes and the tiny corpus from which the tests' bundle is trained."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from triage.article import Article, ArticleText
from triage.classifier import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

NOW = datetime(2026, 11, 21, 10, 0)  # noqa: DTZ001  # a Saturday, in the customer's own time
NOW_UTC = NOW.replace(tzinfo=UTC)

# intent | priority | sentiment | text
_TICKETS = """
logistics/delay|high|negative|我的快递三天没动了怎么还不到
logistics/delay|high|negative|物流一直不更新,到底什么时候能送到
logistics/delay|normal|neutral|包裹卡在中转站好几天了
logistics/delay|normal|neutral|快遞還要多久才會送到呢
logistics/delay|high|negative|說好昨天送到,包裹到現在還沒來
logistics/delay|high|negative|my parcel is late and nobody tells me why
logistics/delay|normal|neutral|when will the delayed delivery arrive
logistics/delay|high|negative|still waiting for my parcel after two weeks
logistics/delay|normal|negative|the delivery is stuck at the depot
logistics/delay|normal|neutral|tracking has not moved since monday
logistics/address|normal|neutral|收货地址写错了,帮我改一下地址
logistics/address|normal|neutral|可以换个收货地址吗
logistics/address|normal|neutral|地址填成老家了,麻烦改成公司
logistics/address|low|neutral|我想修改收件地址
logistics/address|normal|neutral|請幫我更改收件地址
logistics/address|normal|neutral|please change the delivery address
logistics/address|normal|neutral|i typed the wrong address for my order
logistics/address|low|neutral|can you ship it to my office address instead
logistics/address|normal|neutral|wrong street in the shipping address
logistics/address|low|positive|thanks, could you update my address
payment/refund|high|negative|退款怎么还没到账
payment/refund|high|negative|我的退款拖了十天了,快点退钱
payment/refund|normal|neutral|申请退款之后多久能收到钱
payment/refund|normal|neutral|退款退到哪里去了
payment/refund|high|negative|退款到現在都沒收到
payment/refund|high|negative|where is my refund, it is overdue
payment/refund|normal|neutral|how long does a refund take
payment/refund|high|negative|i want my money back now
payment/refund|normal|neutral|refund was approved but no money came
payment/refund|low|positive|the refund arrived, thank you so much
payment/double_charge|urgent|negative|同一个订单扣了我两次钱
payment/double_charge|high|negative|付款的时候重复扣款了
payment/double_charge|high|negative|银行卡被扣了两笔
payment/double_charge|normal|neutral|好像多扣了一次款,查一下
payment/double_charge|high|negative|刷卡刷了兩次,請退一筆
payment/double_charge|high|negative|i was charged twice for one order
payment/double_charge|urgent|negative|my card was charged two times
payment/double_charge|high|negative|double payment taken from my bank
payment/double_charge|normal|neutral|there is a duplicate charge on my card
payment/double_charge|high|negative|you billed me twice
account/login|normal|neutral|登录不上去,一直提示密码错误
account/login|normal|negative|账号登不进去了
account/login|normal|neutral|收不到登录验证码
account/login|low|neutral|忘记密码了怎么登录
account/login|normal|neutral|帳號登入失敗怎麼辦
account/login|normal|neutral|i cannot log in to my account
account/login|normal|negative|login keeps failing with wrong password
account/login|normal|neutral|no code arrives when i sign in
account/login|low|neutral|forgot my password for the account
account/login|low|positive|i can log in again, great support
account/security|urgent|negative|我的账号被盗了,有人在下单
account/security|urgent|negative|有陌生设备登录了我的账号
account/security|urgent|negative|账号密码被别人改了
account/security|high|negative|账户里有不是我下的订单
account/security|urgent|negative|帳號被盜用了,快點凍結
account/security|urgent|negative|my account was hacked
account/security|urgent|negative|someone else logged in to my account
account/security|urgent|negative|a stranger changed my account email
account/security|high|negative|there are orders in my account i did not make
account/security|urgent|negative|please lock my account, it is compromised
"""


def ticket_rows() -> list[dict[str, str]]:
    """Return the sixty labelled tickets as rows of a file."""
    rows = []
    for number, line in enumerate(_TICKETS.strip().splitlines(), start=1):
        intent, priority, sentiment, text = line.split("|")
        rows.append(
            {
                "id": f"t-{number}",
                "text": text,
                "category": intent.partition("/")[0],
                "intent": intent,
                "priority": priority,
                "sentiment": sentiment,
            }
        )
    return rows


def write_rows(path: Path, rows: Sequence[object]) -> Path:
    """Write rows as JSONL."""
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def article(
    name: str, intent: str, *, zh: Sequence[str] = (), en: Sequence[str] = (), reply: str = "好的"
) -> Article:
    """Return an article whose first text per language is its title, the others its questions."""
    translations = {
        tag: ArticleText(title=texts[0], questions=tuple(texts[1:]), reply=reply)
        for tag, texts in (("zh-Hans", zh), ("en", en))
        if texts
    }
    return Article(id=name, intent=intent, translations=translations)


def starter_articles() -> list[Article]:
    """Return the knowledge base of the tiny bundle."""
    return [
        article(
            "kb-delay",
            "logistics/delay",
            zh=("物流延误", "我的快递怎么还没到", "包裹好几天没动了"),
            en=("Parcel late", "my parcel is late", "where is my delivery"),
            reply="Order {order_id}: {carrier} is late. / 订单延误",
        ),
        article(
            "kb-address",
            "logistics/address",
            zh=("修改地址", "收货地址写错了", "能换收货地址吗"),
            en=("Change of address", "please change the delivery address", "wrong address"),
        ),
        article(
            "kb-refund",
            "payment/refund",
            zh=("退款进度", "退款什么时候到账", "退款还没收到"),
            en=("Refund progress", "where is my refund", "how long does a refund take"),
        ),
        article(
            "kb-double",
            "payment/double_charge",
            zh=("重复扣款", "扣了我两次钱", "被扣了两笔"),
            en=("Charged twice", "i was charged twice", "duplicate charge on my card"),
        ),
        article(
            "kb-login",
            "account/login",
            zh=("无法登录", "账号登录不上", "忘记密码了"),
            en=("Cannot log in", "i cannot log in", "forgot my password"),
        ),
        article(
            "kb-security",
            "account/security",
            zh=("账号被盗", "我的账号被盗了", "有陌生人登录我的账号"),
            en=("Account taken over", "my account was hacked", "someone else uses my account"),
        ),
    ]


def prediction(threshold: float = 1.0, /, **probabilities: float) -> Prediction:
    """Return a prediction with the given probabilities; ``__`` in a name stands for a slash."""
    labels = tuple(name.replace("__", "/") for name in probabilities)
    values = np.array(list(probabilities.values()), dtype=np.float32)
    chosen = tuple(la for la, v in zip(labels, values, strict=True) if v >= threshold)
    return Prediction(labels, values, chosen or (labels[int(values.argmax())],))


class FakeEncoder:
    """Unit vectors from hashes of a text's character pairs: equal texts equal, like texts near."""

    def __init__(self, *, name: str = "fake@1", dim: int = 32) -> None:
        self.name = name
        self.dim = dim
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (n, dim); each depends on its own text only."""
        self.calls.append(list(texts))
        rows = [self._vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dim)

    def _vector(self, text: str) -> NDArray[np.float64]:
        total = np.zeros(self.dim)
        for a, b in pairwise(f" {text} "):
            digest = hashlib.blake2b((a + b).encode("utf-8", "surrogatepass"), digest_size=8)
            rng = np.random.default_rng(int.from_bytes(digest.digest(), "big"))
            total += rng.normal(size=self.dim)
        return total / np.linalg.norm(total)
