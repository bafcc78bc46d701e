"""What a foreign telescope does, a file an effect: units, place in the chain, equation, source."""
