"""Fusion of a supervised tagger (SLM) and a fine-tuned language model (LLM).

After Xu, Dang and Huang 2025, "LLM's Weakness in NER Doesn't Stop It from Enhancing a Stronger SLM";
cited here as Xu et al. 2025.
"""
