"""The kill chain's steps, one definition a file: arrays in, arrays out."""
