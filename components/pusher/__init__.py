"""What lies in a serving directory."""
