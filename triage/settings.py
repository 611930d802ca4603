"""Settings of an installation: from ``triage.toml`` and the environment, read in one function."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from triage.errors import ConfigError

CONFIG_FILE = "triage.toml"
OFF = "off"
WARM, PLAIN = "warm", "plain"  # tones of replies


def default_models_dir() -> Path:
    """Return the folder of models: ``TRIAGE_MODELS_DIR``, ``./models``, or the one shipped."""
    return _asset_dir("models", variable="TRIAGE_MODELS_DIR", mark="encoder")


def default_datasets_dir() -> Path:
    """Return the folder of texts: ``TRIAGE_DATASETS_DIR``, ``./datasets``, or the shipped one."""
    return _asset_dir("datasets", variable="TRIAGE_DATASETS_DIR", mark="articles.jsonl")


class Settings(BaseSettings):
    """What an operator can set; every field is also ``TRIAGE_<FIELD>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", extra="forbid", frozen=True)

    models_dir: Path = Field(default_factory=default_models_dir, description="folder of bundles")
    datasets_dir: Path = Field(default_factory=default_datasets_dir)
    kb_dir: Path | None = Field(
        default=None, description="folder of the shop's own articles; default: kb beside the models"
    )
    model: str = Field(default="current", description="bundle to serve: a version or 'current'")
    priority_policy: Path | None = Field(default=None, description="own policy file (TOML)")
    catalogue: Path | None = Field(
        default=None, description="products to find in messages: CSV with name, sku, aliases"
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    threads: int | None = Field(default=None, ge=1, description="processor threads for encoding")
    max_text_chars: int = Field(default=20_000, ge=1)
    max_batch: int = Field(default=256, ge=1)
    max_body_bytes: int = Field(default=2_000_000, ge=1_000)
    max_suggestions: int = Field(default=3, ge=0, le=20)
    default_language: str = Field(default="zh", pattern="^(zh|en)$")
    teams: dict[str, str] = Field(
        default_factory=dict, description="team by category, where its name differs"
    )
    shop: dict[str, str] = Field(
        default_factory=dict, description="facts that fill reply slots, such as service_phone"
    )
    decisions: str | None = Field(
        default=None,
        repr=False,  # may hold a password
        description="URL of the log of decisions (sqlite:/// or postgresql://), or 'off'; "
        "default: decisions.db in the folder state beside the models",
    )
    decisions_text: Literal["redacted", "full", "none"] = Field(
        default="redacted", description="how the log keeps customers' words"
    )
    decisions_key: SecretStr | None = Field(
        default=None,
        description="secret that hashes of contents are made with, the same for all replicas; "
        "default: made once and kept in the folder state",
    )
    retention_days: int = Field(default=90, ge=1, description="age at which a decision is deleted")
    log_format: Literal["json", "text"] | None = Field(
        default=None, description="of the service's log; default: text on a terminal, else json"
    )
    log_requests: bool = Field(default=True, description="a line in the log for each request")
    drift_window: int = Field(
        default=2_000, ge=100, description="messages a worker compares with the training tickets"
    )
    auth: Literal["required", "loopback", "off"] = Field(
        default="loopback", description="who needs a key: all, all but this machine, nobody"
    )
    keys_file: Path | None = Field(
        default=None, description="API keys; default: keys.jsonl in the folder state"
    )
    rate_limit: str | None = Field(
        default=None,
        pattern=r"^(off|[1-9][0-9]*/(second|minute|hour))$",
        description="requests per key or address, as 600/minute, or off; default: off on loopback, "
        "6000/minute elsewhere",
    )
    body_timeout_s: float = Field(default=10.0, gt=0, description="for a body to arrive, seconds")

    queue_messages: int = Field(
        default=512, ge=1, description="messages that may wait; half as many more if urgent"
    )
    queue_seconds: float = Field(default=5.0, gt=0, description="longest likely wait in the queue")
    batch_messages: int = Field(default=16, ge=1, le=1024, description="judged at once at most")
    batch_chars: int = Field(default=8_000, ge=1, description="characters judged at once, about")
    cache_results: int = Field(default=4_096, ge=0, description="results kept; 0 keeps none")
    reply_tone: str = Field(
        default=WARM,
        pattern=f"^({WARM}|{PLAIN})$",
        description="'warm' greets, apologises and closes; 'plain' gives an article's text alone",
    )

    @property
    def kb_folder(self) -> Path:
        """The folder of the shop's own articles: ``kb_dir``, or ``kb`` beside the models."""
        return self.kb_dir or self.models_dir.parent / "kb"

    @property
    def state_folder(self) -> Path:
        """The folder of what a running service writes: ``state`` beside the models."""
        return self.models_dir.parent / "state"

    @property
    def decisions_url(self) -> str | None:
        """The URL of the log of decisions; ``None`` where it is switched off."""
        if self.decisions == OFF:
            return None
        return self.decisions or f"sqlite:///{(self.state_folder / 'decisions.db').resolve()}"

    @property
    def keys_path(self) -> Path:
        """The file of API keys."""
        return self.keys_file or self.state_folder / "keys.jsonl"

    @property
    def on_loopback(self) -> bool:
        """Whether the service listens on this machine alone."""
        return is_loopback(self.host)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # no .env file is read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # nor a folder of secrets
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, then the environment, then the configuration file."""
        file = os.environ.get("TRIAGE_CONFIG", CONFIG_FILE)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; ``overrides`` that are not ``None`` win over environment and file.

    Raises:
        ConfigError: an entry is unknown or has a value out of range; the message names it.
    """
    named = os.environ.get("TRIAGE_CONFIG")
    if named and not Path(named).is_file():
        raise ConfigError(f"TRIAGE_CONFIG names {named!r}, which is no file; correct or unset it")
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})
    except ValidationError as fault:
        first = fault.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(
            f"setting {name}: {first['msg']}, got {first.get('input')!r}; correct it in "
            f"{named or CONFIG_FILE} or in TRIAGE_{name.upper()}"
        ) from fault
    except SettingsError as fault:
        raise ConfigError(
            f"{fault}: a variable of the environment is no JSON; give an object, as in "
            'TRIAGE_SHOP={"service_phone": "400-000-0000"}'
        ) from fault
    except ValueError as fault:
        raise ConfigError(
            f"{named or CONFIG_FILE} cannot be read: {fault}; correct the file"
        ) from fault


def is_loopback(host: str) -> bool:
    """Tell whether ``host``, a name or an address, is this machine and no other can reach it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _asset_dir(name: str, *, variable: str, mark: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    package = Path(__file__).resolve().parent
    candidates = (Path.cwd() / name, package.parent / name, package / "shipped" / name)
    return next((c for c in candidates if (c / mark).exists()), candidates[1])
