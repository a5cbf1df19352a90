"""Makes sure that this machine has what the suite drives besides Python: a browser, Redis and a Chinese font.

As root on Debian it installs what is missing; elsewhere it says exactly what to install, and fails.
"""

import os
import shutil
import subprocess
import sys

BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font that can show Chinese."""
    listing = shutil.which("fc-list")
    return bool(listing and subprocess.run([listing, ":lang=zh"], capture_output=True, check=False).stdout)


def missing() -> list[str]:
    """Debian's names of the packages that are not there yet."""
    wanted = []
    if not any(shutil.which(browser) for browser in BROWSERS):
        wanted.append("chromium")
    if not shutil.which("redis-server"):
        wanted.append("redis-server")
    if not has_chinese_font():
        wanted += ["fontconfig", "fonts-droid-fallback"]
    return wanted


def main() -> int:
    """Exit status 0 when all is there (now)."""
    wanted = missing()
    if not wanted:
        return 0
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing for the tests: {' '.join(wanted)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["apt-get", "update"], command):
            subprocess.run(step, check=True, stdout=subprocess.DEVNULL, env=environment)
        wanted = missing()
    if wanted:
        print(f"The tests need these packages: {' '.join(wanted)}\nOn Debian or Ubuntu: sudo {' '.join(command)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
