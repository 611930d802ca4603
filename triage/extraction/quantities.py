"""How many of the goods: a number with a measure word, 3件, two pairs, 5 pcs, x3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.extraction.amounts import THINGS
from triage.extraction.reading import Found, Reading, Recogniser
from triage.numerals import number

_HAN_NUMBER = r"[0-9]{1,5}|[一二两三四五六七八九十百千]{1,5}|几"
_MEASURES = (
    "件双条盒箱包瓶袋套本台部只支枝张罐桶斤份对副把片卷打枚颗粒串束盆朵幅床顶辆根提板听壶碗杯组"
    "块款箱盏尊樽架面扇筒管捆沓册棵株"
)
_HAN = re.compile(
    rf"(?<![0-9.a-z第这那哪每某同上下前后头几一二两三四五六七八九十百千点/-])"
    rf"(?P<number>{_HAN_NUMBER})(?:大|小|整)?(?P<unit>公斤|千克|[{_MEASURES}]|个(?!月|小时|钟|星期|礼拜|工作日|人|客服|电话|问题|号|多月|半|字|世纪|地方|意思|说法|解释|订单|包裹|快递|单|都|也|没|回复|店|账|词|链接|地址|优惠|理由|是|工单|错误|选择|办法|原因|客人|朋友|平台|活动|评价|差评|型号|微信|手机号|身份证|会员|准话|叉|渠道|女生|男|老|城市|收银|空白|页面|浏览器|口子|洞|靠谱|点|给|能|先后|电话|短信|群|说|年|季|帐|账|验证码|转|破|一|打折))"
)
_MORE_UNITS = re.compile(
    r"(?<![0-9.a-z])(?P<number>[0-9]{1,5})\s?(?P<unit>公斤|千克|[件双条盒箱包瓶袋套台罐桶])(?=[\s,.!?]|$)"
)
_NO_GOODS = re.compile(
    r"(?:件[事套]|条(?:短信|信息|消息|评论|物流|记录|差评|评价|投诉|通知|回复|命|路|微信|语音|规定)|个(?:问题|月|人|小时)"
    r"|部分|本(?:来|身|人)|面(?:前|对)|打(?:电话|开|算|不|了)|台阶|张嘴|对(?:于|不|吧|吗|方|话)|副本|把(?:我|你|他|它|钱|东西)"
    r"|包(?:邮|裹|括|换|退)|只(?:是|能|有|要|会|剩)|提(?:示|交|前|供|醒|现)|听(?:说|不)|组织|架(?:子)?|双(?:十|1|方|倍)|套路"
    r"|颗星|份(?:工作|时间|邮费|心|文件|记录|报告|合同)|下|支(?:架|付|持|行|票)|打(?:就|印|包|扰|听|卡)"
    r"|张(?:(?:发|专|普|电子|电子发|机|门|车|火车|飞机)?票|(?:优惠|运费|店铺|满减|消费|代金|折扣)?券|银行卡|信用卡|截图|图|照片|单|工单|店铺|\\d)|款(?:机|项|式)|片(?:面|刻)|部(?:分|门)|本(?:月|周|店|次|人)|条(?:件|款|码)|根(?:本|据)|组(?:织|成)|团|箱(?:子)?里)"
)
_UNITS_EN = (
    "pc", "pcs", "piece", "pieces", "pair", "pairs", "box", "boxes", "bottle", "bottles", "pack",
    "packs", "packet", "packets", "set", "sets", "unit", "units", "item", "items", "bag", "bags",
    "can", "cans", "tube", "tubes", "jar", "jars", "carton", "cartons", "case", "cases", "roll",
    "rolls", "sheet", "sheets", "bundle", "bundles", "cup", "cups", "copy", "copies", "dozen",
    "dozens", "tin", "tins", "panel", "panels", "pallet", "pallets", "crate", "crates", "pouch",
    "pouches", "sachet", "sachets", "ream", "reams", "loaf", "loaves", "bunch", "bunches",
)  # fmt: skip
_EN_NUMBER = (
    r"[0-9]{1,4}(?:,[0-9]{3})?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|fifteen|twenty|thirty|fifty|a couple(?: of)?|a dozen|half a dozen|two dozen|a hundred"
)
_ENGLISH = re.compile(
    rf"(?<![0-9a-z.,$€£#:/-])(?P<number>{_EN_NUMBER})[\s-]?(?P<unit>{'|'.join(sorted(_UNITS_EN, key=len, reverse=True))})(?![a-z])"
)
_TIMES = re.compile(
    r"(?<![a-z0-9])[x×*]\s?(?P<number>[0-9]{1,2})(?![0-9a-z.]|\s?[x×*])|(?<![0-9a-z.x×])(?P<number2>[0-9]{1,3})[x×](?![0-9a-z]|\s?[0-9])"
)
_ONE = re.compile(r"an?")


def find_quantities(reading: Reading) -> Iterator[Found]:
    """Yield numbers with the measure word of goods; the value is the number alone."""
    low = reading.low
    for match in _HAN.finditer(low):
        if not _NO_GOODS.match(low, match.start("unit")) and (
            match["unit"] != "块" or THINGS.match(low, match.end())
        ):
            yield from _quantity(match, "三" if match["number"] == "几" else match["number"])
    for pattern in (_MORE_UNITS, _ENGLISH):
        for match in pattern.finditer(low):
            if not _ONE.fullmatch(match["number"]):
                yield from _quantity(match, match["number"])
    for match in _TIMES.finditer(low):
        yield from _quantity(match, match["number"] or match["number2"])


def _quantity(match: re.Match[str], written: str) -> Iterator[Found]:
    if (value := number(written)) is not None:
        yield Found("quantity", *match.span(), f"{value:g}")


QUANTITIES = Recogniser(
    frozenset(_MEASURES) | frozenset("个公千x×*") | frozenset(_UNITS_EN), find_quantities
)
