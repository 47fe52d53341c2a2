"""Write a report whose numbers come from queries."""
