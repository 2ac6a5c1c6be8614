"""`tf.strings`: tensors of texts."""

from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.host.text_format import string_format as format
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket as to_hash_bucket
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket_fast as to_hash_bucket_fast
from scopedjax._src.ops.strings.hashing import string_to_hash_bucket_strong as to_hash_bucket_strong
from scopedjax._src.ops.strings.numbers import as_string as as_string
from scopedjax._src.ops.strings.numbers import string_to_number as to_number
from scopedjax._src.ops.strings.patterns import regex_full_match as regex_full_match
from scopedjax._src.ops.strings.patterns import regex_replace as regex_replace
from scopedjax._src.ops.strings.texts import reduce_join as reduce_join
from scopedjax._src.ops.strings.texts import string_join as join
from scopedjax._src.ops.strings.texts import string_length as length
from scopedjax._src.ops.strings.texts import string_lower as lower
from scopedjax._src.ops.strings.texts import string_strip as strip
from scopedjax._src.ops.strings.texts import string_upper as upper
from scopedjax._src.ops.strings.texts import strings_split as split
from scopedjax._src.ops.strings.texts import substr as substr
from scopedjax._src.ops.strings.texts import unsorted_segment_join as unsorted_segment_join
from scopedjax._src.ops.strings.unicode import unicode_decode as unicode_decode
from scopedjax._src.ops.strings.unicode import unicode_decode_with_offsets as unicode_decode_with_offsets
from scopedjax._src.ops.strings.unicode import unicode_transcode as unicode_transcode

__getattr__ = _absent("strings")
