"""The command ``jwst-lv3``. What it says of itself needs no package but this one, and is said at once."""

import sys

from app.cli.usage import answer
from app.runtime.exit_status import exit_status


def main() -> int:
    """Run the command; its exit status is one of `errors.ExitCode`."""
    if text := answer(sys.argv[1:]):
        return exit_status(lambda: sys.stdout.write(text) and None)

    from app.cli.command import main as run_command

    return run_command()


if __name__ == "__main__":
    sys.exit(main())
