"""A folder named `platform` must not hide Python's module of that name."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_python_keeps_its_own_platform_module() -> None:
    code = "import uuid, sqlalchemy, platform; print(platform.python_version())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ".".join(map(str, sys.version_info[:3]))


def test_the_kernel_imports_no_web_framework() -> None:
    code = (
        "import sys, pkgutil, importlib, formloom;"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(formloom.__path__, 'formloom.')];"
        "print(sorted({'flask', 'werkzeug', 'boto3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
