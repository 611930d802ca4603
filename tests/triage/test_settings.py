from __future__ import annotations

from pathlib import Path

import pytest

from triage.errors import ConfigError
from triage.settings import Settings, default_datasets_dir, default_models_dir, load_settings


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder without configuration, with no setting in the environment."""
    for name in ("CONFIG", "MODELS_DIR", "DATASETS_DIR", "PORT", "HOST", "SHOP", "MODEL"):
        monkeypatch.delenv(f"TRIAGE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_configuration_the_defaults_hold():
    settings = load_settings()
    assert (settings.model, settings.port, settings.default_language) == ("current", 8000, "zh")
    assert settings.models_dir.name == "models"


def test_arguments_win_over_environment_and_environment_over_file(
    empty_place: Path, monkeypatch: pytest.MonkeyPatch
):
    (empty_place / "triage.toml").write_text(
        'port = 1111\nhost = "0.0.0.0"\nmodel = "shop-1"\n[shop]\nservice_phone = "400"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("TRIAGE_PORT", "2222")
    monkeypatch.setenv("TRIAGE_HOST", "10.0.0.1")
    settings = load_settings(port=3333, host=None)
    assert (settings.port, settings.host, settings.model) == (3333, "10.0.0.1", "shop-1")
    assert settings.shop == {"service_phone": "400"}


def test_another_configuration_file_is_read_by_name(
    empty_place: Path, monkeypatch: pytest.MonkeyPatch
):
    (empty_place / "own.toml").write_text("port = 4444\n", encoding="utf-8")
    monkeypatch.setenv("TRIAGE_CONFIG", str(empty_place / "own.toml"))
    assert load_settings().port == 4444


def test_a_named_file_that_is_absent_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRIAGE_CONFIG", "absent.toml")
    with pytest.raises(ConfigError, match=r"absent\.toml.*correct or unset"):
        load_settings()


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"port": 70000}, "port"),
        ({"workers": 0}, "workers"),
        ({"default_language": "fr"}, "default_language"),
        ({"max_suggestions": 21}, "max_suggestions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(overrides: dict[str, object], named: str):
    with pytest.raises(ConfigError, match=f"setting {named}.*TRIAGE_{named.upper()}"):
        load_settings(**overrides)


def test_an_unknown_entry_of_the_file_is_refused(empty_place: Path):
    (empty_place / "triage.toml").write_text("prot = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"prot.*triage\.toml"):
        load_settings()


def test_a_file_that_is_no_toml_is_refused(empty_place: Path):
    (empty_place / "triage.toml").write_text("port = \n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"triage\.toml cannot be read"):
        load_settings()


def test_a_variable_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRIAGE_SHOP", "{phone")
    with pytest.raises(ConfigError, match="TRIAGE_SHOP"):
        load_settings()


def test_the_catalogue_is_a_path_and_absent_by_default(monkeypatch: pytest.MonkeyPatch):
    assert load_settings().catalogue is None
    monkeypatch.setenv("TRIAGE_CATALOGUE", "shop/products.csv")
    assert load_settings().catalogue == Path("shop/products.csv")


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_the_folders_are_named_by_the_environment_first(
    empty_place: Path, monkeypatch: pytest.MonkeyPatch
):
    (empty_place / "models" / "encoder").mkdir(parents=True)
    assert default_models_dir() == empty_place / "models"
    monkeypatch.setenv("TRIAGE_MODELS_DIR", "/elsewhere")
    monkeypatch.setenv("TRIAGE_DATASETS_DIR", "/texts")
    assert default_models_dir() == Path("/elsewhere")
    assert default_datasets_dir() == Path("/texts")
    assert load_settings().models_dir == Path("/elsewhere")


def test_the_shops_own_articles_lie_beside_the_models_unless_a_folder_is_named(tmp_path: Path):
    settings = load_settings(models_dir=tmp_path / "models")
    assert settings.kb_folder == tmp_path / "kb"
    assert load_settings(kb_dir=tmp_path / "own").kb_folder == tmp_path / "own"


def test_the_log_of_decisions_lies_beside_the_models_unless_it_is_named_or_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(models_dir=tmp_path / "models")
    assert settings.decisions_url == f"sqlite:///{tmp_path / 'state' / 'decisions.db'}"
    assert (settings.decisions_text, settings.retention_days) == ("redacted", 90)
    monkeypatch.setenv("TRIAGE_DECISIONS", "postgresql://u:geheim@h/d")
    monkeypatch.setenv("TRIAGE_DECISIONS_KEY", "geheim")
    named = load_settings()
    assert named.decisions_url == "postgresql://u:geheim@h/d"
    assert "geheim" not in repr(named)
    monkeypatch.setenv("TRIAGE_DECISIONS", "off")
    assert load_settings().decisions_url is None


def test_another_way_of_keeping_texts_is_refused() -> None:
    with pytest.raises(ConfigError, match="decisions_text"):
        load_settings(decisions_text="some")
