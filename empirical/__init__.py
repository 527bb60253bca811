"""What is measured: sup errors, success frequencies, experiments."""
