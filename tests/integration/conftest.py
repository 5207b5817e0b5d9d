from pathlib import Path

import pytest

from tests.support.project import Site, sample_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def sample(tmp_path: Path) -> Site:
    return sample_site(tmp_path)
