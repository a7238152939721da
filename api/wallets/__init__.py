"""What the endpoints for wallets share."""
