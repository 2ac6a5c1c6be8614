"""`tf.gfile` against TensorFlow's: each row runs in two equal folders, and results, messages and what is left are
compared."""

from __future__ import annotations

import os
import pathlib
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scopedjax._src.lib.platform import gfile, gfile_file
from tests import oracle

pytestmark = pytest.mark.oracle

# What is compared here though no body names it: tests/surface/evidence.py.
COMPARES = ["io.gfile.walk", "io.gfile.stat", "io.gfile.join"]
OURS = types.SimpleNamespace(**{**vars(gfile), "GFile": gfile_file.GFile})


def _fill(folder: Path) -> str:
    (folder / "a/b/c").mkdir(parents=True)
    (folder / "a/f.txt").write_text("l1\nl2\nl3 é", encoding="utf-8")
    (folder / "a/b/g.txt").write_text("x")
    (folder / "a/.hidden").write_text("")
    (folder / "file").write_bytes(b"\xff\xfe\n\n1")
    (folder / "ln").symlink_to("a/f.txt")
    (folder / "dirln").symlink_to("a")
    return str(folder)


def _left(folder: str) -> list[Any]:
    found = []
    for top, _, files in sorted(os.walk(folder)):
        found.append(top[len(folder) :])
        paths = [Path(top) / name for name in sorted(files)]
        found += [(path.name, path.read_bytes() if path.exists() else "a broken link") for path in paths]
    return found


def _plain(value: Any, folder: str) -> Any:
    """Without the folder, and unordered where the order is the file system's."""
    if isinstance(value, oracle.Raised):
        return oracle.Raised(value.types, value.message.replace(folder, "DIR"))
    if isinstance(value, str):
        return value.replace(folder, "DIR")
    if isinstance(value, tuple):
        return tuple(_plain(v, folder) for v in value)
    if isinstance(value, list):
        return sorted((_plain(v, folder) for v in value), key=repr)
    return value


def _run(body: Callable[..., Any], files: Any, folder: Path) -> list[Any]:
    folder.mkdir()
    name = _fill(folder)
    try:
        result = body(files, name)
    except Exception as error:
        result = oracle.Raised.of(error)
    return [_plain(result, name), _left(name)]


def _check(body: Callable[..., Any], tmp_path: Path) -> None:
    tf = oracle.real_tf()
    names = {**vars(tf.io.gfile), **vars(tf.gfile)}
    theirs = types.SimpleNamespace(**names)
    oracle.assert_same(_run(body, theirs, tmp_path / "theirs"), _run(body, OURS, tmp_path / "ours"))


PATHS = ["/no", "/a", "/a/f.txt", "/a/", "", "/no/x", "/a/f.txt/x", "/ln", "/dirln", "/a/b/c"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "function",
    [
        "Exists",
        "IsDirectory",
        "ListDirectory",
        "Glob",
        "MkDir",
        "MakeDirs",
        "Remove",
        "DeleteRecursively",
        "exists",
        "isdir",
        "listdir",
        "glob",
        "mkdir",
        "makedirs",
        "remove",
        "rmtree",
    ],
)
def test_functions_of_one_path(function: str, path: str, tmp_path: Path) -> None:
    if function in ("DeleteRecursively", "rmtree") and path in ("/dirln", ""):
        return  # see test_deleting_a_link_keeps_what_it_points_to
    _check(lambda g, d: getattr(g, function)(d + path), tmp_path)


@pytest.mark.parametrize(
    "function",
    ["Exists", "IsDirectory", "ListDirectory", "Stat", "MkDir", "MakeDirs", "Remove", "DeleteRecursively", "Glob"],
)
def test_the_empty_path(function: str, tmp_path: Path) -> None:
    _check(lambda g, d: getattr(g, function)(""), tmp_path)


@pytest.mark.parametrize("path", PATHS)
def test_stat(path: str, tmp_path: Path) -> None:
    def body(g: Any, d: str) -> Any:
        found = g.Stat(d + path)
        ours = os.stat(d + path)
        # TensorFlow's time has the seconds of the file and nanoseconds of its own making; ours is the file's.
        seconds = round(found.mtime_nsec / 1e9) - round(ours.st_mtime_ns / 1e9)
        return found.length if not found.is_directory else -1, found.is_directory, abs(seconds) <= 2

    _check(body, tmp_path)


