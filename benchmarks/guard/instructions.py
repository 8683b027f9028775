"""Instructions of the processor, counted by valgrind, where that is installed.

`python -m benchmarks.guard.instructions`, run by callgrind, does all work, switches the counting on
and off around each piece, and has a file written after each. Starting Python is not counted, which
would take most of the time.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.guard.counting import quiet
from benchmarks.guard.workloads import workloads

_ROOT: Final = Path(__file__).parents[2]
_TOTALS: Final = re.compile(r"^totals: (\d+)", re.MULTILINE)


def version() -> str | None:
    """Return valgrind's version; None where it is not installed."""
    if not (shutil.which("valgrind") and shutil.which("vgdb")):
        return None
    done = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def count_instructions(names: Sequence[str]) -> dict[str, int]:
    """Return the instructions of each piece of work."""
    with TemporaryDirectory() as directory:
        found = Path(directory, "counts")
        command = (
            *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"),
            *(f"--callgrind-out-file={found}", f"--vgdb-prefix={directory}/vgdb"),
            *(sys.executable, "-m", "benchmarks.guard.instructions", f"{directory}/vgdb"),
        )
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        subprocess.run(command, cwd=_ROOT, env=environment, stdout=sys.stderr, check=True)
        parts = [Path(f"{found}.{number}").read_text() for number in range(1, len(names) + 2)]
    nothing, *counts = (int(match[1]) for part in parts if (match := _TOTALS.search(part)))
    return {name: one - nothing for name, one in zip(names, counts, strict=True)}


def _count(prefix: str) -> None:
    """Have everything counted, first of all nothing: what switching on and off costs."""
    with workloads() as found:
        for work in (lambda: 0, *found.values()):
            with quiet():
                _tell(prefix, "instrumentation", "on")
                work()
                _tell(prefix, "instrumentation", "off")
            _tell(prefix, "dump")


def _tell(prefix: str, *command: str) -> None:
    """Tell valgrind what to do with this process."""
    ways = [f"--vgdb-prefix={prefix}", f"--pid={os.getpid()}"]
    with subprocess.Popen(
        ["vgdb", *ways, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # Valgrind listens only while instructions are carried out, so this cannot just wait.
        while process.poll() is None:
            time.sleep(0.01)
        said = process.communicate()[1]
    if process.returncode:
        raise ChildProcessError(f"vgdb {' '.join(command)}: {said}")


if __name__ == "__main__":
    _count(sys.argv[1])
