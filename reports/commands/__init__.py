"""One file per command, one line per command in the registry; importing this imports nothing heavy."""

from reports.commands import bounds_command, build_command, report_command, verify_command
from reports.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    report_command.COMMAND,
    bounds_command.COMMAND,
    build_command.COMMAND,
    verify_command.COMMAND,
)
