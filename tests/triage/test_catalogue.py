from __future__ import annotations

from pathlib import Path

import pytest
from fakes import NOW

from triage.errors import ConfigError
from triage.extraction import KeyInfoExtractor, Product, read_catalogue

PRODUCTS = [
    Product("iPhone 15 Pro", sku="IP15-P"),
    Product("iPhone 15"),
    Product("无线降噪耳机", aliases=("降噪耳机", "ANC buds")),
    Product("电动牙刷"),
]


@pytest.fixture(scope="module")
def shop() -> KeyInfoExtractor:
    return KeyInfoExtractor(PRODUCTS)


def products(shop: KeyInfoExtractor, text: str) -> list[tuple[str, str]]:
    (infos,) = shop.extract([text], times=[NOW])
    return [(i.text, i.value) for i in infos if i.type == "product"]


@pytest.mark.parametrize(
    ("text", "written", "name"),
    [
        ("我的iPhone 15 Pro坏了", "iPhone 15 Pro", "iPhone 15 Pro"),
        ("IPHONE15PRO never came", "IPHONE15PRO", "iPhone 15 Pro"),
        ("iphone 15 在哪", "iphone 15", "iPhone 15"),
        ("ｉＰｈｏｎｅ １５到了吗", "ｉＰｈｏｎｅ １５", "iPhone 15"),
        ("無線降噪耳機沒聲音", "無線降噪耳機", "无线降噪耳机"),
        ("降噪耳机没声音", "降噪耳机", "无线降噪耳机"),
        ("my anc buds broke", "anc buds", "无线降噪耳机"),
        ("where is ip15-p", "ip15-p", "iPhone 15 Pro"),
        ("電動牙刷", "電動牙刷", "电动牙刷"),
    ],
)
def test_products_are_found_whatever_case_width_and_script(
    shop: KeyInfoExtractor, text: str, written: str, name: str
):
    assert products(shop, text) == [(written, name)]


def test_the_longest_name_wins_and_offsets_are_those_of_the_text(shop: KeyInfoExtractor):
    text = "买了 iPhone 15 Pro 和电动牙刷"
    (infos,) = shop.extract([text], times=[NOW])
    assert [i.text for i in infos] == ["iPhone 15 Pro", "电动牙刷"]
    assert all(text[i.start : i.end] == i.text for i in infos)


def test_a_part_of_a_word_is_no_product(shop: KeyInfoExtractor):
    assert products(shop, "iPhone 150 and xiphone 15") == []


def test_without_a_catalogue_there_are_no_products(extractor: KeyInfoExtractor):
    assert products(extractor, "iPhone 15 Pro") == []


def test_thousands_of_names_are_searched():
    many = KeyInfoExtractor(Product(f"Gadget {n} Max") for n in range(3000))
    assert products(many, "my gadget 2999 max is dead") == [("gadget 2999 max", "Gadget 2999 Max")]


def test_a_catalogue_is_read_from_csv(tmp_path: Path):
    path = tmp_path / "products.csv"
    path.write_text(
        "\ufeffname,sku,aliases\n充电宝,CB-1,移动电源|power bank\n茶杯,,\n", encoding="utf-8"
    )
    assert read_catalogue(path) == (
        Product("充电宝", "CB-1", ("移动电源", "power bank")),
        Product("茶杯"),
    )


def test_the_column_name_is_enough(tmp_path: Path):
    path = tmp_path / "products.csv"
    path.write_text("name\n茶杯\n", encoding="utf-8")
    assert read_catalogue(path) == (Product("茶杯"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title\nx\n", "no column 'name'.*give a header line"),
        (b"name,sku\nlamp,1\n,2\n", "line 3: the name '' is too short"),
        ("name\n茶\n".encode(), "too short"),
        (b"name\n\xff\xfe\n", "cannot be read.*UTF-8"),
        (b"", "no column 'name'"),
    ],
)
def test_an_unusable_catalogue_is_refused(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_catalogue(path)


def test_an_absent_catalogue_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"cannot be read.*remove the setting catalogue"):
        read_catalogue(tmp_path / "absent.csv")
