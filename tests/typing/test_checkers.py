"""Both type checkers accept what they should, and find every planted mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers(checker: str) -> None:
    """No complaint is missing and none is left: a mark without a mistake is a complaint, too."""
    pytest.importorskip(checker)
    run = subprocess.run(
        [sys.executable, "-m", checker, str(HERE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # mypy reports on everything that these files import, by paths relative to the root.
    ours = ("tests/typing/", f"{HERE}/")
    complaints = [
        line
        for line in run.stdout.splitlines()
        if line.strip().startswith(ours) and ("error" in line or "warning" in line)
    ]
    assert [] == complaints
    assert "error" in run.stdout or "Success" in run.stdout, run.stderr
