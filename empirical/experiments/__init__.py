"""Named experiments; each returns records."""
