from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from triage.circumstances import Case
from triage.domain import Customer, KeyInfo, Priority, Sentiment, SentimentVerdict
from triage.priority import PriorityPolicy, load_policy

if TYPE_CHECKING:
    from triage.extraction import KeyInfoExtractor

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday
WITHIN_A_DAY, WITHIN_DAYS = "deadline_within_a_day", "deadline_within_days"


@pytest.fixture(scope="module")
def policy() -> PriorityPolicy:
    return load_policy()


def deadlines(
    text: str, policy: PriorityPolicy, extractor: KeyInfoExtractor, now: datetime = NOW
) -> list[tuple[str, str]]:
    """Return name and evidence of the computed deadlines of a text."""
    (key_info,) = extractor.extract([text], times=[now])
    reasons = policy.judge(Case(text, key_info=key_info, now=now)).reasons
    found = [r for r in reasons if r.signal in (WITHIN_A_DAY, WITHIN_DAYS)]
    assert all(text[r.start : r.end] == r.evidence for r in found)
    return [(r.signal, r.evidence) for r in found]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("今天之前必须给我退款", "今天"),
        ("明天上午10点前要收到", "明天上午10点"),
        ("婚礼用的，务必在明天送到", "明天"),
        ("11月21号之前能到吗，要用", "11月21号"),
        ("今晚8点前不解决就作废了", "今晚8点"),
        ("明天就要用了，来得及吗", "明天"),
        ("明早考试，准考证还没寄到", "明早"),
        ("我明天出国，護照今天一定要拿到", "今天"),
        ("24小时内给我答复", "24小时内"),
        ("赶在明天前发出来", "明天"),
        ("最晚明天要收到货", "明天"),
        ("please deliver it by tomorrow", "tomorrow"),
        ("I need it today, the party starts at six", "today"),
        ("my flight leaves tomorrow and the bag is not here", "tomorrow"),
        ("it has to be here before Saturday", "Saturday"),
        ("I must have it in 3 hours", "in 3 hours"),
        ("I only have until tonight to submit the receipt, need an answer by tonight", "tonight"),
    ],
)
def test_a_date_within_a_day_with_deadline_wording_is_urgent(
    text: str, date: str, policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    found = deadlines(text, policy, extractor)
    assert found[:1] == [(WITHIN_A_DAY, date)]
    (key_info,) = extractor.extract([text], times=[NOW])
    assert policy.judge(Case(text, key_info=key_info, now=NOW)).level is Priority.URGENT


@pytest.mark.parametrize(
    "text",
    [
        "我今天下单的，什么时候发货",
        "今天收到了，谢谢",
        "昨天之前的订单能改地址吗",
        "三天前买的还没到",
        "优惠券明天前能用吗",
        "今天12点前下单当天发货吗",
        "活动到明天截止吗",
        "说好今天之前送到的，到现在没影",
        "明天前面那家店开门吗",
        "the sale ends tomorrow, right?",
        "it arrived today",
        "is the coupon valid until tomorrow?",
        "it was supposed to be here by today",
        "if I order before tomorrow, is delivery free?",
        "I bought it on Friday",
        "2026-12 之前必须处理",
    ],
)
def test_a_date_without_a_need_is_no_deadline(
    text: str, policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    assert deadlines(text, policy, extractor) == []


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("后天之前要收到", WITHIN_DAYS),
        ("下周二之前必须到", WITHIN_DAYS),
        ("please send it before Tuesday", WITHIN_DAYS),
        ("12月20号之前要用", None),
        ("11月10号之前必须到", None),
    ],
)
def test_the_nearer_the_date_the_stronger_the_signal(
    text: str, signal: str | None, policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    found = deadlines(text, policy, extractor)
    assert [name for name, _ in found] == ([signal] if signal else [])


def test_a_deadline_in_days_makes_a_low_message_high(
    policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    text = "后天之前要收到"
    (key_info,) = extractor.extract([text], times=[NOW])
    assert policy.judge(Case(text, key_info=key_info, now=NOW)).level is Priority.HIGH


def test_an_hour_that_is_past_is_no_deadline(policy: PriorityPolicy, extractor: KeyInfoExtractor):
    assert deadlines("今天14点前要收到", policy, extractor) == []
    assert deadlines("今天16点前要收到", policy, extractor) == [(WITHIN_A_DAY, "今天16点")]


def test_the_day_is_that_of_the_customers_own_clock(
    policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    late = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=8)))
    assert deadlines("今天之前要收到", policy, extractor, late) == [(WITHIN_A_DAY, "今天")]


def test_a_wording_in_another_sentence_does_not_count(
    policy: PriorityPolicy, extractor: KeyInfoExtractor
):
    assert deadlines("今天收到了。必须表扬客服", policy, extractor) == []


def test_without_a_time_nothing_is_a_deadline(policy: PriorityPolicy):
    info = KeyInfo(type="date", text="明天", value="2026-11-21", start=0, end=2)
    assert "deadline" not in str(policy.judge(Case("明天前要到", key_info=(info,))).reasons)


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        ("1999.99 CNY", False),
        ("2000.00 CNY", True),
        ("299.00 USD", False),
        ("300.00 USD", True),
        ("99999.00 JPY", False),
    ],
)
def test_a_sum_counts_from_its_currencys_limit(policy: PriorityPolicy, value: str, *, counts: bool):
    info = KeyInfo(type="amount", text="sum", value=value, start=0, end=3)
    found = policy.assess(Case("sum", key_info=(info,)))
    assert [f.reason.signal for f in found.findings] == ["amount_at_stake"] * counts


def test_of_several_sums_the_largest_is_told(policy: PriorityPolicy):
    infos = [
        KeyInfo(type="amount", text=str(n), value=f"{n}.00 CNY", start=at, end=at + 4)
        for at, n in ((0, 2500), (5, 9000), (10, 3000))
    ]
    (reason,) = policy.judge(Case("2500 9000 3000", key_info=tuple(infos))).reasons
    assert (reason.evidence, reason.start, reason.end) == ("9000", 5, 9)


@pytest.mark.parametrize(("contacts", "points"), [(0, None), (1, 4), (3, 12), (4, 16), (50, 16)])
def test_earlier_contacts_add_points_up_to_a_limit(
    policy: PriorityPolicy, contacts: int, points: int | None
):
    findings = policy.assess(Case("hello", contacts=contacts)).findings
    assert [f.points for f in findings] == ([points] if points else [])
    if points:
        assert findings[0].reason.evidence == str(contacts)
        assert findings[0].reason.start is None


@pytest.mark.parametrize(
    ("label", "confidence", "points"),
    [
        (Sentiment.NEGATIVE, 0.95, [2]),
        (Sentiment.NEGATIVE, 0.85, []),
        (Sentiment.POSITIVE, 0.99, []),
    ],
)
def test_a_tone_counts_when_it_is_surely_negative(
    policy: PriorityPolicy, label: Sentiment, confidence: float, points: list[int]
):
    tone = SentimentVerdict(label=label, confidence=confidence, flags=())
    assert [f.points for f in policy.assess(Case("hello", sentiment=tone)).findings] == points


def test_a_tier_has_no_place_in_the_text(policy: PriorityPolicy):
    (reason,) = policy.judge(Case("hello vip", customer=Customer(tier="VIP"))).reasons
    assert (reason.signal, reason.evidence, reason.start) == ("customer_tier", "vip", None)
