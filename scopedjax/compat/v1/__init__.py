"""tf.compat.v1: scopedjax itself, so that `import scopedjax.compat.v1 as tf` is the same module."""

import sys

import scopedjax

sys.modules[__name__] = scopedjax
