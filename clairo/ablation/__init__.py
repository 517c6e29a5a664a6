"""What an ablation consists of: the winner, and the winner with one thing changed."""
