# SPDX-License-Identifier: Apache-2.0
"""What `pip` would hand out: a source archive that builds, and a wheel with everything the code looks for at run time."""
from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
SHARED = ("package.xml", "models/manifest.toml", "models/func-corr-s.safetensors", "config/replay.yaml",
          "launch/replay.launch.py", "msg/TransferResult.msg")


def run(*words: str, cwd: Path) -> None:
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_source_archive_builds_a_wheel_that_holds_what_is_read_at_run_time(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in tracked:
        if (ROOT / name).is_file() and not name.startswith(("docs/", "test/", "benchmarks/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    run("setup.py", "-q", "sdist", "--dist-dir", str(tmp_path / "sdist"), cwd=copy)
    (archive,) = (tmp_path / "sdist").iterdir()
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    run("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path / "wheel"), ".", cwd=source)
    (wheel,) = (tmp_path / "wheel").iterdir()
    with zipfile.ZipFile(wheel) as opened_wheel:
        names = opened_wheel.namelist()
        metadata = opened_wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    share = [name.partition("/share/func_corr_ros/")[2] for name in names if "/share/func_corr_ros/" in name]
    assert set(SHARED) <= set(share), sorted(share)
    modules = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src" / "func_corr_ros").rglob("*.py")}
    assert modules <= set(names), sorted(modules - set(names))
    assert "License-File: LICENSE" in metadata and "Provides-Extra: replay" in metadata
    assert f"Version: {version()}" in metadata


def version() -> str:
    from func_corr_ros.provenance import package_version

    return package_version()
