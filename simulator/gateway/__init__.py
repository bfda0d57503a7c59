"""The gateway: it reads requests, answers them, and brings messages to the connections of a world."""
