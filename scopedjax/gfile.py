"""`tf.gfile`: files and folders under TF1's names."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.lib.platform.gfile import Copy as Copy
from scopedjax._src.lib.platform.gfile import DeleteRecursively as DeleteRecursively
from scopedjax._src.lib.platform.gfile import Exists as Exists
from scopedjax._src.lib.platform.gfile import Glob as Glob
from scopedjax._src.lib.platform.gfile import IsDirectory as IsDirectory
from scopedjax._src.lib.platform.gfile import ListDirectory as ListDirectory
from scopedjax._src.lib.platform.gfile import MakeDirs as MakeDirs
from scopedjax._src.lib.platform.gfile import MkDir as MkDir
from scopedjax._src.lib.platform.gfile import Remove as Remove
from scopedjax._src.lib.platform.gfile import Rename as Rename
from scopedjax._src.lib.platform.gfile import Stat as Stat
from scopedjax._src.lib.platform.gfile import Walk as Walk
from scopedjax._src.lib.platform.gfile_file import FastGFile as FastGFile
from scopedjax._src.lib.platform.gfile_file import GFile as GFile
from scopedjax._src.lib.platform.gfile_file import GFile as Open

__getattr__ = _absent("gfile")
