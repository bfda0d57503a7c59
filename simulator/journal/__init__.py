"""The record of everything that happened, as data, as lines to read, and as answers to questions about it."""
