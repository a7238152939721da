"""Open Badges: from achievements and rosters to credentials, pictures and certificates. Pure."""
