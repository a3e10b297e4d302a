"""What this project is measured against, one small program each. They are started as programs, never imported."""
