"""What an answer is, as typed data, one module a kind of answer."""
