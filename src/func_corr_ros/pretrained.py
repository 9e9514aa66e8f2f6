# SPDX-License-Identifier: Apache-2.0
"""Folders of pretrained models, found locally or in the Hugging Face cache and fetched only when asked for; and transformers."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from func_corr_ros import torchvision_operators
from func_corr_ros.errors import BadWeights


def transformers() -> Any:
    """Returns the module transformers, importable beside a torch without CUDA too."""
    torchvision_operators.import_torchvision()
    import transformers

    return transformers


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Keeps transformers from drawing a bar while it reads weights."""
    shows = transformers().utils.logging
    shown = shows.is_progress_bar_enabled()
    shows.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            shows.enable_progress_bar()


def model_folder(folder_or_hub_id: str, files: list[str], download: bool) -> Path:
    """Returns the local folder of a model: the folder itself, or what the Hugging Face cache holds of the id "owner/name".

    Only ``files`` (patterns) are fetched, and only where ``download`` is True; raises BadWeights, saying how to get it, where
    neither is there.
    """
    folder = Path(folder_or_hub_id)
    if folder.is_dir():
        return folder
    import huggingface_hub

    try:
        return Path(huggingface_hub.snapshot_download(folder_or_hub_id, allow_patterns=files, local_files_only=not download))
    except Exception as error:  # huggingface_hub raises many kinds
        hint = "" if download else f"; fetch it once (`hf download {folder_or_hub_id}`, or download=True), or give a local folder"
        message = f"{folder_or_hub_id} is not in the local Hugging Face cache{hint} ({type(error).__name__}: {error})"
        raise BadWeights(message) from error
