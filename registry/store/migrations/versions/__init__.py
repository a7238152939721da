"""One file per change of form, never edited once released."""
