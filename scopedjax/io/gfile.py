"""`tf.io.gfile`: files and folders."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.gfile import copy as copy
from scopedjax._src.lib.platform.gfile import exists as exists
from scopedjax._src.lib.platform.gfile import get_registered_schemes as get_registered_schemes
from scopedjax._src.lib.platform.gfile import glob as glob
from scopedjax._src.lib.platform.gfile import isdir as isdir
from scopedjax._src.lib.platform.gfile import join as join
from scopedjax._src.lib.platform.gfile import listdir as listdir
from scopedjax._src.lib.platform.gfile import makedirs as makedirs
from scopedjax._src.lib.platform.gfile import mkdir as mkdir
from scopedjax._src.lib.platform.gfile import remove as remove
from scopedjax._src.lib.platform.gfile import rename as rename
from scopedjax._src.lib.platform.gfile import rmtree as rmtree
from scopedjax._src.lib.platform.gfile import stat as stat
from scopedjax._src.lib.platform.gfile import walk as walk
from scopedjax._src.lib.platform.gfile_file import GFile as GFile

__getattr__ = _absent("io.gfile")
