"""What is shipped for deployment fits what is there: files, commands, paths, settings.

No container engine is asked; that the image builds and runs is not shown here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.app import create_app
from triage.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
VARIABLES = {f"TRIAGE_{name.upper()}" for name in Settings.model_fields} | {"TRIAGE_CONFIG"}
IN_IMAGE = "/var/lib/triage"


@pytest.fixture(scope="module")
def paths() -> set[str]:
    return set(create_app(Settings(decisions="off")).openapi()["paths"])


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile as (name, rest), continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = [line.partition(" ")[::2] for line in joined.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, rest in pairs]


def commands() -> set[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(declared["project"]["entry-points"]["triage.commands"])


def test_the_dockerfile_has_stages_and_ends_as_a_user_without_rights() -> None:
    found = instructions()
    assert {name for name, _ in found} <= {
        "FROM", "ENV", "WORKDIR", "RUN", "COPY", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
        "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    stages = [rest for name, rest in found if name == "FROM"]
    assert stages == ["python:3.11-slim AS build", "python:3.11-slim"]
    last = max(i for i, (name, _) in enumerate(found) if name == "FROM")
    users = [rest for name, rest in found[last:] if name == "USER"]
    assert users == ["10001:10001"]
    assert all(name != "RUN" for name, _ in found[found.index(("USER", users[0])) :])


def test_what_the_dockerfile_copies_is_there_and_reaches_the_build() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY"]
    sources = [s for words in copied if not words[0].startswith("--from") for s in words]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in allowed, f"{source} is kept out by .dockerignore"
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = set(built["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    needed |= {"models", "datasets", "hatch_build.py", "README.md"}
    needed |= set(built["project"]["license-files"])
    assert needed <= set(sources), "the wheel cannot be built from less"


def test_the_serving_image_installs_no_torch() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = [rest for name, rest in instructions() if name == "RUN" and "install" in rest]
    extras = {e for line in installed for e in re.findall(r'"\.\[([\w,-]+)\]"', line)}
    assert extras == {"otel"}
    asked = [*declared["dependencies"], *declared["optional-dependencies"]["otel"]]
    names = {re.split(r"[^\w-]", line)[0] for line in asked}
    assert not names & {"torch", "sentence-transformers", "nncf"}


def test_the_image_runs_commands_that_there_are() -> None:
    found = dict(instructions())
    assert json.loads(found["ENTRYPOINT"]) == ["triage"]
    assert json.loads(found["CMD"])[0] in commands()
    assert "triage" in {entry.name for entry in entry_points(group="console_scripts")}


def test_the_images_check_of_health_is_python_that_asks_a_path_there_is(paths: set[str]) -> None:
    rest = dict(instructions())["HEALTHCHECK"]
    program = json.loads(rest.partition("CMD ")[2])
    assert program[:2] == ["python", "-c"]
    compile(program[2], "healthcheck", "exec")
    asked = re.search(r"\}(/[\w/]+)'", program[2])
    assert asked is not None
    assert asked[1] in paths


def test_variables_of_the_image_and_of_compose_are_settings() -> None:
    image = " ".join(rest for name, rest in instructions() if name == "ENV")
    named = set(re.findall(r"\bTRIAGE_\w+", image))
    assert named
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    named |= set(compose["services"]["triage"]["environment"])
    assert named <= VARIABLES


def test_compose_keeps_what_the_service_writes() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service, database = compose["services"]["triage"], compose["services"]["database"]
    mounts = [volume.split(":") for s in (service, database) for volume in s["volumes"]]
    assert {name for name, _ in mounts} == set(compose["volumes"])
    settings = Settings(models_dir=Path(f"{IN_IMAGE}/models"))
    places = {place for _, place in mounts}
    assert {str(settings.state_folder), str(settings.kb_folder), f"{IN_IMAGE}/models"} <= places
    assert service["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in database
    url = service["environment"]["TRIAGE_DECISIONS"]
    assert url.startswith("postgresql://")
    assert url.split("@")[1].split("/")[0] in compose["services"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_unit_starts_a_command_that_there_is_and_sets_settings() -> None:
    unit = (DEPLOY / "systemd" / "triage.service").read_text(encoding="utf-8")
    started = re.search(r"^ExecStart=\S+/triage (\w+)$", unit, re.MULTILINE)
    assert started is not None
    assert started[1] in commands()
    lines = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    named = {pair.partition("=")[0] for line in lines for pair in line.split()}
    assert {name for name in named if name.startswith("TRIAGE_")} <= VARIABLES


def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / "systemd" / "triage.service").read_text(encoding="utf-8")
    copy = tmp_path / "triage.service"
    copy.write_text(unit.replace("/opt/triage/bin/triage", "/bin/true"), encoding="utf-8")
    run = subprocess.run([program, "verify", copy], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_manifests_belong_together() -> None:
    found = {doc["kind"]: doc for path in MANIFESTS for doc in _documents(path)}
    assert set(found) == {
        "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"
    }  # fmt: skip
    deployment = found["Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    assert "cpu" in _container()["resources"]["requests"], "the autoscaler counts shares of it"
    (port,) = found["Service"]["spec"]["ports"]
    assert port["targetPort"] in {p["name"] for p in _container()["ports"]}


def test_probes_ask_paths_that_there_are(paths: set[str]) -> None:
    container = _container()
    asked = {name: probe["httpGet"]["path"] for name, probe in container.items() if "Probe" in name}
    assert set(asked) == {"startupProbe", "readinessProbe", "livenessProbe"}
    assert set(asked.values()) <= paths
    assert asked["livenessProbe"] != asked["readinessProbe"], "a wait for the model is no death"


def test_variables_of_the_manifest_are_settings_with_values_that_they_take() -> None:
    given: dict[str, str | None] = {e["name"]: e.get("value") for e in _container()["env"]}
    assert set(given) <= VARIABLES
    fixed = {n.removeprefix("TRIAGE_").lower(): v for n, v in given.items() if v is not None}
    settings = Settings(**fixed)  # type: ignore[arg-type]
    assert not settings.on_loopback
    mounts = {m["mountPath"]: m for m in _container()["volumeMounts"]}
    assert str(settings.models_dir) in mounts
    assert str(settings.state_folder) in mounts
    assert str(settings.keys_path.parent) in mounts
    volumes = {v["name"] for v in _pod()["volumes"]}
    assert {m["name"] for m in mounts.values()} == volumes


def test_the_container_has_no_rights_that_it_does_not_need() -> None:
    pod, own = _pod()["securityContext"], _container()["securityContext"]
    assert pod["runAsNonRoot"]
    assert f"{pod['runAsUser']}:{pod['runAsGroup']}" == dict(instructions())["USER"]
    assert own["readOnlyRootFilesystem"]
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}


def _documents(path: Path) -> Iterator[Mapping[str, Any]]:
    yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def _pod() -> Mapping[str, Any]:
    (deployment,) = _documents(DEPLOY / "kubernetes" / "deployment.yaml")
    pod: Mapping[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def _container() -> Mapping[str, Any]:
    container: Mapping[str, Any] = _pod()["containers"][0]
    return container
