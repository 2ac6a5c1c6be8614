"""The command line itself: help, exit status, one line for what goes wrong, start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopedjax._src.cli import inspection, main, progress
from tests.cli.commands import output, problem, run, write
from tests.surface import source


@pytest.mark.parametrize("command", ["inspect", "convert", "diff", "graph"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, command, "--help")
    assert "examples:" in text and f"python -m scopedjax {command}" in text
    assert all(f"  {name} " in output(capsys, "--help") for name in ("inspect", "convert", "diff", "graph"))


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["inspect"], ["inspect", "a", "--nothing"], ["diff", "a"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(*arguments, status=2)
    assert capsys.readouterr().err.startswith("usage: ")


def test_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(options: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(inspection, "run", interrupted)
    run("inspect", "x", status=130)
    assert capsys.readouterr().err == "interrupted\n"


def test_surprises_are_one_line_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def surprised(options: Any) -> int:
        raise ZeroDivisionError("no\nway")

    monkeypatch.setattr(inspection, "run", surprised)
    run("inspect", "x", status=2)
    assert capsys.readouterr().err == "scopedjax: ZeroDivisionError: no way (SCOPEDJAX_TRACEBACK=1 shows where)\n"
    monkeypatch.setenv(main.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        main.main(["inspect", "x"])


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(str(tmp_path / "a.npz"), {"a": np.ones(1)})
    for name in ("b.npz", "b.safetensors", "b.orbax"):
        said = problem(capsys, "convert", path, str(tmp_path / "no" / "where" / name))
        assert "no/where" in said


def test_the_process(tmp_path: Path) -> None:
    """As a user starts it; a reader that stops early is no error; reading the command line takes no module of ours."""
    path = write(str(tmp_path / "a.npz"), {f"v{i}": np.ones(1) for i in range(3000)})
    line = f"{sys.executable} -m scopedjax inspect {path} | head -2"
    done = subprocess.run(line, shell=True, cwd=source.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1].split() == ["name", "dtype", "shape", "bytes"] and done.stderr == ""


def test_the_program(tmp_path: Path) -> None:
    """`scopedjax` does what `python -m scopedjax` does, and does not wait for JAX where it is not needed."""
    path = write(str(tmp_path / "a.orbax"), {"v": np.ones(1)})
    (tmp_path / "g.pbtxt").write_text('node { name: "a" op: "Placeholder" } node { name: "b" op: "MyKernel" }')
    code = (
        "import sys, scopedjax_command\n"
        f"sys.argv[1:] = ['inspect', {path!r}]; one = scopedjax_command.main(); early = 'jax' in sys.modules\n"
        f"sys.argv[1:] = ['graph', {str(tmp_path / 'g.pbtxt')!r}]; two = scopedjax_command.main()\n"
        "print(one, two, early)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=source.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 0 False" and done.stderr == ""
    assert "1 tensor" in done.stdout and "ops that cannot run here (1)" in done.stdout


def test_help_needs_none_of_the_commands() -> None:
    module = source.parse(source.PACKAGE / "_src" / "cli" / "main.py")
    targets = [edge.target for edge in source.imports(module) if not edge.lazy]
    assert "argparse" in targets and not [target for target in targets if target.startswith("scopedjax")]


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress("reading", 10) as advance:
        advance(10)
    said = capsys.readouterr()
    assert said.out == said.err == ""


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_QUIET", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bars: list[Any] = []
    original = progress._Bar._show

    def show(self: Any) -> None:
        bars.append(self)
        original(self)

    monkeypatch.setattr(progress._Bar, "_show", show)
    with progress.progress("reading", 10) as advance:
        advance(4)
        advance(6)
    assert len(bars) == 1 and bars[0]._done == 10
