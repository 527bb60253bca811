"""``python -m reports`` writes the report, as ``ticketproof report`` does."""

import sys

from reports.cli import main

sys.exit(main(["report", *sys.argv[1:]]))
