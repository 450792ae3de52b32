"""What each process of a run needs before its first test, made once, while one processor looks at style and types.

A migrated database of each kind takes seconds to make, and so does it to compile the tests.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import tests.settings  # noqa: F401 - the keys, without which no command starts
from tests.support.databases import ROOT, original
from tests.support.processes import site_environment


def main(servers: list[str]) -> None:
    """The originals of all databases and the compiled tests; what is wrong with the tests says the run itself."""
    with tempfile.TemporaryDirectory() as folder:
        for server in ("", *servers):
            original(server, site_environment(Path(folder)))
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-qq"]
    subprocess.run(collect, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
