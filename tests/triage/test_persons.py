from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我是张先生", "张先生"),
        ("李小姐您好", "李小姐"),
        ("向王女士道歉", "王女士"),
        ("陳經理說的", "陳經理"),
        ("欧阳女士", "欧阳女士"),
        ("王小明先生订的", "王小明先生"),
        ("安装师傅王师傅", "王师傅"),
        ("我係陳太，想問", "陳太"),
        ("何生收", "何生"),
        ("我叫王小明，要退货", "王小明"),
        ("我叫王明我要退货", "王明"),
        ("收件人：李娜", "李娜"),
        ("收件人改成张伟", "张伟"),
        ("聯絡人梁穎詩，", "梁穎詩"),
        ("Mr Smith called", "Mr Smith"),
        ("spoke to Ms. Lee.", "Ms. Lee"),
        ("Mr. Leonard Pike. He", "Mr. Leonard Pike"),
        ("Dr. Rao, please", "Dr. Rao"),
        ("mr smith called", "mr smith"),
        ("my name is Anna Brown", "Anna Brown"),
        ("My name is Anna. You wrote", "Anna"),
        ("my name is anna brown and", "anna brown"),
        ("Hi, this is Ramona Vigil.", "Ramona Vigil"),
        ("Regards,\nEmily Carter", "Emily Carter"),
    ],
)
def test_people_are_found_with_their_title(extractor: KeyInfoExtractor, text: str, name: str):
    assert found(extractor, text) == [("person", name, name)]


@pytest.mark.parametrize(
    "text",
    ["[姓名]先生", "这位先生", "谢谢小姐姐", "谢谢师傅", "我是黄牛?", "我是来退货的", "付款总失败",
     "客服小姐",
     "I miss you", "This is Ridiculous", "thanks Nintendo", "My name is on it", "dr"],
)  # fmt: skip
def test_words_that_are_no_names_are_left(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "person", text) == []
