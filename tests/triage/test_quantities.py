from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("买了3件", "3件", "3"),
        ("两双鞋", "两双", "2"),
        ("兩罐奶粉", "兩罐", "2"),
        ("六包面紙", "六包", "6"),
        ("少发1 pcs", "1 pcs", "1"),
        ("买一块手表", "一块", "1"),
        ("还差两个", "两个", "2"),
        ("要20套。", "20套", "20"),
        ("十二个鸡蛋", "十二个", "12"),
        ("两张保修卡", "两张", "2"),
        ("2 pairs of jeans", "2 pairs", "2"),
        ("two boxes crushed", "two boxes", "2"),
        ("a couple of boxes", "a couple of boxes", "2"),
        ("only x3 came", "x3", "3"),
        ("3x only", "3x", "3"),
    ],
)
def test_numbers_with_a_measure_word_are_found(
    extractor: KeyInfoExtractor, text: str, written: str, value: str
):
    assert found(extractor, text) == [("quantity", written, value)]


@pytest.mark.parametrize(
    "text",
    ["三个月", "一个问题", "同一个", "这三张", "第三个", "两个小时", "两个人", "三条短信", "一部分",
     "买一送一", "8个订单", "model X200", "24x36 one", "a set", "1080p", "一张发票", "两单一块发"],
)  # fmt: skip
def test_counts_of_other_things_are_left(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "quantity", text) == []
