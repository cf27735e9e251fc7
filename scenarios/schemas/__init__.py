"""JSON Schemas of what people write and of what the program answers, made of the models."""
