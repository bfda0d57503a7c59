"""What is wrong with a scenario that can be read: words that name nothing, steps that no venue can do."""
