"""Sound: `tf.audio`."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.parsing.sound import decode_wav as decode_wav
from scopedjax._src.ops.parsing.sound import encode_wav as encode_wav

__getattr__ = _absent("audio")
