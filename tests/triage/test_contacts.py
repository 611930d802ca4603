from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor


@pytest.mark.parametrize(
    ("text", "written", "number"),
    [
        ("请打13812345678", "13812345678", "+8613812345678"),
        ("电话 138 1234 5678", "138 1234 5678", "+8613812345678"),
        ("手机：139-8305-2276", "139-8305-2276", "+8613983052276"),
        ("打0571-86730241", "0571-86730241", "+8657186730241"),
        ("客服400-820-8820", "400-820-8820", "+864008208820"),
        ("我的手机0912345678", "0912345678", "+886912345678"),
        ("手機 0912-604-338", "0912-604-338", "+886912604338"),
        ("(02) 2712-3456", "(02) 2712-3456", "+886227123456"),
        ("+886 912 345 678", "+886 912 345 678", "+886912345678"),
        ("電話 9123 4567", "9123 4567", "+85291234567"),
        ("+852 9123 4567", "+852 9123 4567", "+85291234567"),
        ("00852 9123 4567", "00852 9123 4567", "+85291234567"),
        ("call me at (415) 555-2671", "(415) 555-2671", "+14155552671"),
        ("+1 415-555-2671", "+1 415-555-2671", "+14155552671"),
        ("ring 020 7946 0958", "020 7946 0958", "+442079460958"),
        ("my number's +44 7700 900541", "+44 7700 900541", "+447700900541"),
        ("+65 9123 7748。", "+65 9123 7748", "+6591237748"),
        ("+91 98450 61273 only", "+91 98450 61273", "+919845061273"),
    ],
)
def test_phones_are_found_in_e164(
    extractor: KeyInfoExtractor, text: str, written: str, number: str
):
    assert found(extractor, text) == [("phone", written, number)]


def test_eight_spaced_digits_are_a_phone_in_traditional_text(extractor: KeyInfoExtractor):
    assert of_type(extractor, "phone", "何生收，6184 2297", "Hant") == [
        ("6184 2297", "+85261842297")
    ]
    assert of_type(extractor, "phone", "sizes 6184 2297") == []


@pytest.mark.parametrize(
    "text", ["买了 1234567 件", "电话 12345678901234", "2 3 4", "Order number 203-7719-55"]
)
def test_numbers_that_are_no_phones_are_left(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "phone", text) == []


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("发到 Some.Name@Example.co.uk谢谢", "Some.Name@Example.co.uk", "some.name@example.co.uk"),
        ("acc.hsu@chengfeng.com.tw。", "acc.hsu@chengfeng.com.tw", "acc.hsu@chengfeng.com.tw"),
        ("zhao_0416@163.com，试了3遍", "zhao_0416@163.com", "zhao_0416@163.com"),
    ],
)
def test_an_email_address_is_found_and_lowered(
    extractor: KeyInfoExtractor, text: str, written: str, value: str
):
    assert of_type(extractor, "email", text) == [(written, value)]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://shop.example.com/o/123?x=1.", "https://shop.example.com/o/123?x=1"),
        ("链接www.example.com/item,好的", "www.example.com/item"),
        ("链接https://m.example.cn/p/77120?from=share，怕是盗版", "https://m.example.cn/p/77120?from=share"),
        ("(http://a.b/c)", "http://a.b/c"),
        ("this one homely.example.co.uk/p/duvet-135", "homely.example.co.uk/p/duvet-135"),
    ],
)  # fmt: skip
def test_links_end_before_punctuation(extractor: KeyInfoExtractor, text: str, link: str):
    assert found(extractor, text) == [("url", link, link)]


def test_a_number_inside_a_link_is_part_of_the_link(extractor: KeyInfoExtractor):
    assert [k for k, _, _ in found(extractor, "http://x.cn/13812345678 好")] == ["url"]


def test_the_name_of_a_site_alone_is_no_link(extractor: KeyInfoExtractor):
    assert found(extractor, "outlook.com is dead") == []
