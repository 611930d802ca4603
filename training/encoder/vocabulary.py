"""The vocabulary: the teacher's pieces at their ids, then Chinese words and characters.

It owns which units there are and the tokenizer.json that cuts texts into them; what stands in the
rows that the ids read is left to others.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

from training.encoder.charsmap import character_map, precompile, simplify

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST_WORD = 6
# A longer run of ideographs is cut here: greedy matching costs the square of a run's length.
LONGEST_RUN = 24
SERVICE_WORDS = tuple(
    re.findall(
        r"\w+",
        """
快递 退款 发货 物流 发票 优惠券 订单 客服 签收 价保 退货 换货 运费 售后 七天无理由 保修 红包 满减
包邮 差评 好评 收货 揽件 派送 驿站 自提 催单 改地址 取消订单 尾款 定金 预售 赠品 补发 漏发 错发
少件 假货 正品 维修 安装 投诉 账号 密码 验证码 登录 支付 付款 到账 余额 会员 积分 花呗 白条 借呗
微信 支付宝 银行卡 信用卡 转账 提现 还款 逾期 额度 利息 套餐 流量 话费 宽带 充值 欠费
""",
    )
)

_RUN = re.compile(r"[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens and their ids; an id is also the row of the embedding that it reads.

    Attributes:
        english: the teacher's pieces; their position is their id.
        units: Chinese words and characters; unit ``i`` has id ``len(english) + i``.
    """

    english: tuple[str, ...]
    units: tuple[str, ...]

    def tokens(self) -> dict[str, int]:
        """Return every token with its id, which is its row: both forms of a unit share one."""
        ids = {piece: i for i, piece in enumerate(self.english)}
        for row, unit in enumerate(self.units, start=len(self.english)):
            ids[unit] = ids[f"##{unit}"] = row
        return ids

    def spellings(self) -> list[NDArray[np.int64]]:
        """Return the rows of each unit's characters, one array for each unit."""
        row = {unit: len(self.english) + i for i, unit in enumerate(self.units)}
        return [np.array([row[c] for c in unit], dtype=np.int64) for unit in self.units]

    def save(self, file: Path) -> None:
        """Write the units, one a line; the English pieces are the teacher's."""
        file.write_text("\n".join(self.units) + "\n", encoding="utf-8")


def load_vocabulary(file: Path, english: Sequence[str]) -> Vocabulary:
    """Read the units that :meth:`Vocabulary.save` wrote."""
    return Vocabulary(tuple(english), tuple(file.read_text(encoding="utf-8").split()))


def english_pieces(teacher: Path) -> tuple[str, ...]:
    """Return the WordPiece vocabulary of the teacher's folder, in the order of its ids."""
    content = json.loads((teacher / "tokenizer.json").read_text(encoding="utf-8"))
    pieces: dict[str, int] = content["model"]["vocab"]
    return tuple(sorted(pieces, key=pieces.__getitem__))


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count words of Chinese ``texts`` as rjieba cuts them, in the tokenizer's spelling."""
    import rjieba
    from opencc import OpenCC

    # rjieba knows 著名, the tokenizer 着名: words are cut first and spelt afterwards.
    converter = OpenCC("t2s")
    counts: Counter[str] = Counter()
    for text in texts:
        for run in _RUN.findall(str(converter.convert(text))):
            counts.update(map(simplify, rjieba.cut(run)))
    return counts


def choose_units(
    counts: Counter[str], dictionary: Iterable[str], *, words: int, characters: int
) -> tuple[str, ...]:
    """Choose the units: frequent characters, service words, then frequent words.

    Args:
        counts: words by frequency.
        dictionary: headwords; each counts as seen once and, unlike other words, may be rare.
        words: how many units of two or more characters to take.
        characters: how many single characters to take.
    """
    headwords = {word for word in dictionary if _RUN.fullmatch(word)}
    singles: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            singles[character] += 10 * count
    for word in headwords:
        singles.update(word)
    kept = [c for c, _ in singles.most_common() if _RUN.fullmatch(c)][:characters]
    allowed = set(kept)

    def score(word: str) -> float:
        return counts[word] * (1.0 if word in headwords else 0.3) + (word in headwords) * 0.5

    candidates = {w for w in (*counts, *headwords) if 1 < len(w) <= LONGEST_WORD}
    candidates = {w for w in candidates if allowed.issuperset(w)}
    ranked = sorted(candidates, key=lambda w: (-score(w), len(w), w))
    # The tokenizer's spelling: 著 is 着 there.
    service = [w for w in map(simplify, SERVICE_WORDS) if allowed.issuperset(w)]
    return (*kept, *list(dict.fromkeys([*service, *ranked]))[:words])


def build_tokenizer(vocabulary: Vocabulary, teacher: Path) -> str:
    """Return a tokenizer.json: the teacher's with Chinese; everything happens inside it.

    Texts without ideographs are cut exactly as the teacher cuts them. A unit and its ``##`` form
    have one id. ``tokenizers`` reads that, but would write each id once: keep this text, do not
    save a loaded tokenizer.
    """
    content = json.loads((teacher / "tokenizer.json").read_text(encoding="utf-8"))
    content["padding"] = content["truncation"] = None
    known = {unit for unit in vocabulary.units if len(unit) == 1}
    around = Tokenizer.from_str(json.dumps(content))
    around.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(precompile(character_map(known))),
            normalizers.BertNormalizer(handle_chinese_chars=False, lowercase=True),
        ]
    )
    # The regex engine knows no \\u escapes, so the characters themselves stand in it.
    runs = Regex(f"[\u4e00-\u9fff]{{1,{LONGEST_RUN}}}|[\u3400-\u4dbf\U00020000-\U0003ffff]")
    around.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split(runs, "isolated")]
    )
    content = json.loads(around.to_str())
    content["model"]["vocab"] = vocabulary.tokens()
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
