"""The conformance kit: cases as data, and what runs them against any runtime."""
