"""Attacks: the effect of instructions in a text on its entities."""
