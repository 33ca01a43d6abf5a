"""What people see: one value for each screen, rendered by every surface as text, JSON or HTML. Looking changes nothing."""
