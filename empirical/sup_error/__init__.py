"""Certified sup errors between a target network and a ticket."""
