"""Files and folders that are whole, and that show it where they are not."""
