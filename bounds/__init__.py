"""What the theory says: symbolic and rigorous."""
