"""What a run leaves behind: documents, tables, pictures and the output folder."""
