"""``python -m ecgviewer``: the same as the ``ecgviewer`` command."""

import sys

from ecgviewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
