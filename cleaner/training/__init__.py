"""From pages and hand labels to the weights of the model; needs the extra ``train``."""
