"""What a recorded session tells: where its tokens are, which are dead weight, what they cost, when to start anew."""
