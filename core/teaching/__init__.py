"""Code that makes the bundled teaching material: small models trained by this project."""
