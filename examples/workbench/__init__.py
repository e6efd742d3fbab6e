"""The XBlock SDK's workbench with the Companion's blocks in sample units: `make workbench`."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


# The SDK's vertical and HTML blocks find their templates by bare names, here.
SAMPLES = _folder_of("sample_xblocks.basic")


def this_module(name: str) -> ModuleType:
    """The settings module that is being read, as the platform hands it to plugins."""
    return sys.modules[name]
