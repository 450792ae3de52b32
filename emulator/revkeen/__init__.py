"""RevKeen API v2, stood in for at /revkeen/v2. What it does where the sources are silent is listed in the README."""
