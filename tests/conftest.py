"""Fixtures shared by every test."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the reference data beside the checkout, or a skip that says so."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared data folder beside the checkout is not there")
    return folder
