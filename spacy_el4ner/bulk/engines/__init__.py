"""The engines that annotate shards: this process, several processes, or Ray."""
