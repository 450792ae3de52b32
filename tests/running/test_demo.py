"""`make demo` leaves nothing behind: no process, no half of its folder; and there is one of it at a time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.stack import ROOT, free_port, is_taken

Demo = subprocess.Popen[str]
START = "import pathlib, sys; from scripts import demo; demo.ROOT = pathlib.Path(sys.argv[1]); sys.exit(demo.main())"


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int, int], Demo]]:
    started: list[Demo] = []

    def start(port: int, emulator_port: int) -> Demo:
        environment = os.environ | {"PORT": str(port), "EMULATOR_PORT": str(emulator_port)}
        command = [sys.executable, "-c", START, str(tmp_path)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield start
    for demo in started:
        demo.terminate()
        demo.wait(30)


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while not is_taken(port):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    "signals", [[signal.SIGHUP], [signal.SIGINT, signal.SIGINT], [signal.SIGINT, signal.SIGTERM]], ids=str
)
def test_whatever_ends_it_leaves_nothing_behind(
    signals: list[int], start: Callable[[int, int], Demo], ports: tuple[int, int], tmp_path: Path
) -> None:
    demo = start(*ports)
    wait_for(ports[1])
    for number in signals:
        demo.send_signal(number)
        time.sleep(0.05)
    said, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0, said
    assert "Stopped." in said
    assert list(tmp_path.iterdir()) == []
    assert not is_taken(ports[1])


def test_a_second_one_is_sent_away(start: Callable[[int, int], Demo], ports: tuple[int, int], tmp_path: Path) -> None:
    start(*ports)
    wait_for(ports[1])
    said, _ = start(free_port(), free_port()).communicate(timeout=10)
    assert said == "The demo runs here already. Ctrl-C in its terminal stops it.\n"


def test_a_folder_that_is_not_whole_is_not_started(
    start: Callable[[int, int], Demo], ports: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / ".demo").mkdir()
    demo = start(*ports)
    said, _ = demo.communicate(timeout=10)
    assert demo.returncode == 1
    assert said == ".demo is not whole: env is missing. `make demo-reset` forgets it.\n"
