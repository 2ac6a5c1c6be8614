"""tf.compat.v2.io.gfile: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.io.gfile import GFile as GFile
from scopedjax.io.gfile import copy as copy
from scopedjax.io.gfile import exists as exists
from scopedjax.io.gfile import get_registered_schemes as get_registered_schemes
from scopedjax.io.gfile import glob as glob
from scopedjax.io.gfile import isdir as isdir
from scopedjax.io.gfile import join as join
from scopedjax.io.gfile import listdir as listdir
from scopedjax.io.gfile import makedirs as makedirs
from scopedjax.io.gfile import mkdir as mkdir
from scopedjax.io.gfile import remove as remove
from scopedjax.io.gfile import rename as rename
from scopedjax.io.gfile import rmtree as rmtree
from scopedjax.io.gfile import stat as stat
from scopedjax.io.gfile import walk as walk

__getattr__ = _absent("compat.v2.io.gfile")
