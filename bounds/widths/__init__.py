"""Explicit widths of each construction."""
