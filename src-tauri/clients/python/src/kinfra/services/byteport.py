"""The services of one application, which KInfra 1.0 had among its own code. They belong into that application."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Union

from ..exceptions import NotSupportedYetError


@dataclass
class BytePortConfig:
    root_dir: Union[Path, str]
    dev_mode: bool = False
    local_mode: bool = False
    api_port: int = 8000
    frontend_port: int = 8001


def get_byteport_services(config: BytePortConfig, *_: Any) -> NoReturn:
    """Raises NotSupportedYetError."""
    raise NotSupportedYetError(
        f"the services of the application in {config.root_dir} are not KInfra's to know",
        hint="write them into a kinfra.yaml there, and start them by `kinfra up`; or make ServiceConfigs of them",
    )
