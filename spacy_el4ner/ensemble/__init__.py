"""What the answers of several backbones amount to."""
