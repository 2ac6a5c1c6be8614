"""Files that were cut off, changed or made up: a clear error or the right values, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopedjax._src.base import errors
from scopedjax._src.bridge import checkpoint_layout, orbax_checkpoint, staging
from tests.bridge.folders import assert_equal

ARRAYS = {
    "w": np.arange(12, dtype=np.float32).reshape(3, 4),
    "w/Adam": np.ones((3, 4), np.float32),
    "step": np.int64(7),
    "names": np.array([b"one", b"", b"three"], object),
    "empty": np.zeros((0, 3), np.float32),
    "big": np.random.default_rng(0).random((5, 7, 9)),
}


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("intact") / "model-7")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint_layout, "LARGE", 256)
        patch.setattr(checkpoint_layout, "CHUNK", 1024)
        patch.setattr(checkpoint_layout, "plan_of", checkpoint_layout.Plan)
        orbax_checkpoint.write(path, ARRAYS, {"note": "x"})
    staging.settle()
    return path


def _files(path: str) -> list[str]:
    found = [os.path.join(place, name) for place, _, names in os.walk(path) for name in names]
    return sorted(os.path.relpath(file, path) for file in found)


FILES = [
    *("_CHECKPOINT_METADATA", "_METADATA", "arrays.big/.zarray", "arrays.big/0.0.0", "arrays.big/1.0.0"),
    *("arrays.big/2.0.0", "packed.float32/.zarray", "packed.float32/0", "packed.int64/.zarray", "packed.int64/0"),
    *("packed.string/.zarray", "packed.string/0"),
]


def test_the_table_of_files_is_whole(intact: str) -> None:
    assert _files(intact) == sorted(FILES)


@pytest.fixture
def copy(intact: str, tmp_path: Path) -> str:
    return shutil.copytree(intact, tmp_path / "model-7").as_posix()


def _right_or_told(path: str, file: str | None = None) -> None:
    """The right values, or a DataLossError that says which checkpoint and what to do."""
    try:
        found = orbax_checkpoint.read(path)
        metadata = orbax_checkpoint.read_metadata(path)
        shapes = orbax_checkpoint.describe(path)
    except errors.DataLossError as error:
        assert path in error.message and "Restore an earlier one" in error.message, error.message
        if file is not None and file != "_CHECKPOINT_METADATA":
            assert os.path.dirname(file) in error.message, error.message
    else:
        assert_equal(found, ARRAYS)
        assert metadata == {"note": "x"} and sorted(shapes) == sorted(ARRAYS)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["deleted", "empty", "half", "longer", "zeros", "noise"])
def test_files_that_are_damaged(copy: str, file: str, damage: str) -> None:
    target = Path(copy, file)
    data = target.read_bytes()
    if damage == "deleted":
        target.unlink()
    else:
        noise = np.random.default_rng(0).bytes(len(data))
        changed = {"empty": b"", "half": data[: len(data) // 2], "longer": data + b"x", "zeros": bytes(len(data))}
        target.write_bytes(changed.get(damage, noise))
    _right_or_told(copy, file)
    if not file.endswith((".zarray", "_METADATA")):
        with pytest.raises(errors.DataLossError):
            orbax_checkpoint.read(copy)


@given(file=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit(copy: str, file: str, place: float, bit: int) -> None:
    target = Path(copy, file)
    data = bytearray(target.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    intact = target.read_bytes()
    target.write_bytes(data)
    try:
        _right_or_told(copy)
    finally:
        target.write_bytes(intact)


def test_every_bit_of_the_metadata(copy: str) -> None:
    """Also the bits that spell the format's own mark."""
    target = Path(copy, "_CHECKPOINT_METADATA")
    intact = target.read_bytes()
    for place in range(len(intact)):
        target.write_bytes(intact[:place] + bytes([intact[place] ^ 1 << place % 8]) + intact[place + 1 :])
        _right_or_told(copy)
    for length in range(0, len(intact), 7):
        target.write_bytes(intact[:length])
        with pytest.raises(errors.DataLossError, match=r"_CHECKPOINT_METADATA"):
            orbax_checkpoint.read(copy)


