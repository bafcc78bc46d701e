"""What rooms share: types without behaviour of their own, and where each file lies."""
