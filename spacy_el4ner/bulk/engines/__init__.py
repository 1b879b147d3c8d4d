"""Who annotates the shards: this process, several of this machine, or Ray."""
