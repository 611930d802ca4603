from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("退我25.5元", "25.5元", "25.50 CNY"),
        ("扣了￥199", "￥199", "199.00 CNY"),
        ("，73.8元，", "73.8元", "73.80 CNY"),
        ("三百块", "三百块", "300.00 CNY"),
        ("花了三百五十块", "三百五十块", "350.00 CNY"),
        ("才五十多块", "五十多块", "50.00 CNY"),
        ("两千块钱", "两千块钱", "2000.00 CNY"),
        ("1.2万块", "1.2万块", "12000.00 CNY"),
        ("3万块", "3万块", "30000.00 CNY"),
        ("25块5", "25块5", "25.50 CNY"),
        ("两块五", "两块五", "2.50 CNY"),
        ("5毛钱", "5毛钱", "0.50 CNY"),
        ("一块钱", "一块钱", "1.00 CNY"),
        ("花了3k", "3k", "3000.00 CNY"),
        ("500-600元", "500-600元", "500.00 CNY"),
        ("RMB 200", "RMB 200", "200.00 CNY"),
        ("花了HK$1,234.50", "HK$1,234.50", "1234.50 HKD"),
        ("300蚊", "300蚊", "300.00 HKD"),
        ("NT$ 12,600", "NT$ 12,600", "12600.00 TWD"),
        ("500台幣", "500台幣", "500.00 TWD"),
        ("三十歐元", "三十歐元", "30.00 EUR"),
        ("5000日元", "5000日元", "5000.00 JPY"),
        ("五百塊", "五百塊", "500.00 XXX"),
        ("$20 refund", "$20", "20.00 USD"),
        ("$1.5k", "$1.5k", "1500.00 USD"),
        ("20 US dollars", "20 US dollars", "20.00 USD"),
        ("350 bucks", "350 bucks", "350.00 USD"),
        ("two hundred and fifty dollars", "two hundred and fifty dollars", "250.00 USD"),
        ("£15.99.", "£15.99", "15.99 GBP"),
        ("70 quid down", "70 quid", "70.00 GBP"),
        ("€54,90 the", "€54,90", "54.90 EUR"),
        ("1.299,00 €", "1.299,00 €", "1299.00 EUR"),
        ("Rs. 2,499 through", "Rs. 2,499", "2499.00 INR"),
        ("₹1,23,456", "₹1,23,456", "123456.00 INR"),
        ("AUD 45.50", "AUD 45.50", "45.50 AUD"),
    ],
)
def test_amounts_are_found_with_their_currency(
    extractor: KeyInfoExtractor, text: str, written: str, value: str
):
    assert found(extractor, text) == [("amount", written, value)]


def test_yuan_in_traditional_text_names_no_certain_currency(extractor: KeyInfoExtractor):
    assert found(extractor, "退99元", "Hant") == [("amount", "99元", "99.00 XXX")]
    assert found(extractor, "退99元", "Hans") == [("amount", "99元", "99.00 CNY")]


def test_a_bare_dollar_is_the_one_named_beside_it(extractor: KeyInfoExtractor):
    text = "only S$12.40 but where is the other 9 dollars, US$3"
    values = [value for _, value in of_type(extractor, "amount", text)]
    assert values == ["12.40 SGD", "9.00 SGD", "3.00 USD"]


def test_a_full_width_comma_separates_numbers(extractor: KeyInfoExtractor):
    assert of_type(extractor, "amount", "满300减50，500元") == [("500元", "500.00 CNY")]


@pytest.mark.parametrize(
    "text",
    [
        "我们一块去",
        "我哋一塊去",
        "3块蛋糕",
        "换一块屏幕",
        "买一块手表",
        "2元旦",
        "5 pounds of rice",
    ],
)
def test_words_that_only_look_like_money_are_left(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "amount", text) == []
