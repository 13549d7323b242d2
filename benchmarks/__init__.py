"""What is measured: ratios of one run, side by side."""
