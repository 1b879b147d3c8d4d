"""An evaluation and the documents it was made on, as one page to look through."""
