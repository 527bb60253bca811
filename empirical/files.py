"""The atomic writer of ``bounds``, for records and reports, which import nothing below ``empirical``."""

from bounds.files import write_text_atomically

__all__ = ["write_text_atomically"]
