"""More pairs from the same texts: other wordings, joined sentences, Taiwan's words, mixed language.

It owns transformations that keep a text's meaning; every result is paired with an English text
that stood in the corpus, so nothing here needs another source or licence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from training.encoder.charsmap import simplify
from training.encoder.pairs import Translation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np

# Wordings that mean the same in a question or a request; each may stand for the others.
_INTERCHANGEABLE = tuple(
    tuple(line.split())
    for line in """\
怎么 如何 怎样 咋
怎么办 该怎么办 咋办 如何是好 怎么处理
为什么 为何 为啥 怎么会
什么 啥
什么时候 啥时候 何时 几时
哪里 哪儿 什么地方 何处
多久 多长时间 多少时间
多少钱 什么价 价格是多少 要花多少钱
能不能 可不可以 能否 可否 是否可以
有没有 是否有 有无
是不是 是否
可以吗 行吗 行不行 可不可以
没有 没
现在 目前 眼下
马上 立刻 立即 赶快
一下 下
但是 不过 可是
因为 由于
如果 要是 假如 若
已经 早就 都
非常 很 特别 十分
觉得 认为 感觉
知道 晓得 了解
告诉 告知
帮助 帮忙 协助
需要 要 得
想要 想 希望
给我 帮我 替我
我们 咱们 咱
你们 贵公司
电话 手机号 联系电话
修改 更改 改 变更
查询 查 查看
开通 办理 启用
关闭 取消 停用
申请 提出申请
退款 退钱
快递 包裹 物流
购买 买
收到 拿到
丢了 丢失 遗失 不见了
忘了 忘记 忘记了
""".splitlines()
)
_FILLERS_BEFORE = ("请问", "你好,", "您好,", "那个", "我想问一下,", "想问下", "麻烦问一下,", "亲,")
_FILLERS_AFTER = ("呢", "啊", "呀", "谢谢", ",谢谢", "。", "??", "!")
_ENDING = re.compile(r"[。.!！?？吗呢啊呀吧\s]+$")
_UNTRANSLATED = frozenset(
    re.findall(
        r"\w+",
        """
a an the of to in on at for and or but is are was were be been am do does did it its that this with
by as from s t re ve ll m d so if then than there here
""",
    )
)
REPLACED_SHARE = 0.5
FIRST_WORD_SHARE = 0.75


def reworded(text: str, rng: np.random.Generator) -> str:
    """Return ``text`` with words replaced by equals, a filler added, or its ending changed."""
    plain = simplify(text)
    for group in _INTERCHANGEABLE:
        found = max((word for word in group if word in plain), key=len, default=None)
        if found and len(found) > 1 and rng.random() < REPLACED_SHARE:
            plain = plain.replace(found, str(rng.choice(group)), 1)
    match int(rng.integers(4)):
        case 0:
            plain = str(rng.choice(_FILLERS_BEFORE)) + plain
        case 1:
            plain = _ENDING.sub("", plain) + str(rng.choice(_FILLERS_AFTER))
        case 2:
            plain = _ENDING.sub("", plain) or plain
    return plain


def joined(
    pairs: Sequence[Translation], count: int, *, longest: int, rng: np.random.Generator
) -> Iterator[Translation]:
    """Yield ``count`` texts of two to ``longest`` sentences: the corpus's own are short."""
    for _ in range(count):
        chosen = rng.choice(len(pairs), size=int(rng.integers(2, longest + 1)), replace=False)
        parts = [pairs[int(i)] for i in chosen]
        yield Translation("".join(p.zh for p in parts), " ".join(p.en for p in parts))


def taiwanese(pairs: Iterable[Translation]) -> Iterator[Translation]:
    """Yield the pairs whose wording, not only script, is another in Taiwan (软件 → 軟體)."""
    from opencc import OpenCC

    converter = OpenCC("s2twp")
    for pair in pairs:
        turned = str(converter.convert(simplify(pair.zh)))
        if simplify(turned) != simplify(pair.zh):
            yield Translation(turned, pair.en)


class Mixer:
    """Puts Chinese dictionary words into English texts ("我 want to 取消 my 订单").

    The words of a real domain are so tied to the teacher's reading of whole sentences, where
    only English texts of that domain may be used.
    """

    def __init__(
        self, dictionary: Iterable[tuple[str, list[str]]], counts: Counter[str], *, widest: int = 3
    ) -> None:
        scored: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for word, senses in dictionary:
            for rank, sense in enumerate(senses[:4]):
                key = sense.lower().removeprefix("to ").strip()
                if 0 < len(key.split()) <= widest and key not in _UNTRANSLATED:
                    score = (counts[word] + 0.1) / (1 + rank)
                    scored[key][word] = max(score, scored[key].get(word, 0.0))
        self._widest = widest
        self._chinese = {
            key: sorted(words, key=lambda w: -words[w])[:2] for key, words in scored.items()
        }

    def mix(self, text: str, *, share: float, rng: np.random.Generator) -> str:
        """Return ``text`` with about ``share`` of its translatable words in Chinese."""
        words = text.lower().split()
        mixed: list[str] = []
        position = 0
        while position < len(words):
            width = self._match(words, position) if rng.random() < share else 0
            if width:
                options = self._chinese[_key(words[position : position + width])]
                first = len(options) == 1 or rng.random() < FIRST_WORD_SHARE
                mixed.append(options[0] if first else options[1])
            else:
                mixed.append(words[position])
            position += max(width, 1)
        return " ".join(mixed)

    def _match(self, words: Sequence[str], position: int) -> int:
        for width in range(self._widest, 0, -1):
            if _key(words[position : position + width]) in self._chinese:
                return min(width, len(words) - position)
        return 0


def _key(words: Sequence[str]) -> str:
    return " ".join(words).strip(".,!?;:\"'")