def test_a_damaged_array_does_not_keep_others_from_being_read(copy: str) -> None:
    os.unlink(os.path.join(copy, "arrays.big", "1.0.0"))
    assert_equal(orbax_checkpoint.read(copy, ["w", "names"]), {name: ARRAYS[name] for name in ("w", "names")})
    with pytest.raises(errors.DataLossError, match=r"1\.0\.0 is missing"):
        orbax_checkpoint.read(copy, ["w", "big"])


def test_a_damaged_checkpoint_can_be_replaced(copy: str) -> None:
    Path(copy, "_CHECKPOINT_METADATA").write_bytes(b"")
    orbax_checkpoint.write(copy, {"v": np.ones(2)})
    assert_equal(orbax_checkpoint.read(copy), {"v": np.ones(2)})


# ----------------------------------------------------------------------------------------------------- a made-up index


def _forge(path: str, change: Any) -> None:
    """Changes the index and gives it a right checksum, as somebody would who means harm."""
    file = Path(path, "_CHECKPOINT_METADATA")
    content = json.loads(file.read_bytes())
    change(content["custom_metadata"]["scopedjax"])
    text, _, _ = json.dumps(content, separators=(",", ":")).encode().rpartition(b',"crc32":')
    file.write_bytes(text + b',"crc32":%d}}}' % zlib.crc32(text))


def _entry(name: str, **fields: Any) -> Any:
    return lambda ours: ours["index"]["arrays"][name].update(fields)


def _checksum(number: int, value: Any) -> Any:
    def change(ours: Any) -> None:
        ours["index"]["checksums"][number] = value

    return change


def _store(key: str, **fields: Any) -> Any:
    return lambda ours: ours["index"]["stores"][key].update(fields)


def _rename(key: str) -> Any:
    def change(ours: Any) -> None:
        stores = ours["index"]["stores"]
        stores[key] = stores.pop("packed/float32")
        for entry in ours["index"]["arrays"].values():
            if entry["array"] == "packed/float32":
                entry["array"] = key

    return change


HUGE = 1 << 40

