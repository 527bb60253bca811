"""What the command line tells the shell."""

from enum import IntEnum


class ExitCode(IntEnum):
    """0 ok, 1 a claim the suite relies on is violated, 2 usage or bad input, 3 incomplete."""

    OK = 0
    VIOLATED = 1
    USAGE = 2
    INCOMPLETE = 3
