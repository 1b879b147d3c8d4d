"""Making models: the compact backbones."""
