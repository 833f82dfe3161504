"""The files that people copy when they put it on the web are what the programs that read them take."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kgcompare.cli import cli
from serving import missing

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
OPTIONS = {option for param in cli.commands["serve"].params for option in param.opts}


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def options_of(said: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z-]+", said))


def test_the_unit_starts_what_there_is(tmp_path: Path) -> None:
    unit = text("kgcompare.service")
    command = re.search(r"^ExecStart=(.*(?:\\\n.*)*)", unit, re.MULTILINE)
    assert command is not None
    assert options_of(command[1]) <= OPTIONS
    assert "KillMode=mixed" in unit, "else a change under way is cut off"
    assert re.search(r"^SystemCallFilter=@system-service seccomp$", unit, re.MULTILINE), "else there are no queries"
    program = shutil.which("systemd-analyze")
    if program is None:
        missing("systemd-analyze is not installed")
    own = tmp_path / "kgcompare.service"
    own.write_text(unit.replace("/opt/kgcompare/bin/kgcompare", "/bin/true"))
    ran = subprocess.run([program, "verify", str(own)], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_image(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        missing("hadolint is not installed")
    ran = subprocess.run(
        [program, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    said = text("Dockerfile")
    assert re.search(r"^USER \d+:\d+$", said, re.MULTILINE), "a number, which an engine can tell from root"
    home = re.search(r"\bHOME=(\S+)", said)
    assert home is not None
    assert f"\nVOLUME {home[1]}\n" in said, "where an endpoint's index and tokens are kept"
    assert options_of(said.partition("\nCMD")[2]) <= OPTIONS
    for copied in re.findall(r"^COPY ((?:[\w.]+ )+)\S+$", said, re.MULTILINE):
        assert all((ROOT / one).exists() for one in copied.split()), copied


def test_the_compose_file() -> None:
    said = yaml.safe_load(text("compose.yaml"))
    assert said.keys() == {"services", "volumes"}
    for name, service in said["services"].items():
        assert service.keys() & {"image", "build"}, name
        assert not service.get("image", ":1").endswith((":latest", "virtuoso-opensource-7")), "one version"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for volume in service.get("volumes", ()):
            place = volume.partition(":")[0]
            assert place.startswith(".") or place in said["volumes"], volume
        assert set(service.get("depends_on", ())) <= said["services"].keys()
    engine = said["services"]["virtuoso"]
    folders = [volume.split(":")[1] for volume in engine["volumes"] if volume.startswith(".")]
    assert set(folders) <= set(engine["environment"]["VIRT_PARAMETERS_DIRSALLOWED"].split(", ")), "else nothing is read"
    own = said["services"]["kgcompare"]
    assert own["read_only"] is True
    assert (own["cap_drop"], own["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert {part for part in own["command"] if part.startswith("--")} <= OPTIONS
    assert (DEPLOY / own["build"]["context"] / own["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert not re.search(r"(?i)password: *[\"']?\w", text("compose.yaml")), "no secret is in the file"


@pytest.mark.parametrize("name", ["nginx.conf", "kgcompare.service", "Dockerfile", "compose.yaml"])
def test_the_guide_leads_to_each(name: str) -> None:
    assert f"(deploy/{name})" in (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
