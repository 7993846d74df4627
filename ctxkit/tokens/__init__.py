"""How many tokens a text is: engines, cache, tokenizer families, models and their prices."""
