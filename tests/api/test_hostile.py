"""Whatever is thrown at the service, it answers or refuses; it never breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

Refused = Callable[..., list[dict[str, Any]]]
PATHS = ("/v1/triage", "/v1/triage/batch")
JSON = {"Content-Type": "application/json"}
FIELDS = (
    "text", "id", "subject", "channel", "customer", "created_at", "fields", "messages", "name",
    "tier",
)  # fmt: skip

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | words, inner, max_size=5)
    ),
    max_leaves=15,
)
near_messages = st.fixed_dictionaries(
    {"text": words | json_values},
    optional={name: words | json_values for name in FIELDS if name not in ("text", "messages")},
)
near_batches = st.fixed_dictionaries(
    {"messages": st.lists(near_messages | json_values, max_size=4) | json_values},
    optional={"zz": json_values},
)
truncated = st.builds(
    lambda value, end: json.dumps(value).encode()[:end],
    near_messages | near_batches,
    st.integers(0, 200),
)
spoiled = st.builds(
    lambda value, at, junk: (
        json.dumps(value).encode()[:at] + junk + json.dumps(value).encode()[at:]
    ),
    near_messages | near_batches,
    st.integers(0, 60),
    st.binary(min_size=1, max_size=3),
)


def _deep(levels: int, *, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + closing * levels


def _in_text(value: str) -> bytes:
    return b'{"text": %s}' % value.encode()


def _as_message(**fields: object) -> bytes:
    return json.dumps({"text": "明天要用 where is it"} | fields).encode()


NOT_JSON = (
    b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x80abc", b"{", b"}", b"[", b"]", b'"',
    b"{]", b'{"text"', b'{"text":', b'{"text":"a"', b'{"text":"a",}', b"{'text':'a'}", b"text=a",
    b"<xml/>", b'{"text":NaN}', b'{"text":Infinity}', b'{"text":-Infinity}', b'{"text":undefined}',
    b'{"text":"\xff"}', b'{"text":"\xc3\x28"}', b'{"text":"\xed\xa0\x80"}', b'{"text":"\\ud800"}',
    b'{"text":"\\udc00\\ud800"}', b'{"text":"\\x41"}', b'{"text":"a\nb"}', b'{"text":"\x00"}',
    b'{"text":01}', b'{"text":1e}', b'{"text":"a"}{"text":"b"}', b'{"text":"a"} x', b"nul", b"True",
    b"[" * 100_000, _deep(100_000).encode(), b'{"text":' * 20_000, _in_text(_deep(100_000)),
    _deep(50_000, opening='{"a":[', closing="]}").encode(), b'{"\\ud800":1}', b"//\n{}", b"1 2",
    '{"text":"嗨"}'.encode("gb18030"), '{"text":"hi"}'.encode("utf-16"),
)  # fmt: skip
NOT_A_MESSAGE = (
    b"null", b"true", b"0", b"-1", b"1.5", b'"text"', b"[]", b"{}", b"[{}]", b'[{"text":"a"}]',
    b'{"text":null}', b'{"text":true}', b'{"text":1}', b'{"text":1e308}', b'{"text":1e400}',
    _in_text("9" * 5_000), b'{"text":-0.0}', b'{"text":[]}', b'{"text":{}}', b'{"text":""}',
    b'{"text":" "}', _in_text('"\\u2003\\u00a0"'), b'{"Text":"a"}', b'{"text ":"a"}', b'{"":""}',
    b'{"text":"a","__class__":"x"}', b'{"text":"a","model_config":{}}', _in_text(_deep(300)),
    _in_text(_deep(900)), _in_text(_deep(1_000)), _in_text(_deep(1_020)), _deep(1_020).encode(),
    _in_text(_deep(500, opening='{"a":', closing="1}")[:-500] + "}" * 499),
    _in_text(_deep(400, opening='{"text":[', closing="]}")),
    _as_message(id=1), _as_message(id=""), _as_message(id="i" * 10_000),
    _as_message(subject="s" * 10_000), _as_message(subject={}), _as_message(channel=[]),
    _as_message(customer=[]), _as_message(customer={"tier": []}), _as_message(customer={"": 1}),
    _as_message(fields=[]), _as_message(fields={"a": None}), _as_message(fields={"a": [1]}),
    _as_message(fields={str(n): "v" for n in range(1_000)}), _as_message(created_at="soon"),
    _as_message(created_at=-1), _as_message(created_at="2026-13-45"), _as_message(created_at=[]),
    _as_message(created_at="inf"), _as_message(created_at="1e400"),
    _as_message(created_at="9" * 400), _as_message(created_at="2026-11-11T25:00:00"),
    _as_message(created_at="2026-11-11T09:30:00+99:99"), _as_message(messages=[]),
    _as_message(text="x" * 2_001), _as_message(text="\u0000" * 2_001),
)  # fmt: skip
ODD_MESSAGES = (
    b'{"text":"a","text":"b"}', b'{"text":"\\u0000"}', _as_message(text="a\x00b"),
    _as_message(text="\u200b"), _as_message(text="\u202e\u200d\ufeff"),
    _as_message(text="😀" * 500),
    _as_message(text="e\u0301\u0302\u0303" * 300), _as_message(text="\U0010ffff\ufffe\uffff"),
    _as_message(text="٣٣٣ ½ ⅷ 一百零零万"),
    _as_message(text="999999999999999天前 in 9999999999 weeks"),
    _as_message(text="三千万亿年前 零零零 廿卅 9999年99月99日 2月30日 25:61"),
    _as_message(text="￥" + "9" * 1_000), _as_message(text="1" + "0" * 1_500 + "元"),
    _as_message(text="<a" * 900), _as_message(text="&lt;script&gt;" * 100),
    _as_message(text="{" * 500),
    _as_message(text="{order_id} %s %n ${x} {{}}"), _as_message(text="'; DROP TABLE tickets; --"),
    _as_message(text="../../etc/passwd\\x00"), _as_message(text="a\n" * 1_000),
    _as_message(created_at="0001-01-01T00:00:00+14:00", text="昨天 上周 3天前 last month"),
    _as_message(created_at="9999-12-31T23:59:59-12:00", text="明天 下周三 in 5 days next year"),
    _as_message(customer={}), _as_message(customer={"tier": "\u0000"}),
    _as_message(fields={"": ""}),
    _as_message(fields={"order_id": "{order_id}"}), _as_message(id="\u0000\n"),
    _as_message(subject="\u0000"), _as_message(subject=""), _as_message(channel="\ud83d\ude00"),
)  # fmt: skip
HOSTILE = tuple(dict.fromkeys(NOT_JSON + NOT_A_MESSAGE + ODD_MESSAGES))


@given(body=near_messages | json_values)
@settings(max_examples=80, deadline=None)
def test_any_json_as_a_message_is_answered_or_refused(
    client: TestClient, refused: Refused, body: object
) -> None:
    answer = client.post(PATHS[0], content=json.dumps(body).encode(), headers=JSON)
    if answer.status_code != 200:
        refused(answer)


@given(body=near_batches | json_values)
@settings(max_examples=60, deadline=None)
def test_any_json_as_a_batch_is_answered_or_refused(
    client: TestClient, refused: Refused, body: object
) -> None:
    answer = client.post(PATHS[1], content=json.dumps(body).encode(), headers=JSON)
    if answer.status_code != 200:
        refused(answer)


@given(body=st.binary(max_size=300) | truncated | spoiled, path=st.sampled_from(PATHS))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_answered_or_refused(
    client: TestClient, refused: Refused, body: bytes, path: str
) -> None:
    answer = client.post(path, content=body, headers=JSON)
    if answer.status_code != 200:
        refused(answer)


@given(kind=words.filter(lambda k: k.isascii() and k.isprintable()), path=st.sampled_from(PATHS))
@settings(max_examples=30, deadline=None)
def test_any_content_type_is_answered_or_refused(
    client: TestClient, refused: Refused, kind: str, path: str
) -> None:
    answer = client.post(path, content=b'{"text": "hi"}', headers={"Content-Type": kind})
    if answer.status_code != 200:
        refused(answer)


def test_there_are_at_least_a_hundred_hostile_bodies() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "in a batch"])
def test_no_hostile_body_breaks_the_service(
    client: TestClient, refused: Refused, *, wrapped: bool
) -> None:
    broken = []
    for one in HOSTILE:
        body = b'{"messages":[%s]}' % one if wrapped else one
        answer = client.post(PATHS[wrapped], content=body, headers=JSON)
        if answer.status_code >= 500:
            broken.append((len(body), body[:60]))
        elif answer.status_code != 200:
            refused(answer)
    assert broken == []


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:24]))
def test_what_is_no_json_is_refused_as_a_whole(
    client: TestClient, refused: Refused, body: bytes
) -> None:
    refused(client.post(PATHS[0], content=body, headers=JSON), 422, field="body")


@pytest.mark.parametrize("body", NOT_A_MESSAGE, ids=lambda body: repr(body[:40]))
def test_json_that_is_no_message_is_refused(
    client: TestClient, refused: Refused, body: bytes
) -> None:
    refused(client.post(PATHS[0], content=body, headers=JSON))


@pytest.mark.parametrize("body", ODD_MESSAGES, ids=lambda body: repr(body[:40]))
def test_an_odd_message_is_answered_with_spans_inside_its_text(
    client: TestClient, body: bytes
) -> None:
    answer = client.post(PATHS[0], content=body, headers=JSON)
    assert answer.status_code == 200
    text = json.loads(body)["text"]
    for info in answer.json()["key_info"]:
        assert text[info["start"] : info["end"]] == info["text"]
