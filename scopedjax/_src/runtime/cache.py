"""JAX's persistent compilation cache, switched on when the first session is made.

A program that was compiled once is read back in the next process. The folder is the user's cache folder
(`XDG_CACHE_HOME` or `~/.cache`, then `scopedjax/xla`). It is left alone when the user has configured JAX's cache
already, and `SCOPEDJAX_COMPILATION_CACHE` changes it: a folder, or `off`.
"""

from __future__ import annotations

import os
from typing import Any

import jax

_state = {"decided": False}


def enable_compilation_cache() -> None:
    """Switches the cache on, once in a process, unless the user has decided otherwise."""
    if _state["decided"]:
        return
    _state["decided"] = True
    wanted = os.environ.get("SCOPEDJAX_COMPILATION_CACHE", "")
    configured: Any = jax.config  # its options are attributes that no annotation names
    if wanted.lower() in ("off", "0", "false", "none") or configured.jax_compilation_cache_dir:
        return
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = wanted or os.path.join(root, "scopedjax", "xla")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return  # a machine without a home folder that can be written runs without the cache
    jax.config.update("jax_compilation_cache_dir", folder)
