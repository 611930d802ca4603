"""The words that tell what the number or name near them is, in both languages.

How the values look is told in ``cues``, ``passwords``, ``birth_dates`` and ``plates``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CODES_OF_GOODS = (
    "error|promo|promotion|promotional|coupon|discount|voucher|product|item|zip|post|postal|area|country|tracking"
    "|order|colou?r|bar|qr|size|model|sku|ref|reference|offer|dress|source|status|referral|invite|invitation|swift"
    "|branch|response|fault|shipping|carrier|hs|tariff|redemption|style|student|return|sale|cashback|batch|part"
    "|department|airport|reason|stop|html|http|fabric|shade|ean|upc|region"
)
CUES = {
    "order": (
        "订单|訂單|单号|單號|单子|單子|运单|運單|工单|工單|快递|快遞|物流|包裹|流水号|交易号|序列号|序號|型号|型號"
        "|货号|貨號|编号|編號|商品号|条码|條碼|发票号|發票號|批号|优惠码|優惠碼|折扣码|折扣碼|兑换码|邀请码|邀請碼|推荐码"
        "|错误码|错误代码|錯誤代碼|单(?=[ :#]?[\\da-z])|單(?=[ :#]?[\\da-z])"
        rf"|\b(?:(?:{_CODES_OF_GOODS})[ -]?codes?|order|orders|tracking|parcel|shipment|waybill|awb|consignment|rma|po"
        r"|sku|ref|reference|serial|s/n|sn|isbn|imei|ticket|case|invoice|model|promo|coupon|discount|voucher|receipt"
        r"|zip|error|part no|item)\b"
    ),
    "phone": (
        "电话|電話|手机|手機|致电|致電|打给|打俾|回电|回電|回拨|回撥|联系方式|聯絡方式|联络|聯絡|联系|聯繫|拨打|撥打"
        "|座机|座機|传真|傳真|短信|(?<![照证證单單卡税稅户牌票物])(?:号码|號碼)|打(?= ?[\\d+])|打我|搵我|whatsapp(?! ?id)"
        r"|\b(?:fax|tel|telephone|phone|mobile|mob|cell|call|text|sms|ring|ph|reach(?:ed|able)?|contact"
        r"|(?:my|his|her|our|contact) (?:no|num|number|nos))\b|(?:^|\n) ?t:"
    ),
    "id": (
        "身份证|身分證|身份證|身分证|身份号|证件|證件|證號|证号|居民证|实名|實名|驾照|駕照|驾驶证|駕駛證|社保|医保|健保"
        "|回乡证|回鄉證|通行证|通行證|台胞证|台胞證|居留|港澳证|军官证|学生证|健保卡"
        r"|\b(?:hkid|identity|national id|(?<!line )(?<!chat )(?<!user )(?<!order )id (?:no|number|card|check|is)"
        r"|ssn|social|nric|fin no|aadhaa?r|adhar|pan (?:card|no|number)|pan(?= ?(?:is)?:? ?[a-z]{5}\d{4}[a-z])|nino|ni (?:no|number)|national insurance"
        r"|medicare|driver'?s? licen[cs]e|driving licen[cs]e|emirates id|mykad|ic (?:no|number))\b"
    ),
    "passport": r"护照|護照|\bpassports?\b",
    "card": (
        "卡号|卡號|银行卡|銀行卡|信用卡|储蓄卡|儲蓄卡|借记卡|提款卡|[农工建招中交]行|银行|銀行|户口号|戶口|账户|賬戶|帳戶"
        r"|(?<![宝寶音书書信录錄陆陸])(?:账号|賬號|帳號)|退到|退去|退回|转到|轉到|打到"
        r"|\b(?:card|cards|acct|account|acc|visa|mastercard|amex|iban|sort code|routing|bsb|ifsc)\b|\ba/c\b"
    ),
    "tax": (
        "税号|稅號|识别号|識別號|信用代码|信用代碼|统编|統編|[统統]一[编編][号號]|商業登記|商业登记|營業登記|营业执照"
        "|营业登记|税务登记|稅務登記|纳税人"
        r"|\b(?:ein|fein|vat(?: reg\w*)?|gst reg\w*|tax|tax id|tax no|tax number|tin|itin|abn|acn|gst|gstin|utr|uen|brn|trn|br (?:no|number)|cuit|rfc|nif|cif"
        r"|siren|siret|ust-?id(?:nr)?|company reg\w*|business reg\w*|crn)\b"
    ),
    "plate": (
        "车牌|車牌|[港澳]牌|车号|車號|(?<=[我的架部台辆輛架])[车車]|[车車](?=[係是:])|[货貨]车|貨車|揸|司機|司机|停[车車喺在]"
        r"|\b(?:(?:number ?|licen[cs]e ?)?plates?|rego?|registration|licen[cs]e|car|vehicle|van|truck|lorry|parked"
        r"|motorbike|scooter|driving)\b"
    ),
    "chat": (
        "微信|薇信|威信|徽信|薇(?= ?[:号號])|加[賴赖]|(?<![A-Za-z])[vV](?=[:号號])|(?<![a-z])(?:wechat|weixin|wxid|wx|vx)(?![a-z])"
        "|加我?[vVqQ](?![A-Za-z])|[qQ](?=号|號)|[vV]信|(?<![a-z])qq(?![a-z.])|扣扣|旺旺|[淘闲]宝?(?:账号|帐号|号|id|ID|名)|用户名|用戶名|会员名|昵称|暱稱"
        "|小红书|小紅書|抖音|快手|微博|支付宝(?:账号|帐号|账户)?|支付寶|telegram|skype|instagram|kakao|(?<![a-z])line(?![a-z])"
        r"|\b(?:tg|ig|ins|insta|snapchat|messenger|venmo|paypal|facebook|fb|discord|viber|zalo"
        r"|(?:whatsapp|taobao|user|wangwang|gaming|psn|login) ?(?:id|name)|username)\b"
    ),
    "birth": (
        "生日|出生|生于|生於|出世|诞生|誕生|生辰|(?<![a-z])(?:dob|d\\.o\\.b|birth ?date|b-?day|birth ?day|date of birth"
        "|year of birth|birth|born|turn(?:s|ed|ing) \\d{1,3}(?: on)?)(?![a-z])"
    ),
    "secret": (
        "密码|密碼|密保|口令|暗号|暗號|验证码|驗證碼|校验码|校驗碼|确认码|確認碼|认证码|認證碼|授权码|授權碼|動態碼|动态码|激活码|短信码|登录码|登入碼|取件码|取件碼|取货码|取貨碼|提货码"
        "|提取[码碼]|安全[码碼]|门禁|門禁|开门码|开锁码|入户码|卡密|(?:背面|背后|背後|后面|後面|(?<=卡)[后後])的?[三3四4]位数?|[四4六6]位(?:数字|數字|数|數)?的?[码碼]"
        r"|\b(?:pass?w[a-z]{1,5}|passcode|pass code|passphrase|pass(?= ?[:=])|pwd|pw|pin|otp|cvv2?|cvc2?|csc|2fa|mfa)"
        r"(?![A-Za-z])(?: no\b| number\b)?"
        r"|\b(?:security question|secret answer|api key|access token|secret key"
        r"|(?:security|verification|access|login|sms|one-time|auth\w*|card|door|gate|pickup|entry|lock ?box|buzzer|alarm"
        r"|entrance|building|key ?safe|lobby|confirmation text) codes?"
        r"|(?:texted|emailed) me|codes?)\b"
    ),
}  # fmt: skip
_HAN = re.compile("[\u4e00-\u9fff]")


def _pattern(kinds: Iterable[str], script: str) -> re.Pattern[str]:
    """Return the cues of some kinds, or of them those in one script."""
    parts = []
    for kind in kinds:
        words = CUES[kind]
        if script != "both":
            wanted = script == "han"
            words = "|".join(w for w in _alternatives(words) if bool(_HAN.search(w)) is wanted)
        if words:
            parts.append(f"(?P<{kind}>{words})")
    return re.compile("|".join(parts), re.ASCII)


def _alternatives(pattern: str) -> list[str]:
    """Split a pattern at the bars that stand in no parentheses."""
    parts, depth, inside = [""], 0, False
    for i, c in enumerate(pattern):
        escaped = i > 0 and pattern[i - 1] == "\\"
        inside = c == "[" or (inside and c != "]")
        depth += 0 if inside or escaped else (c == "(") - (c == ")")
        if c == "|" and depth == 0 and not inside:
            parts.append("")
        else:
            parts[-1] += c
    return parts


# In small letters: a pattern without case would try each of its words at every place.
# What is looked for where no digit stands: only names of accounts and passwords may have none.
_WORDY = ("chat", "secret", "birth")
_PATTERNS = {
    (numbers, script): _pattern(CUES if numbers else _WORDY, script)
    for numbers in (True, False)
    for script in ("han", "latin", "both")
}
_LETTER = re.compile("[a-z]")


def cues(low: str, *, numbers: bool) -> Iterator[re.Match[str]]:
    """Yield the cues of a folded text in small letters, by position.

    Args:
        numbers: whether it has any digit at all.
    """
    mixed = "both" if _LETTER.search(low) else "han"
    script = "latin" if low.isascii() else mixed
    return _PATTERNS[numbers, script].finditer(low)