@pytest.mark.parametrize("kind", [str.encode, pathlib.Path], ids=["bytes", "Path"])
def test_kinds_of_paths(kind: Callable[[str], Any], tmp_path: Path) -> None:
    _check(lambda g, d: (g.Exists(kind(d)), g.IsDirectory(kind(d)), g.ListDirectory(kind(d + "/a"))), tmp_path)
    for wrong in (None, 3):
        for function in ("Exists", "IsDirectory", "ListDirectory", "MakeDirs", "Remove"):
            with pytest.raises(TypeError, match="Expected binary or unicode string"):
                getattr(gfile, function)(wrong)


@pytest.mark.parametrize(
    "pattern",
    ["/a/*", "/**", "/a/?.txt", "/a/[e-g].txt", "/a/{f,g}.txt", "/*/*", "/a/\\f.txt", "/a/[!f]*", "/a/[^f]*", "/a/[f",
    "/*/*/*", "/no*/x", "/*.txt", "/a/*.t?t", "/a/b/../*", "/*/b/g.txt", "/l*/*", "/dirln/*"],
)  # fmt: skip
def test_glob(pattern: str, tmp_path: Path) -> None:
    _check(lambda g, d: g.Glob(d + pattern), tmp_path)


def test_glob_of_several_patterns_and_relative_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _check(lambda g, d: g.Glob([d + "/a/*.txt", d + "/a/b/*"]), tmp_path)
    (tmp_path / "here").mkdir()
    _fill(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    for pattern in ("*", "a/*", "./*", "a/f.txt", "*/b"):
        oracle.assert_same(sorted(oracle.real_tf().gfile.Glob(pattern)), sorted(gfile.Glob(pattern)))


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("path", ["", "/a", "/no", "/file"])
def test_walk(path: str, in_order: bool, tmp_path: Path) -> None:
    _check(lambda g, d: list(g.Walk(d + path, in_order=in_order)), tmp_path)
    if path == "/a":  # siblings apart, the order of folders is part of the result
        (tmp_path / "order").mkdir()
        top = _fill(tmp_path / "order") + "/a"
        theirs = [t for t, _, _ in oracle.real_tf().gfile.Walk(top, in_order)]
        assert theirs == [t for t, _, _ in gfile.Walk(top, in_order)]


def test_names_of_tensorflow_2(tmp_path: Path) -> None:
    _check(lambda g, d: [(top, sorted(dirs), sorted(files)) for top, dirs, files in g.walk(d + "/a")], tmp_path)
    with (tmp_path / "t").open("w") as file:
        file.write("12345")
    path = str(tmp_path / "t")
    theirs = oracle.real_tf()
    assert theirs.io.gfile.stat(path).length == gfile.stat(path).length == 5
    for parts in (["a", "b"], ["a/", "b", "c"], ["a", "/b"], ["a"]):
        assert theirs.io.gfile.join(*parts) == gfile.join(*parts)
    oracle.check_both(lambda tf: tf.gfile.FastGFile(path).read())


def test_walk_tells_errors(tmp_path: Path) -> None:
    told: list[Any] = []
    assert list(gfile.walk(tmp_path / "no", onerror=told.append)) == []
    assert type(told[0]).__name__ == "NotFoundError" and "Could not find directory" in str(told[0])


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("function", ["Copy", "Rename", "copy", "rename"])
@pytest.mark.parametrize(
    ("source", "target"),
    [("/a/f.txt", "/new"), ("/a/f.txt", "/file"), ("/zz", "/new"), ("/a/f.txt", "/a/b/new"), ("/a/f.txt", "/no/x"),
    ("/a/f.txt", "/a/b")],
)  # fmt: skip
def test_copy_and_rename(function: str, source: str, target: str, overwrite: bool, tmp_path: Path) -> None:
    _check(lambda g, d: getattr(g, function)(d + source, d + target, overwrite=overwrite), tmp_path)


def test_rename_a_folder(tmp_path: Path) -> None:
    _check(lambda g, d: g.Rename(d + "/a/b", d + "/moved"), tmp_path)


def test_copying_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(gfile.errors.OpError):
        gfile.Copy(tmp_path, tmp_path / "copy")


MODES = ["r", "rb", "w", "a", "r+", "w+", "wb", "ab", "a+", "rb+", "x", "", "U", "rt"]


@pytest.mark.parametrize("mode", MODES)
def test_modes(mode: str, tmp_path: Path) -> None:
    _check(lambda g, d: g.GFile(d + "/a/f.txt", mode).mode, tmp_path)


READING: dict[str, Callable[[Any], Any]] = {
    "read": lambda f: (f.read(), f.tell(), f.read()),
    "parts": lambda f: (f.read(2), f.read(0), f.tell(), f.read(100)),
    "lines": lambda f: (f.readline(), f.tell(), next(f), f.next(), f.readline()),
    "readlines": lambda f: (f.readline(), str(f.readlines())),
    "iterate": lambda f: str(list(f)),
    "size": lambda f: (f.size(), f.seekable()),
    "seek": lambda f: (f.seek(0), f.seek(3, 1), f.read(3), f.seek(-3, 2), f.read(), f.seek(2), f.read(1)),
    "position": lambda f: (f.seek(position=2), f.read(1)),
    "seek nowhere": lambda f: f.seek(),
    "seek from 5": lambda f: f.seek(0, 5),
    "seek before": lambda f: f.seek(-1),
    "seek behind": lambda f: (f.seek(1000), f.read()),
    "negative": lambda f: f.read(-5),
    "write": lambda f: f.write("x"),
    "end": lambda f: (f.read(), next(f)),
    "close": lambda f: (f.read(2), f.close(), f.close(), f.flush(), f.read(2)),
}


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("mode", ["r", "rb"])
@pytest.mark.parametrize("path", ["/a/f.txt", "/file", "/no", "/a", "/ln"])
def test_reading(path: str, mode: str, name: str, tmp_path: Path) -> None:
    if name == "end" and path != "/a":  # StopIteration is an Exception of both
        _check(lambda g, d: _stops(g.GFile(d + path, mode)), tmp_path)
        return
    if path == "/a" and name not in ("read", "parts", "write"):
        return  # TensorFlow sees lines in a folder; here opening it is refused
    _check(lambda g, d: READING[name](g.GFile(d + path, mode)), tmp_path)


def _stops(file: Any) -> Any:
    file.read()
    try:
        next(file)
    except StopIteration:
        return "stopped"
    return "went on"


WRITING: dict[str, Callable[[Any], Any]] = {
    "text": lambda f: (f.write("héllo\n"), f.tell()),
    "bytes": lambda f: (f.write(b"\x00\xff"), f.tell()),
    "size": lambda f: (f.write("abc"), f.flush(), f.size()),
    "wrong": lambda f: f.write(3),
    "read": lambda f: f.read(),
    "seek": lambda f: f.seek(0),
    "nothing": lambda f: None,
    "twice": lambda f: (f.write("a"), f.close(), f.write("b")),
}


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("mode", ["w", "a", "wb"])
@pytest.mark.parametrize("path", ["/a/f.txt", "/new", "/no/x", "/a", "/ln"])
def test_writing(path: str, mode: str, name: str, tmp_path: Path) -> None:
    def body(g: Any, d: str) -> Any:
        with g.GFile(d + path, mode) as file:
            return WRITING[name](file)

    _check(body, tmp_path)


@pytest.mark.parametrize("mode", ["r+", "a+", "w+"])
def test_reading_and_writing(mode: str, tmp_path: Path) -> None:
    def body(g: Any, d: str) -> Any:
        with g.GFile(d + "/a/f.txt", mode) as file:
            found = file.read() if mode != "w+" else ""
            file.write("Q")
        return found

    _check(body, tmp_path)


def test_schemes(tmp_path: Path) -> None:
    _check(lambda g, d: g.Exists("foo://x/y"), tmp_path)
    (tmp_path / "again").mkdir()
    _check(lambda g, d: g.GFile("foo://x/y").read(), tmp_path / "again")
    assert gfile.Exists(f"file://{tmp_path}")
    with pytest.raises(gfile.errors.UnimplementedError, match="scheme 'gs' not implemented"):
        gfile.ListDirectory("gs://bucket/x")


def test_join() -> None:
    theirs = oracle.real_tf().io.gfile.join
    for parts in [("a", "b", "/c"), ("a/", "b"), (b"a", b"b"), ("a",), ("a", "")]:
        oracle.assert_same(theirs(*parts), gfile.join(*parts))


def test_a_forgotten_file_loses_nothing(tmp_path: Path) -> None:
    file = gfile_file.GFile(tmp_path / "a", "w")
    file.write("kept")
    del file
    assert (tmp_path / "a").read_text() == "kept"
