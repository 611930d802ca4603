"""Names in Chinese characters: by title, by cue, quoted or signed, and bare beside other details."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from triage.personal.finding import Finding
from triage.personal.lexicon import Lexicon, lexicon
from triage.text import to_simplified

Place = tuple[int, int, int]  # start, end, certainty

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_ANCHORS = frozenset(
    {"phone", "address", "id_number", "bank_card", "email", "passport", "birth_date", "plate"}
)
_FULL = 3  # characters of most names
_BESIDE = 8  # characters between a bare name and the detail that it stands beside
_END = rf"(?![{_HAN}])"
_FOLLOWS = (
    "(?=[下投報报吧呢啊呀哦啦了订訂付退换換领領名這这那会會等同,的收是在和跟與与電电手身说說想要昨今刚剛本女男我你您拿签簽代来來去下买買填写寫住已还還也先刷付寄托上前后後早晚没沒不都又就"
    "帮幫让讓把被给給从從到有取生改他她沟溝讲講处處态態查]|三个字|三個字|两个字|兩個字)"
)
_TITLES = (
    "先生|小姐|女士|太太|夫人|老师|老師|经理|經理|医生|醫生|同学|同學|师傅|師傅|阿姨|叔叔|大哥|大姐|律师|律師|教授"
    "|主任|老板|老闆|主管|店长|店長|博士|护士|護士|警官|奶奶|爷爷|爺爺"
)
_SHORT_TITLES = f"(?:[总總](?![共是计計额額价價会會裁部之算结結体體得分数數量的店监監])|[太生总總哥姐姨叔伯董](?:{_END}|(?=[講讲話话咗约約答承负負处處那跟和与您你说說打收係話想要在的有刚剛也都不这這吖呀啊,]))|[小老]姐)"
_CUE = (
    "用户|用戶|(?:收件|收货|收貨|寄件|取件|收款)(?=[ :])|我叫|叫做|名叫|中文名|英文名|全名|原名|真實姓名|經手人|经手人|代收人|接收人|投诉人|當事人|当事人|孕妇|学员|乘客|旅客|房客|住客|嘉宾|车主|車主|机主|機主|失主|户主|戶主|受益人|被保险人|紧急联系人|名字|姓名|拼音|大名|真名|收件人|收货人|收貨人|收件者|寄件人|发件人|寄件者|联系人|聯絡人|聯繫人|聯系人"
    "|取件人|取货人|签收人|簽收人|抬头|抬頭|户名|戶名|持卡人|开户人|投保人|入住人|预订人|下单人|申请人|经办人|负责人"
    "|顾客|客户|客戶|买家|買家|业主|業主|本人|实名|签名|簽名|落款|署名|代表|会员名|學員|学员|患者|学生|學生|家长|家長|法人"
)
_KIN = (
    "财务|財務|会计|會計|出纳|小弟|小妹|阿仔|阿女|囡囡|买家实名|实名|實名|员工|職員|职员|專員|专员|小二|骑手|同学|同學|男朋友|女朋友|合伙人|徒弟|学妹|学弟|老乡|表妹|儿媳|女婿|孙子|孙女|孫子|孫女|爺爺|爷爷|奶奶|姑妈|叔叔|阿姨|伯伯|干妈|班长|老师|校长|护士|保姆|月嫂|保洁|前台|门卫|保安|物业|物業|店员|店長|店长|主播|老公|老婆|先生|太太|丈夫|妻子|爱人|愛人|老伴|妈妈|媽媽|爸爸|我妈|我媽|我爸|母亲|母親|父亲|父親|女儿|女兒|儿子|兒子"
    "|孩子|宝宝|寶寶|朋友|同事|室友|邻居|鄰居|弟弟|妹妹|哥哥|姐姐|外婆|外公|婆婆|公公|岳母|岳父|[表堂][哥弟姐妹]|舅舅|姑姑|姨妈|姥姥|姥爷|侄子|侄女|外甥|老板|领导|房东|闺女|媳妇|对象|闺蜜|女友|男友|助理|秘书|客服|快递员|司机"
)
_WEAK_CUE = "(?:请写|請寫|写|寫|填)(?!成)|我是|我係|我系|这是|這是|叫|找|给|給|改成|改为|改為|写成|寫成|写的|填的|换成|換成|请|問|问|联系|聯絡|是|由|让|跟|和|从|從|一下|认识|認識|告诉|告訴|转告|麻烦|麻煩|不是|刻"
_LINK = r"(?:[是叫为為:,写寫填从從由係]|那栏|一栏|那里|改成|改为|改為|写成|写的是|换成|换作|填的是|应该是|應該是|就是|係|个人|個人|显示|顯示|登记|登記|名为|信息|资料|写着|寫著|的|\"|“|「| ){0,4}"

_PARTICLE = re.compile(
    "[的了吗呢吧啊呀嘛么是在有不没和就也很要会到说给我你他她它们这那个几少啦哦哈]"
)
# Of names as well, but of other words far more often.
_COMMON = frozenset(
    "非常齐齊全策政原路宝寶行进進定金别家口品工程经經节節度量价格台电電话話机機号號码碼新旧式样子候关關清货貨期间間门門老成海物之以时時来來才若有会會中天生本民方能言上先发發光通行用西单單全正信收定开開"
)
_OTHER_WORDS = frozenset(
    "付钱錢祝牛花米白黑红紅蓝藍黄黃单單关關冷明成易方高和安应應项項连連温溫白万萬金石时時常平水元张張于於任向经經全查费費房车車项支路强相原满满甘包宣解"
)
_PIECE = re.compile(rf"[{_HAN}]+(?:·[{_HAN}]+)*")


_BEFORE_BARE = re.compile(f"{_CUE}|改成|改为|改為|写成|寫成|[邮寄]给? |不是")


@functools.cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the pattern of a bare name and those that hold one in their group ``name``."""
    words = lexicon()
    surname = f"(?:{'|'.join(sorted(words.compound))}|[{''.join(sorted(words.surnames))}])"
    name = f"{surname}[{_HAN}]{{1,2}}?"
    any_given = "".join(sorted(words.given_characters | set("小一子")))
    given = "".join(sorted(words.given_characters - _COMMON))
    common = "".join(sorted(words.common - _OTHER_WORDS - frozenset("施江童汤湯")))
    sure = "".join(sorted(words.surnames - _OTHER_WORDS))
    long = f"{surname}[{_HAN}]{{1,2}}"
    boundary = f"(?:{_END}|{_FOLLOWS})"
    patterns = (
        rf"{surname}[{_HAN}]{{1,2}}",
        rf"(?P<name>{surname}(?!客服|店(?![长長主])|快递)[{_HAN}]{{0,2}}?(?:{_TITLES})(?!姐))",
        rf"(?P<name>{surname}{_SHORT_TITLES})",
        rf"(?:{_CUE}|[{_HAN}]人){_LINK}(?P<name>{long}{_END}|{name}{boundary})",
        rf"(?:{_CUE})(?:[是叫为為:写寫填]|那栏|改成|改为|改為| ){{1,4}}(?P<name>[{_HAN}]{{2,4}}(?:·[{_HAN}]{{1,6}}){{0,2}}){_END}",
        rf"(?:我叫|名叫|叫做|名字叫)(?P<name>[{_HAN}]{{2,4}}){_END}",
        rf"(?P<name>[{_HAN}]{{1,3}}(?:古丽|古麗|买提|买买提|其其格|巴特尔|次仁|卓玛))(?={_END}|[的收在说是反投])",
        rf"(?:\A|\n) ?(?P<name>{long})[,: ]+(?=[男女]|电话|電話|手机|手機|订单|訂單|地址|身份证|[你您]好|收|1[3-9]\d)",
        rf"(?:^|[^{_HAN}])(?P<name>(?:{'|'.join(sorted(words.compound))})[{_HAN}]{{1,2}}){_END}",
        rf"(?:{_KIN})(?:[是叫:]| ){{0,2}}(?P<name>{long}{_END}|{name}{boundary})",
        rf"(?:{_WEAK_CUE}) ?(?P<name>{long}{_END}|{name}{boundary})",
        rf"(?:^|[^{_HAN}])(?P<name>{long})(?:代?收(?!到|不|货|貨|件|的|费|費|藏|入|据)|簽收|签收|代领|敬上|上)",
        rf"(?:^|[^{_HAN}]|[是叫找系跟和的给让问服壁台卫安业居事员個个])(?P<name>[小老阿]{surname})(?:{_END}|(?=代?[收签簽])|(?=这边|這邊|这里|[在呀啊吧您你说說的沟讲处帮给让告答回态查拿送取签收就可]))",
        rf"(?:客服|师傅|師傅|主播|店员|店員|导购|導購|专员|專員|管家|骑手|快递员|快遞員|技师|同事|美容师|司机|司機)(?:是|叫)?(?P<name>[小阿](?![姐哥妹时時程号號窗蜜二助红紅心])[{_HAN}])",
        rf"(?:{_CUE}|我是|叫){_LINK}(?P<name>阿[{_HAN}]{{1,2}}|小[{_HAN}]){_END}",
        rf"姓(?P<name>{surname})(?=[的,。!?\s]|\Z)",
        rf"(?P<name>{surname}(?:SIR|Sir|sir))(?![a-z])",
        rf"(?<![A-Za-z])(?P<name>[A-Z][a-z]{{1,14}}(?: [A-Z][a-z]{{1,14}})?(?:[哥姐总總](?:{_END}|(?=[話话說说講讲係在的]))|(?={_TITLES})))",
        r"(?P<name>阿[A-Z][a-z]{1,14})(?![A-Za-z])",
        rf"(?:我|免贵|免貴|敝|本人|小)姓(?P<name>{surname})",
        rf"[\"“「『'](?P<name>{long})[\"”」』']",
        rf"(?:(?:{_CUE}|我是){_LINK}|(?<![{_HAN}]))(?P<name>[{_HAN}]{{1,7}}[·・][{_HAN}]{{1,7}}(?:[·・][{_HAN}]{{1,6}}){{0,2}})",
        rf"(?:\n|[-~]) ?(?P<name>{long})[ 。.~!]*(?=\n|\Z)",
        rf"(?:[谢謝感辛烦煩托祝][谢謝激苦了托您你啦们們好安]{{0,4}}|敬上|此致)[,.。!~ ]{{1,3}}(?P<name>{long})[ 。.~]*\Z",
        rf"(?:^|[^{_HAN}]|显示|顯示|由|被|说|是)(?P<name>{long}?)(?=已?(?:经|經)?(?:本人)?(?:代?[签簽]收|代收|代领)|的(?:快递|包裹|订单|訂單|快件|東西|东西|件(?!事|套|衣)))",
        rf"(?P<name>(?:{'|'.join(sorted(words.minority, key=len, reverse=True))}){{2,3}}|(?<![{_HAN}])(?:{'|'.join(sorted(words.minority, key=len, reverse=True))})(?={_END}|[的收在说是]))",
        rf"(?:{_KIN})(?P<name>[{sure}][{given}](?![{any_given}]))",
        rf"(?:{_KIN}|{_CUE}){_LINK}(?P<name>{surname}(?:[{any_given}][{given}]|[{given}小][{any_given}]))",
        rf"(?P<name>(?:{'|'.join(sorted(words.compound))})[{given}]{{1,2}}|(?:(?<![{_HAN}]){surname}|[{sure}])(?:[{given}][{any_given}]|[{any_given}][{given}]))(?:{_END}|{_FOLLOWS})",
        rf"(?P<name>[{common}][{given}][{given}])",
        rf"(?:{_CUE}){_LINK}(?P<name>[A-Z]{{2,20}}(?:, ?|/)[A-Z][A-Za-z-]{{1,20}}(?: [A-Z][A-Za-z-]{{1,20}})?)",
        rf"(?:{_CUE}|我是){_LINK}(?P<name>[A-Z][A-Za-z'-]{{1,20}}(?![A-Za-z0-9])(?:[ /][A-Z][A-Za-z'-]{{1,20}}){{0,2}} ?(?:{surname}{boundary})?)",
        rf"(?<![A-Za-z])(?P<name>[A-Z][a-z]{{1,14}} ?{surname})(?:{_END}|{_FOLLOWS})",
    )
    return tuple(re.compile(pattern) for pattern in patterns)


