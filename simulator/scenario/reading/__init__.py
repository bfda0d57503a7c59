"""From a file's text to typed values that know where they stand, and every mistake on the way."""
