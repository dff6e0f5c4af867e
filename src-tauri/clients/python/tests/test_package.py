"""The package as it is installed, and what stands beside it."""

from __future__ import annotations

import ast
import re
from importlib.metadata import distribution
from pathlib import Path

from conftest import REPOSITORY

import kinfra

FOLDER = REPOSITORY / "src-tauri/clients/python"


def test_it_needs_nothing_and_brings_its_types_and_its_licence() -> None:
    installed = distribution("kinfra")
    assert installed.requires is None
    assert installed.metadata["Requires-Python"] == ">=3.9"
    assert installed.metadata["License-Expression"] == "MIT"
    files = [str(file) for file in installed.files or []]
    assert "kinfra/py.typed" in files
    assert not [file for file in files if "test" in file]
    licence = next(file for file in installed.files or [] if file.name == "LICENSE")
    assert licence.read_text() == (REPOSITORY / "LICENSE").read_text()


def test_its_licence_and_version_are_those_of_kinfra() -> None:
    assert (FOLDER / "LICENSE").read_text() == (REPOSITORY / "LICENSE").read_text()
    workspace = (REPOSITORY / "Cargo.toml").read_text()
    found = re.search(r'\[workspace\.package\]\nversion = "([^"]+)"', workspace)
    assert found is not None
    # The same in the spelling of Python.
    spelled = found[1].replace("-alpha.", "a").replace("-beta.", "b").replace("-rc.", "rc")
    assert kinfra.__version__ == spelled


def test_every_file_is_python_3_9() -> None:
    files = sorted(path for name in ("src", "tests") for path in (FOLDER / name).rglob("*.py"))
    assert len(files) > 50
    for path in files:
        ast.parse(path.read_text(), str(path), feature_version=(3, 9))


def test_what_is_tested_is_what_is_here() -> None:
    assert kinfra.__file__ is not None
    tested, here = Path(kinfra.__file__).parent, FOLDER / "src/kinfra"
    names = {path.relative_to(here) for path in here.rglob("*.py")}
    assert {path.relative_to(tested) for path in tested.rglob("*.py")} == names
    assert [name for name in names if (tested / name).read_text() != (here / name).read_text()] == []


def test_the_programs_of_the_readme_are_programs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        ast.parse(block, feature_version=(3, 9))
