"""What people install: the wheel, in a clean environment outside the checkout, without Node."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.demo_process import run_demo
from tests.e2e.plain_http import CLIENT

pytestmark = [pytest.mark.e2e, pytest.mark.wheel, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


def run(*words: str | Path) -> None:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # By way of the source distribution, so that this is whole too.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_two_packages_and_what_they_serve(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"collector", "replay", next(top for top in tops if top.endswith(".dist-info"))}
    for name in (
        "collector/bundled/sdk/sdk.min.js",
        "collector/bundled/shop/index.html",
        "collector/bundled/shop/images/mug.webp",
        "collector/py.typed",
        "collector/sample.reel",
        "replay/py.typed",
        "replay/FORMAT.md",
        "replay/player/dist/page.js",
        "replay/player/ops.js",
    ):
        assert name in names
    assert [name for name in names if "make_shop" in name or "__pycache__" in name] == []


def test_the_wheel_runs_the_demo_without_node(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "clean")
    bin_folder = tmp_path / "clean" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", bin_folder / "python")
    # Compiled is only what the demo loads, when it does.
    run(*pip, "install", "-q", "--no-compile", "-c", ROOT / ".ci" / "requirements.lock", wheel)
    place = tmp_path / "place"
    place.mkdir()
    environment = {"PATH": str(bin_folder), "HOME": str(tmp_path)}
    with run_demo(bin_folder / "visitreel", place, environment) as demo:
        page = CLIENT.get(demo.shop).text
        assert f'src="{demo.collector}/sdk.js"' in page
        assert "__SITE_KEY__" not in page
        script = CLIENT.get(f"{demo.collector}/sdk.js")
        built = (ROOT / "sdk_js" / "dist" / "sdk.min.js").read_text(encoding="utf-8")
        assert script.text == built
