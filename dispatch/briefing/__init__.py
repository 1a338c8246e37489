"""What a report tells, put together from studies, surveys and logs; ``report`` only shows it."""
