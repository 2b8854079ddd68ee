"""What a design costs: rules, recorder, accounting."""
