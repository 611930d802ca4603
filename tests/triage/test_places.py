from __future__ import annotations

import pytest
from found import found, of_type

from triage.extraction import KeyInfoExtractor

ADDRESSES = [
    "广东省广州市天河区体育西路103号维多利广场B座1801室",
    "杭州市拱墅区莫干山路1418号2幢1单元902",
    "浦东新区世纪大道100号环球金融中心20楼",
    "重庆市渝北区龙溪街道红锦大道57号附3号",
    "幸福小区3号楼2单元501",
    "3栋2单元",
    "台北市大安區和平東路二段118巷24號3樓",
    "新北市板橋區文化路一段188巷5號3樓之2",
    "台北市信義區",
    "九龍觀塘開源道62號駱駝漆大廈2座5樓B室",
    "新界沙田大圍車公廟路18號盛田苑3座12樓F室",
    "123 Main St, Apt 4",
    "123 Main St, Apt 4, New York, NY 10001",
    "500 W Madison St, Suite 2710, Chicago, IL 60661",
    "flat 3b, 22 Kings Road, London SW1A 1AA",
    "14 Maple Grove, Headingley, Leeds LS6 2AB",
    "45 oak lane, springfield, il 62704",
    "Blk 412 Ang Mo Kio Ave 10 #08-1123 Singapore 560412",
    "No. 18, Jalan SS 15/4B, 47500 Subang Jaya, Selangor",
    "PO Box 1123, Austin, TX 78701",
]
AROUND = ["{}", "改成{}", "ship to {} please", "地址：{}，谢谢", "at {}. Thanks"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "around", ["{}", "改成{}", "ship to {} please", "地址：{}，谢谢", "at {}. Thanks"]
)
def test_an_address_is_found_from_its_first_part_to_its_last(
    extractor: KeyInfoExtractor, address: str, around: str
):
    assert found(extractor, around.format(address)) == [("address", address, address)]


@pytest.mark.parametrize(
    "text",
    ["深圳市", "武汉转运中心没动", "同城三十公里", "密码不知道", "扔楼下柜子里", "城市超市",
     "4月29号出门旅游",
     "it's a 40 min drive", "till half 7, any way", "best view", "第5街区", "路上", "1 way ticket"],
)  # fmt: skip
def test_single_places_and_other_words_are_left(extractor: KeyInfoExtractor, text: str):
    assert of_type(extractor, "address", text) == []
