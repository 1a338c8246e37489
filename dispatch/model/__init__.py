"""What a person can write: frozen, validated, without behaviour."""
