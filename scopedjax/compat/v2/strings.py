"""tf.compat.v2.strings: what TensorFlow 2 has in common with TensorFlow 1."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax.strings import as_string as as_string
from scopedjax.strings import format as format
from scopedjax.strings import join as join
from scopedjax.strings import lower as lower
from scopedjax.strings import regex_full_match as regex_full_match
from scopedjax.strings import regex_replace as regex_replace
from scopedjax.strings import strip as strip
from scopedjax.strings import to_hash_bucket_fast as to_hash_bucket_fast
from scopedjax.strings import to_hash_bucket_strong as to_hash_bucket_strong
from scopedjax.strings import unicode_decode as unicode_decode
from scopedjax.strings import unicode_decode_with_offsets as unicode_decode_with_offsets
from scopedjax.strings import unicode_transcode as unicode_transcode
from scopedjax.strings import unsorted_segment_join as unsorted_segment_join
from scopedjax.strings import upper as upper

__getattr__ = _absent("compat.v2.strings")
