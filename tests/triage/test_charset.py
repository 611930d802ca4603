from __future__ import annotations

import io

import pytest

from triage.charset import Charset, charset_of
from triage.errors import RecordError

TRADITIONAL = "訂單還沒有收到,請幫我們查詢物流進度,謝謝您的協助"


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"", Charset("utf-8")),
        (b"plain", Charset("utf-8")),
        ("退款".encode(), Charset("utf-8")),
        ("\ufffd".encode(), Charset("utf-8")),
        ("退款".encode("utf-8-sig"), Charset("utf-8-sig")),
        ("text\t退款".encode("utf-16"), Charset("utf-16")),
        (b"\xfe\xff" + "退款".encode("utf-16-be"), Charset("utf-16")),
        (b"\xff\xfet", Charset("utf-16", whole=False)),
        ("退款没到".encode("gb18030"), Charset("gb18030")),
        (TRADITIONAL.encode("gb18030"), Charset("gb18030")),
        ("great 👍👍 thanks".encode("gb18030"), Charset("gb18030")),
        ("I don’t see – and “won’t” pay 5 €".encode("cp1252"), Charset("cp1252")),
        ("Größe: für Mäntel, sehr schön".encode("cp1252"), Charset("cp1252")),
        ("退款没到账".encode() * 9 + b"\xff", Charset("utf-8", whole=False)),
        ("退款没到账".encode("gb18030") * 9 + b"\xff", Charset("gb18030", whole=False)),
    ],
)
def test_an_encoding_is_known_by_its_bytes(content: bytes, charset: Charset):
    stream = io.BytesIO(content)
    assert charset_of(stream) == charset
    assert stream.tell() == 0


def test_a_character_that_lies_across_two_reads_is_whole():
    for shift in range(3):
        content = b"a" * ((1 << 16) - shift) + "退款".encode()
        assert charset_of(io.BytesIO(content)) == Charset("utf-8")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"\xff\xff\xff", "neither UTF-8 nor GB18030"), ("退".encode("utf-16-be") + b"\0", "UTF-16")],
)
def test_bytes_that_are_no_text_are_refused_with_a_remedy(content: bytes, told: str):
    with pytest.raises(RecordError, match=f"{told}.*save the file as UTF-8"):
        charset_of(io.BytesIO(content))
