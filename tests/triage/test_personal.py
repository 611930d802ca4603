# ruff: noqa: E501  # tables of texts
from __future__ import annotations

import pytest
from stdnum import luhn

from triage.personal import KEPT, find_personal, folded, settled
from triage.personal.shapes import hong_kong_id, phone_value, resident_id, taiwan_id

FOUND = {
    "phone": [
        "手机|138 0571 2234|打我", "改成|１３８-０５７１-２２３４|谢谢", "|+86 138 0013 8000|", "电话|139****5678|是我的",
        "座机|0571-87654321|转802", "|(0571)87654321|白天在", "香港電話 |9123 4567| 搵我", "手機|0912-345-678|",
        "市話|(02)2345-6789|", "call |5551234567| now", "|(415) 682-9037| is mine", "my mobile |07911 123456|",
        "|+44 (0)20 7946 0123|", "打 |2345 6789| 搵阿明",
    ],
    "email": ["邮箱 |zhang.san@163.com|，改绑", "邮箱：|ｌｉｎａ＠qq.com|", "|abc123 @ qq.com|", "at |john_doe (at) gmail.com|"],
    "id_number": [
        "|11010519491231002X|", "身份证|11010519491231002|少一位", "老身份证|110105491231002|", "身份证号 |1101051949****002X|",
        "|A123456(3)|", "身份證字號|A123456789|", "My SSN: |123-45-6789|", "ssn |123456789| ok", "回乡证|H12345678|",
    ],
    "passport": ["护照号码：|E12345678|", "passport number is |533380006|", "我passport |PA4938207|都upload了"],
    "bank_card": [
        "|4111-1111-1111-1111| declined", "卡号|6222 0212 3456 7890 123|", "退到|6228481234567890123|这张", "|4111111111111111|",
        "to |GB82 WEST 1234 5698 7654 32|",
    ],
    "address": [
        "地址：|北京市海淀区中关村大街27号中关村大厦8层801室|", "寄到|广州天河体育西路101号维多利广场B塔3楼|谢谢",
        "發到|新北市板橋區文化路二段182巷3弄42號5樓|", "|屯門友愛邨愛勇樓1203室|", "发到|湖南省衡阳市衡南县三塘镇大广村5组|",
        "at |1600 Amphitheatre Parkway, Mountain View, CA 94043|", "to |Flat 3, 12 Queen's Road, Brighton BN1 3XA|",
        "|P.O. Box 1187, Astoria OR 97103|", "live at |45 maple street apt 4b, springfield il 62704|",
    ],
    "person": [
        "|张先生|说的", "|陳太|話可以", "收件人 |李娜|", "我叫|陈晓明|，订单", "我是|王芳| 昨天下的单", "|王小虎|13800138000",
        "我朋友|吴子轩|买的", "|諸葛先生|", "名字是|阿依古丽·买买提|", "我男朋友叫|徐磊|他买的", "My name is |John Smith| and",
        "Mr |Smith| called", "Best regards,\n|Anna Lee|", "im |tyler| btw", "Hi, I'm |Tom|. My parcel", "name: |li xiaoming|",
        "持卡人姓名 |WANG XIAOMING|",
    ],
    "chat_id": ["微信号：|xiaoming_88|", "我微信|wxid_k3m8v2qp71x|，加我", "QQ号是|12345678|", "LINE id: |kitty999|", "my wechat is |lucy_wang|"],
    "plate": ["|粤B12345|", "|粤B·D12345|", "my car (|YD71 KWF|)", "車牌 |ABC-1234|"],
    "birth_date": ["出生日期：|1990-01-01|", "我|1990年|生的", "DOB: |01/02/1990|", "born on |3 March 1988|"],
    "secret": ["密码是|abc12345|", "登录密码：|P@ssw0rd!|", "my password is |hunter2|", "验证码 |123456|", "PIN: |4471|"],
    "tax_no": ["税号：|91110108MA01ABCD2X|", "統一編號|12345678|", "VAT no. is |GB 287 4519 19|."],
}  # fmt: skip
KEPT_TEXTS = (
    "订单20251103123456789", "订单号：3918274650192837465 什么时候发", "单号 432918475610 没动", "order 112-3948571-2837465",
    "tracking number 1Z999AA10123456784", "型号 RTX4090-24G", "货号 6901234567892", "¥1,299.00 退给我", "2025-11-20下的单",
    "尺码170/88A", "IMEI 356789104567890", "ISBN 9787302511649", "400-820-8820打不通", "PO 4500123456", "zip code 94103",
    "订单 6228480312567890131", "order number 4111111111111111", "iPhone 15 Pro Max 256G", "谢谢 高兴 方便的话 周末送", "谢谢小姐姐",
    "error code 50012", "微信支付失败了", "password is wrong", "小米14和华为mate60", "I live in Austin", "Tommy Hilfiger tag", "[姓名]收",
)  # fmt: skip


@pytest.mark.parametrize(("type_", "marked"), [(t, m) for t, texts in FOUND.items() for m in texts])
def test_a_planted_detail_is_covered_and_named(type_: str, marked: str) -> None:
    before, detail, after = marked.split("|")
    text = before + detail + after
    standing = settled(folded(text), find_personal(text))
    covered = {i for f in standing for i in range(f.start, f.end)}
    inside = range(len(before), len(before) + len(detail))
    assert [text[i] for i in inside if text[i].isalnum() and i not in covered] == []
    assert type_ in {f.type for f in standing if f.start < inside.stop and inside.start < f.end}


@pytest.mark.parametrize("text", KEPT_TEXTS)
def test_what_is_no_persons_stays(text: str) -> None:
    assert settled(folded(text), find_personal(text)) == []


def test_check_digits_of_published_numbers_fit_and_of_changed_ones_do_not() -> None:
    assert resident_id("11010519491231002X")
    assert not resident_id("110105194912310021")
    assert not resident_id("11010519491331002X")
    assert hong_kong_id("A1234563")
    assert hong_kong_id("AB9876543")
    assert not hong_kong_id("A1234567")
    assert taiwan_id("A123456789")
    assert taiwan_id("B284639176") is not taiwan_id("B284639177")
    assert luhn.is_valid("4111111111111111")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("0912-345-678", "+886912345678"),
        ("+886 912 345 678", "+886912345678"),
        ("9123 4567", "+85291234567"),
        ("(415) 682-9037", "+14156829037"),
        ("139****5678", "139****5678"),
    ],
)
def test_one_number_has_one_value_however_it_is_written(written: str, value: str) -> None:
    assert phone_value(written) == value


def test_the_nearest_cue_decides_what_a_number_is() -> None:
    text = "订单没到，电话13800138000，订单号13800138001"
    found = [(f.type, text[f.start : f.end]) for f in settled(text, find_personal(text))]
    assert found == [("phone", "13800138000")]
    assert any(
        f.type == KEPT and text[f.start : f.end] == "13800138001" for f in find_personal(text)
    )


def test_what_a_stronger_finding_leaves_of_a_weaker_one_is_masked_too() -> None:
    text = "地址 上海市徐汇区漕溪北路398号a.b@c.com邮箱小区"
    covered = {i for f in settled(text, find_personal(text)) for i in range(f.start, f.end)}
    assert all(i in covered for i in range(text.index("漕溪"), text.index("邮箱")))


def test_folding_keeps_every_offset() -> None:
    text = "Ａ１　２—３×"
    assert folded(text) == "A1 2-3*"
    assert len(folded(text)) == len(text)
