"""A pipeline as a package that pip installs."""
