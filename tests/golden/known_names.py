"""Records the public names of TensorFlow 1.15, page by page, so that an absent one can be told from a misspelt one.

Run it with a Python 3.7 that has tensorflow 1.15.0:

    python tests/golden/known_names.py > scopedjax/_src/base/known_names.txt

One line a page: its path below `tf` ("." for `tf` itself), then the names on it.
"""

import types

import tensorflow as tf

SKIPPED = {"compat", "contrib", "app.flags", "flags", "examples", "python", "core", "tools"}


def is_page(value):
    return isinstance(value, types.ModuleType) or type(value).__name__ in ("DeprecationWrapper", "TFModuleWrapper")


def walk(page, path, seen):
    names = sorted(n for n in dir(page) if not n.startswith("_"))
    print(" ".join([path or "."] + [n for n in names if n not in ("absolute_import", "division", "print_function")]))
    for name in names:
        below = path + "." + name if path else name
        value = getattr(page, name, None)
        if is_page(value) and below not in SKIPPED and id(value) not in seen and below.count(".") < 3:
            seen.add(id(value))
            walk(value, below, seen)


if __name__ == "__main__":
    walk(tf.compat.v1, "", set())
