"""What CI systems read of any answer: JUnit XML, annotations, code quality, a job's summary,
metrics."""
