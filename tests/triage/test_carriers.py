from __future__ import annotations

import pytest
from fakes import NOW
from found import found

from triage.extraction import KeyInfoExtractor
from triage.extraction.carriers import (
    dhl_is_right,
    fedex_is_right,
    mod10_is_right,
    s10_is_right,
    ups_is_right,
)


@pytest.mark.parametrize(
    ("text", "written", "carrier"),
    [
        ("SF1234567890123 没动", "SF1234567890123", "SF"),
        ("sf1234567890123没动", "sf1234567890123", "SF"),
        ("SF 1234 5678 90123 三天没更新", "SF 1234 5678 90123", "SF"),
        ("圆通YT1234567890123", "YT1234567890123", "YTO"),
        ("京东快递JD0012345678901", "JD0012345678901", "JD"),
        ("运单号 773123456789012", "773123456789012", "STO"),
        ("中通75312345678901到哪了", "75312345678901", "ZTO"),
        ("單號75312345678901是中通嗎，物流不動", "75312345678901", "ZTO"),
        ("韵达 4312345678901 派送中", "4312345678901", "Yunda"),
        ("EMS 1184627305918 没更新", "1184627305918", "EMS"),
        ("順豐 254830192746", "254830192746", "SF"),
        ("1Z999AA10123456784 is lost", "1Z999AA10123456784", "UPS"),
        ("1Z 999 AA1 01 2345 6784 says delivered", "1Z 999 AA1 01 2345 6784", "UPS"),
        ("tracking number is LX123456789CN", "LX123456789CN", "UPU"),
        ("parcel EE123456785JP", "EE123456785JP", "EMS"),
        ("USPS 9400111899223197428490", "9400111899223197428490", "USPS"),
        ("9361 2898 7870 0317 6337 95", "9361 2898 7870 0317 6337 95", "USPS"),
        ("FedEx 868896617855 - left", "868896617855", "FedEx"),
        ("tracking 986578788855", "986578788855", "FedEx"),
        ("ETA for 9156096434 (DHL)", "9156096434", "DHL"),
        ("快递 12345678 没到", "12345678", None),
        ("tracking number 517914420493.", "517914420493", None),
    ],
)
def test_tracking_numbers_are_found_with_their_carrier(
    extractor: KeyInfoExtractor, text: str, written: str, carrier: str | None
):
    (info,) = extractor.extract([text], times=[NOW])[0]
    assert (info.type, info.text, info.carrier) == ("tracking_no", written, carrier)
    assert info.value == written.replace(" ", "").upper()


@pytest.mark.parametrize(
    "text",
    ["订单号 4312345678901", "order 986578788855", "货号88123345 顺丰包邮吗", "13812345678 顺丰"],
)
def test_other_numbers_near_such_words_are_no_tracking_numbers(
    extractor: KeyInfoExtractor, text: str
):
    assert "tracking_no" not in [kind for kind, _, _ in found(extractor, text)]


def test_a_wrong_check_digit_needs_words_about_parcels(extractor: KeyInfoExtractor):
    assert found(extractor, "RA123456784GB") == []
    assert [k for k, _, _ in found(extractor, "my parcel RA123456784GB")] == ["tracking_no"]
    assert [k for k, _, _ in found(extractor, "RA123456785GB")] == ["tracking_no"]


def test_check_digits_of_published_examples_are_right():
    assert s10_is_right("RA123456785GB")
    assert not s10_is_right("RA123456784GB")
    assert ups_is_right("1Z999AA10123456784")
    assert not ups_is_right("1Z999AA10123456785")
    assert fedex_is_right("986578788855")
    assert not fedex_is_right("986578788856")
    assert mod10_is_right("9361289878700317633795")
    assert not mod10_is_right("9361289878700317633796")
    assert dhl_is_right("3318810025")
    assert not dhl_is_right("3318810026")
