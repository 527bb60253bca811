"""The independent verifier of tickets: shares no code with the builder."""
