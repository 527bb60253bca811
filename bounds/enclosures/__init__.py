"""Enclosures: intervals, series and Taylor models in ball arithmetic, and the searches that use them."""
