# SPDX-License-Identifier: Apache-2.0
"""The command line, ``func-corr <verb>``: one file per verb, imported only when that verb is chosen."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"main": ["VERBS"]})
