"""Parts of figures and pages that more than one product is made of."""
