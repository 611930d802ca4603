from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.numerals import number


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("25.5", 25.5), ("1,234.50", 1234.5), ("三百五", 350), ("两千零五", 2005), ("1.2万", 12000),
        ("百", 100), ("两三百", 200), ("廿五", 25), ("十五", 15), ("a couple of", 2),
        ("two hundred and fifty", 250), ("half a dozen", 6), ("twenty-five", 25),
        ("three thousand two hundred", 3200), ("a hundred and twenty", 120),
    ],
)  # fmt: skip
def test_numbers_in_digits_and_words_are_read(written: str, value: float):
    assert number(written) == value


@pytest.mark.parametrize("written", ["", "百千千百", "of dogs", "x"])
def test_what_is_no_number_is_none(written: str):
    assert number(written) is None


@given(st.text(max_size=8) | st.text(alphabet="零一二两三十百千万半廿几", max_size=8))
def test_reading_never_raises(written: str):
    number(written)
