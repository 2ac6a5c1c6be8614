"""Rows of strings: cut, joined, matched, hashed, encoded, and numbers as texts."""

from __future__ import annotations

import numpy as np

from tests.ops.engine import Case


def text(*items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


WORDS = text(b"hello", b"", b"a", b"The quick brown fox jumps over the lazy dog", b"x" * 70, bytes(range(256)))
PAIRS = np.array([[b"a", b"b"], [b"c", b"d"]], object)
LINES = text(b"a b  c", b"", b" d,e ", b"f")
UTF = text("häüllo".encode(), "日本語".encode())


def case(id, call, inputs=(), **options):
    return Case(id, call, list(inputs), grad=False, unknown=options.pop("unknown", ("partial", "unknown")), **options)


def fails(id, call, inputs=()):
    return case(id, call, inputs, fails=True)


HASHES = [
    case("hash_bucket", lambda tf, x: tf.string_to_hash_bucket(x, 2**40), [WORDS]),
    case("hash_bucket_old_name", lambda tf, x: tf.strings.to_hash_bucket(input=x, num_buckets=17, name="h"), [WORDS]),
    case("hash_bucket_fast", lambda tf, x: tf.string_to_hash_bucket_fast(x, 2**62), [WORDS]),
    case("hash_bucket_strong", lambda tf, x: tf.strings.to_hash_bucket_strong(x, 2**62, [5, -7]), [WORDS]),
    case(
        "hash_bucket_lengths",
        lambda tf, x: tf.strings.to_hash_bucket_fast(x, 1 << 60),
        [text(*[bytes([65 + i % 26]) * i for i in range(0, 200, 3)])],
    ),  # fmt: skip
    case("hash_bucket_matrix", lambda tf, x: tf.string_to_hash_bucket_fast(x, 10), [PAIRS]),
    fails("hash_bucket_none", lambda tf, x: tf.string_to_hash_bucket_fast(x, 0), [WORDS]),
    fails("hash_bucket_key", lambda tf, x: tf.string_to_hash_bucket_strong(x, 10, [1, 2, 3]), [WORDS]),
    fails("hash_bucket_number", lambda tf: tf.string_to_hash_bucket_fast([1, 2], 10)),
    case("fingerprint", lambda tf, x: tf.fingerprint(x), [WORDS]),
    case("fingerprint_numbers", lambda tf, x: tf.fingerprint(x), [np.arange(12, dtype=np.int32).reshape(3, 4)]),
    case("fingerprint_rows", lambda tf, x: tf.fingerprint(x), [PAIRS]),
]
CUTTING = [
    case("split", lambda tf, x: tf.string_split(x), [LINES]),
    case("split_delimiters", lambda tf, x: tf.string_split(x, ", "), [LINES]),
    case("split_empty", lambda tf, x: tf.string_split(x, " ", skip_empty=False), [LINES]),
    case("split_bytes", lambda tf, x: tf.string_split(x, ""), [LINES]),
    case("strings_split", lambda tf, x: tf.strings.split(x), [LINES]),
    case("strings_split_sep", lambda tf, x: tf.strings.split(x, sep=" ", maxsplit=1, name="s"), [LINES]),
    case("strings_split_scalar", lambda tf: tf.strings.split("a b")),
    case("strip", lambda tf, x: tf.string_strip(x), [text(b" \t a\n b \r", b"", b"\x0b\x0c")]),
    case("length", lambda tf, x: tf.strings.length(x), [UTF]),
    case("length_characters", lambda tf, x: tf.strings.length(x, unit="UTF8_CHAR"), [UTF]),
    case("substr", lambda tf, x: tf.substr(x, 1, 3), [UTF]),
    case("substr_each", lambda tf, x: tf.strings.substr(x, [2, -3], [1, 9]), [UTF]),
    case("substr_characters", lambda tf, x: tf.strings.substr(x, 1, 2, unit="UTF8_CHAR"), [UTF]),
    case("substr_broadcast", lambda tf: tf.substr("hello", [1, 0], [2, 5])),
    fails("substr_outside", lambda tf, x: tf.substr(x, 10, 1), [UTF]),
    case("lower", lambda tf, x: tf.strings.lower(x), [text("ÄBc".encode(), b"X")]),
    case("lower_utf8", lambda tf, x: tf.strings.lower(x, encoding="utf-8"), [text("ÄBc".encode(), b"X")]),
    case("upper_utf8", lambda tf, x: tf.strings.upper(x, "utf-8"), [text("äbß".encode(), b"x")]),
    fails("lower_latin", lambda tf, x: tf.strings.lower(x, "latin"), [UTF]),
]
JOINING = [
    case("join", lambda tf, x: tf.string_join([x, "-", x], "+"), [LINES]),
    case("join_scalars", lambda tf: tf.strings.join(["a", "b"], name="j")),
    fails("join_shapes", lambda tf: tf.string_join([["a"], ["b", "c"]])),
    case("reduce_join", lambda tf, x: tf.reduce_join(x, 0), [PAIRS]),
    case("reduce_join_all", lambda tf, x: tf.strings.reduce_join(x, separator="/"), [PAIRS]),
    case("reduce_join_kept", lambda tf, x: tf.reduce_join(x, -1, keep_dims=True), [PAIRS]),
    case("reduce_join_axes", lambda tf, x: tf.reduce_join(x, [0, 1]), [PAIRS]),
    case("reduce_join_nothing", lambda tf: tf.reduce_join(tf.zeros([0, 2], tf.string), 0)),
    fails("reduce_join_axis", lambda tf, x: tf.reduce_join(x, 2), [PAIRS]),
    case("segment_join", lambda tf, x: tf.strings.unsorted_segment_join(x, [1, 0, 1, 2], 4, ":"), [LINES]),
    case("segment_join_rows", lambda tf, x: tf.strings.unsorted_segment_join(x, [1, 1], 2), [PAIRS]),
    fails("segment_join_negative", lambda tf, x: tf.strings.unsorted_segment_join(x, [1, -1], 2), [PAIRS]),
]
PATTERNS = [
    case("replace", lambda tf, x: tf.regex_replace(x, "[a-e]+", r"<\0>"), [LINES]),
    case("replace_groups", lambda tf, x: tf.strings.regex_replace(x, r"(\w) (\w)", r"\2\\\1"), [LINES]),
    case("replace_first", lambda tf, x: tf.regex_replace(x, "[a-z]", "", replace_global=False), [LINES]),
    case("replace_nothing", lambda tf, x: tf.regex_replace(x, "x*", "-"), [text(b"axb", b"", b"xx")]),
    case("replace_class", lambda tf, x: tf.regex_replace(x, r"\pL", "."), [UTF]),
    case("replace_tensor", lambda tf, x: tf.regex_replace(x, tf.constant("[a-c]"), "!"), [LINES]),
    fails("replace_bad", lambda tf, x: tf.regex_replace(x, "(", "x"), [LINES]),
    case("full_match", lambda tf, x: tf.strings.regex_full_match(x, ".*[ef].?"), [LINES]),
    case("full_match_tensor", lambda tf, x: tf.strings.regex_full_match(x, tf.constant("f")), [LINES]),
]
FLOATS = np.array([1.5, 1e10, 3.14159265, np.nan, -np.inf, 1e-7, -0.0], np.float64)
NUMBERS = [
    Case("as_string", lambda tf, x: tf.as_string(x), [FLOATS], ("float32", "float64"), grad=False),
    Case("as_string_precision", lambda tf, x: tf.as_string(x, precision=2), [FLOATS], grad=False),
    Case("as_string_scientific", lambda tf, x: tf.as_string(x, 3, scientific=True), [FLOATS], grad=False),
    Case("as_string_shortest", lambda tf, x: tf.strings.as_string(x, shortest=True, width=9), [FLOATS], grad=False),
    *(
        case(
            f"as_string_fill_{name}",
            lambda tf, x, f=f: tf.as_string(x, width=5, fill=f),
            [np.array([1, -22], np.int64)],
        )
        for name, f in (("zero", "0"), ("left", "-"), ("sign", "+"), ("space", " "), ("none", ""))
    ),
    case("as_string_bool", lambda tf, x: tf.as_string(x), [np.array([True, False])]),
    case(
        "as_string_complex",
        lambda tf, x: tf.as_string(x, precision=1),
        [np.array([1 + 2j, -0.5j])],
        dtypes=("complex64",),
    ),
    fails("as_string_fill", lambda tf: tf.as_string([1], width=5, fill="x")),
    fails("as_string_both", lambda tf: tf.as_string([1.0], shortest=True, scientific=True)),
    fails("as_string_whole", lambda tf: tf.as_string([1], precision=3)),
    case(
        "to_number",
        lambda tf, x: tf.string_to_number(x),
        [text(b"1.5", b" 2 ", b"-3e2", b"inf", b"0x10", b".5", b"7.")],
    ),
    case("to_double", lambda tf, x: tf.strings.to_number(x, tf.float64), [text(b"1.1", b"1e300")]),
    case("to_int", lambda tf, x: tf.string_to_number(x, tf.int32), [text(b"12", b" -3 ", b"007")]),
    case("to_int64", lambda tf, x: tf.string_to_number(x, out_type=tf.int64, name="n"), [text(b"9007199254740993")]),
    fails("to_number_word", lambda tf: tf.string_to_number(["abc"])),
    fails("to_number_underscore", lambda tf: tf.string_to_number(["1_0"])),
    fails("to_number_empty", lambda tf: tf.string_to_number([""])),
    fails("to_int_fraction", lambda tf: tf.string_to_number(["12.5"], tf.int32)),
    fails("to_int_large", lambda tf: tf.string_to_number(["99999999999"], tf.int32)),
    case("encode_base64", lambda tf, x: tf.encode_base64(x), [WORDS]),
    case("encode_base64_pad", lambda tf, x: tf.io.encode_base64(x, pad=True), [WORDS]),
    case("decode_base64", lambda tf, x: tf.decode_base64(tf.encode_base64(x)), [WORDS]),
    case("decode_base64_padded", lambda tf: tf.decode_base64(["aGVsbG8=", "YT8-"])),
    fails("decode_base64_letter", lambda tf: tf.decode_base64(["aGV$"])),
]
BROKEN = text(b"a\xffb", "ä\x01".encode(), b"\xe3\x81", b"\xf0\x9f\x98\x80")
ENCODINGS = [
    case("transcode", lambda tf, x: tf.strings.unicode_transcode(x, "UTF-8", "UTF-16-BE"), [BROKEN]),
    case("transcode_ignore", lambda tf, x: tf.strings.unicode_transcode(x, "UTF-8", "UTF-8", "ignore"), [BROKEN]),
    case(
        "transcode_control",
        lambda tf, x: tf.strings.unicode_transcode(
            x, "UTF-8", "UTF-32-BE", replacement_char=ord("?"), replace_control_characters=True
        ),
        [BROKEN],
    ),
    case("transcode_latin", lambda tf: tf.strings.unicode_transcode([b"a\xe4"], "ISO-8859-1", "UTF-8")),
    fails("transcode_strict", lambda tf, x: tf.strings.unicode_transcode(x, "UTF-8", "UTF-8", "strict"), [BROKEN]),
    fails("transcode_encoding", lambda tf, x: tf.strings.unicode_transcode(x, "UTF-8", "latin1"), [BROKEN]),
    case("decode", lambda tf: tf.strings.unicode_decode("aä日", "UTF-8")),
    case("decode_offsets", lambda tf: tf.strings.unicode_decode_with_offsets("aä日b", "UTF-8")),
]
CASES = [*HASHES, *CUTTING, *JOINING, *PATTERNS, *NUMBERS, *ENCODINGS]
