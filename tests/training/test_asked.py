from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import FakeEncoder, write_rows

from training.asked import OUT_OF_SCOPE, beyond_scope, read_out_of_scope, together
from triage.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from triage.bundle import Bundle


def test_texts_out_of_scope_are_read_and_their_absence_is_no_mistake(tmp_path: Path):
    assert read_out_of_scope(tmp_path) == []
    write_rows(tmp_path / OUT_OF_SCOPE, [{"text": "how far is the moon"}, {"text": "猫怎么养"}])
    assert read_out_of_scope(tmp_path) == ["how far is the moon", "猫怎么养"]


@pytest.mark.parametrize("row", [{"text": " "}, {"words": "x"}, {"text": 3}])
def test_a_row_without_a_text_is_named(tmp_path: Path, row: object):
    write_rows(tmp_path / OUT_OF_SCOPE, [{"text": "how far is the moon"}, row])
    with pytest.raises(InputError, match="line 2: no object with a text"):
        read_out_of_scope(tmp_path)


def test_texts_out_of_scope_are_judged_and_ask_for_nothing(bundle: Bundle):
    texts = ["how far is the moon from here", "Bonjour, quelle heure est-il à Paris maintenant ?"]
    found = beyond_scope([*texts, "猫应该怎么养"], FakeEncoder(), bundle.classifier)
    assert found is not None
    assert found.intents == [None, None]
    assert found.languages == ["en", "zh"]
    assert found.vectors.shape == (2, 32)
    assert all(p["intent"].probabilities.sum() == pytest.approx(1) for p in found.predictions)
    assert beyond_scope([], FakeEncoder(), bundle.classifier) is None


def test_parts_are_put_together_and_absent_ones_left_out(bundle: Bundle):
    one = beyond_scope(["how far is the moon from here"], FakeEncoder(), bundle.classifier)
    assert together(None, None) is None
    assert together(None, one) is one
    both = together(one, one)
    assert both is not None
    assert len(both.texts) == len(both.predictions) == len(both.vectors) == 2
