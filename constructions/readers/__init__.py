"""Readers of networks stored by others."""