@functools.cache
def _joined() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a name that runs up to a number, and of one that follows it."""
    words = lexicon()
    surnames, given = "".join(sorted(words.surnames)), "".join(sorted(words.given_characters))
    name = f"(?P<name>[{surnames}][{given}]{{1,2}})"
    return re.compile(rf"{name}[ ,:]{{0,2}}\Z"), re.compile(rf"[ ,:]{{0,2}}{name}")


def chinese_names(text: str, found: Sequence[Finding]) -> Iterator[Place]:
    """Yield names in Chinese characters with their certainty; ``text`` is folded.

    Args:
        found: other details; a bare name beside one of them is a name.
    """
    if not re.search(f"[{_HAN}]", text):
        return
    words, (bare, *patterns) = lexicon(), _patterns()
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span("name")
            end -= len(match["name"]) - len(match["name"].rstrip())
            told = match.start() < start
            if not _is_ordinary(text[start:end], words, told=told):
                yield start, end, 45
    near = _near(found, text)
    if near is None:
        return
    for pattern, place in ((_joined()[0], -1), (_joined()[1], 1)):
        for finding in found:
            if finding.type in ("phone", "id_number"):
                start, end = finding.start, finding.end
                joined = (
                    pattern.search(text, max(0, start - _BESIDE), start)
                    if place < 0
                    else pattern.match(text, end, end + _BESIDE)
                )
                if joined and not _is_ordinary(joined["name"], words):
                    yield *joined.span("name"), 40
    for piece in _PIECE.finditer(text):
        whole = bare.fullmatch(piece[0]) is not None
        if (
            whole
            and (near[piece.start()] or near[piece.end() - 1])
            and not _is_ordinary(piece[0], words)
        ):
            yield *piece.span(), 40


def _is_ordinary(name: str, words: Lexicon, *, told: bool = False) -> bool:
    """Tell whether a name is an ordinary word, or begins as one where nothing tells of a name."""
    plain = to_simplified(name)
    if _PARTICLE.search(plain, 1):
        return True
    if plain.casefold() in words.not_names:
        return True
    if plain in words.ordinary or plain[:3] in words.ordinary:
        return True
    given = told and len(plain) == _FULL and plain[2] in words.given_characters - _COMMON
    return plain[:2] in words.ordinary and not given


def _near(found: Sequence[Finding], text: str) -> bytearray | None:
    """Mark the characters beside details that people write next to names, and behind cues."""
    near: bytearray | None = None
    length = len(text)
    for match in _BEFORE_BARE.finditer(text):
        near = near or bytearray(length)
        end = min(length, match.end() + 2 * _BESIDE)
        near[match.start() : end] = b"\1" * (end - match.start())
    for finding in found:
        if finding.type in _ANCHORS:
            near = near or bytearray(length)
            start, end = max(0, finding.start - _BESIDE), min(length, finding.end + _BESIDE)
            near[start:end] = b"\1" * (end - start)
    return near
