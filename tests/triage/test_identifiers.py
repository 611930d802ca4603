from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor


@pytest.mark.parametrize(
    ("text", "written", "number"),
    [
        ("订单号是 20261111123456789,还没到", "20261111123456789", "20261111123456789"),
        ("我的订单号:tb20261120001 怎么还没发货", "tb20261120001", "TB20261120001"),
        ("訂單編號 20261120001 沒收到", "20261120001", "20261120001"),
        ("单号：A7720-3。", "A7720-3", "A7720-3"),
        ("3847291056473829104 到哪了", "3847291056473829104", "3847291056473829104"),
        ("订单 2026 0304 0001 呢", "2026 0304 0001", "202603040001"),
        ("Order #A10-48293 never came", "#A10-48293", "A10-48293"),
        ("my order number is 112-1234567-1234567", "112-1234567-1234567", "112-1234567-1234567"),
        ("#100482 is missing an item", "#100482", "100482"),
        ("Order ID: WX-2026-00891", "WX-2026-00891", "WX-2026-00891"),
        ("pls cancel SG260130228190 thanks", "SG260130228190", "SG260130228190"),
        ("order no. 7782-0091.", "7782-0091", "7782-0091"),
    ],
)
def test_order_numbers_are_found(extractor: KeyInfoExtractor, text: str, written: str, number: str):
    assert found(extractor, text) == [("order_id", written, number)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("orders 100231 and 100232", ["100231", "100232"]),
        ("订单号7788991、7788992和7788993", ["7788991", "7788992", "7788993"]),
        ("#20417 #20418两单", ["#20417", "#20418"]),
    ],
)
def test_a_list_of_order_numbers_is_found_whole(
    extractor: KeyInfoExtractor, text: str, numbers: list[str]
):
    assert [words for words, _ in of_type(extractor, "order_id", text)] == numbers


@pytest.mark.parametrize(
    "text",
    ["UTR 610928374411", "订单尾号8823", "#1 fan", "order 2 more", "error CE-33991-5", "下单12件"],
)
def test_other_numbers_are_no_order_numbers(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "order_id", text) == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SKU: AB-1234-XL 有货吗", "AB-1234-XL"),
        ("货号C7715-02", "C7715-02"),
        ("貨號 88123 還有嗎", "88123"),
        ("商品编号100038842917还有货吗", "100038842917"),
        ("item no. 8800431 in your shop", "8800431"),
        ("article number NP-30-OAT, gone", "NP-30-OAT"),
        ("CT-118-SAGE (item code on the bag)", "CT-118-SAGE"),
        ("/dp/B08N5WRWNW", "B08N5WRWNW"),
        ("id=668214037 这个", "668214037"),
        ("/item/99172.html", "99172"),
        ("B0CX23V2ZK in stock?", "B0CX23V2ZK"),
    ],
)
def test_item_numbers_are_found(extractor: KeyInfoExtractor, text: str, written: str):
    assert found(extractor, text) == [("item_id", written, written)]


def test_codes_before_the_word_that_names_them_are_found(extractor: KeyInfoExtractor):
    text = "AC-1088W同AC-1088B兩個商品編號"
    assert [w for w, _ in of_type(extractor, "item_id", text)] == ["AC-1088W", "AC-1088B"]