FORGED = {
    "length below zero": _entry("w", length=-12),
    "offset below zero": _entry("w", offset=-1),
    "offset beyond": _entry("w", offset=1 << 50),
    "offset of another type": _entry("w", offset=1.0),
    "offset true": _entry("w", offset=True),
    "shape beyond": _entry("w", shape=[3, 5]),
    "shape of huge": _entry("w", shape=[HUGE, HUGE], length=HUGE * HUGE),
    "shape of negatives": _entry("w", shape=[-3, -4]),
    "shape of many": _entry("w", shape=[1] * 100 + [12]),
    "shape text": _entry("w", shape="34"),
    "no shape": _entry("w", shape=None),
    "type of another": _store("packed/float32", dtype="float64"),
    "no type": _store("packed/float32", dtype="float31"),
    "handle": _store("packed/float32", dtype="resource"),
    "no store": _entry("w", array="packed/nothing"),
    "huge store": lambda ours: (
        _store("packed/float32", shape=[HUGE])(ours),
        _entry("w", shape=[HUGE], length=HUGE)(ours),
    ),
    "huge rows": _store("packed/float32", rows=HUGE),
    "no rows": _store("packed/float32", rows=0),
    "rows below zero": _store("arrays/big", rows=-1),
    "scalar store": _store("packed/float32", shape=[]),
    "other chunks": _store("arrays/big", rows=1),
    "other shape": _entry("big", shape=[5, 63]),
    "checksums in a list": lambda ours: _checksum(0, [ours["index"]["checksums"][0]])(ours),
    "checksum text": _checksum(0, "x"),
    "checksum true": _checksum(0, True),
    "no checksums": lambda ours: ours["index"].pop("checksums"),
    "a checksum less": lambda ours: ours["index"]["checksums"].pop(),
    "a checksum more": lambda ours: ours["index"]["checksums"].append(1),
    "checksum below zero": _checksum(0, -1),
    "checksum none": _checksum(0, None),
    "checksums of text": lambda ours: ours["index"].update(checksums="x"),
    "strings that do not fit": _entry("names", shape=[1000]),
    "fewer strings": _entry("names", shape=[2]),
    "a folder outside": _rename("packed/../../etc"),
    "an absolute folder": _rename("/etc/passwd"),
    "a folder with a zero": _rename("packed/a\0b"),
    "a hidden folder": _rename("packed/.."),
    "entries in a list": lambda ours: ours["index"].update(arrays=[]),
    "entry of text": lambda ours: ours["index"]["arrays"].update(w="x"),
    "no stores": lambda ours: ours["index"].pop("stores"),
    "later format": lambda ours: ours.update(format=4),
    "no index": lambda ours: ours.pop("index"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_made_up_index(copy: str, name: str) -> None:
    _forge(copy, FORGED[name])
    with pytest.raises(errors.DataLossError, match="damaged"):
        orbax_checkpoint.read(copy)


def test_a_checkpoint_of_a_later_version_says_so(copy: str) -> None:
    _forge(copy, FORGED["later format"])
    with pytest.raises(errors.DataLossError, match="its format is 4, and this version of scopedjax reads up to 3"):
        orbax_checkpoint.describe(copy)


def test_forging_nothing_changes_nothing(copy: str) -> None:
    """So that the tests above fail for what they change."""
    _forge(copy, lambda ours: None)
    assert_equal(orbax_checkpoint.read(copy), ARRAYS)


def _former(path: str, format: int) -> Any:
    """Makes an index of an earlier format, which had a checksum for each array in a pack."""

    def change(ours: Any) -> None:
        index = ours["index"]
        remaining = index.pop("checksums")
        of_store = {}
        for key, store in index["stores"].items():
            count = 1 if key.startswith("packed/") else -(-store["shape"][0] // store["rows"])
            of_store[key], remaining = remaining[:count], remaining[count:]
        checksums = []
        for entry in index["arrays"].values():
            key = entry["array"]
            if not key.startswith("packed/"):
                checksums.append(of_store[key])
                continue
            data = b"".join(file.read_bytes() for file in sorted(Path(path, key.replace("/", ".")).glob("[0-9]*")))
            size = 1 if key == "packed/string" else np.dtype(index["stores"][key]["dtype"]).itemsize
            checksums.append(zlib.crc32(data[size * entry["offset"] :][: size * entry["length"]]))
        if format == 1:
            for entry, checksum in zip(index["arrays"].values(), checksums, strict=True):
                entry["crc32"] = checksum
        else:
            index |= {"checksums": checksums, "metadata": index.pop("metadata")}  # in the order in which it was written
        ours["format"] = format

    return change


@pytest.mark.parametrize("format", [1, 2])
def test_former_formats_are_read(copy: str, format: int) -> None:
    _forge(copy, _former(copy, format))
    assert_equal(orbax_checkpoint.read(copy), ARRAYS)
    assert_equal(orbax_checkpoint.read(copy, ["names"]), {"names": ARRAYS["names"]})


FORMER = {
    "list for one": lambda ours: ours["index"]["checksums"].__setitem__(0, [1]),
    "one for a list": lambda ours: ours["index"]["checksums"].__setitem__(-1, 1),
    "one less for a large array": lambda ours: ours["index"]["checksums"][-1].pop(),
    "one less": lambda ours: ours["index"]["checksums"].pop(0),
    "another": lambda ours: ours["index"]["checksums"].__setitem__(0, 1),
    "an array over another": _entry("w/Adam", offset=0),
}


@pytest.mark.parametrize("name", FORMER)
def test_a_made_up_index_of_a_former_format(copy: str, name: str) -> None:
    _forge(copy, _former(copy, 2))
    _forge(copy, FORMER[name])
    with pytest.raises(errors.DataLossError, match="damaged"):
        orbax_checkpoint.read(copy)


def test_lengths_of_strings_that_lie(copy: str) -> None:
    file = Path(copy, "packed.string", "0")
    data = bytearray(file.read_bytes())
    data[0:8] = (HUGE).to_bytes(8, "little")
    file.write_bytes(data)
    blocks = list(
        json.loads(Path(copy, "_CHECKPOINT_METADATA").read_bytes())["custom_metadata"]["scopedjax"]["index"]["stores"]
    )
    _forge(copy, _checksum(blocks.index("packed/string"), zlib.crc32(data)))
    with pytest.raises(errors.DataLossError, match="lengths of 3 strings"):
        orbax_checkpoint.read(copy)
