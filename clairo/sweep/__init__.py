"""Search: spaces, the study, the rule that prunes, and what runs the trials."""
