"""What happens: rules, fleet, log, status board, and the discrete-event simulator."""
