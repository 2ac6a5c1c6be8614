"""Version numbers: this package's own, and the TensorFlow version that programs believe they run on.

TF1 programs branch on `tf.__version__` (`LooseVersion(tf.__version__) >= "1.4"`), so the second is that of the last
TF1 release whose API this is, and the GraphDef versions are what that release writes.
"""

from __future__ import annotations

from typing import Final

SCOPEDJAX_VERSION: Final = "0.1.0"

VERSION: Final = "1.15.0"
GIT_VERSION: Final = f"scopedjax-{SCOPEDJAX_VERSION}"
# TF names the C++ compiler of its kernels here; the kernels of this package are compiled by XLA on the user's machine.
COMPILER_VERSION: Final = "XLA"
CXX11_ABI_FLAG: Final = 0
MONOLITHIC_BUILD: Final = 0

GRAPH_DEF_VERSION: Final = 134
GRAPH_DEF_VERSION_MIN_CONSUMER: Final = 0
GRAPH_DEF_VERSION_MIN_PRODUCER: Final = 0
