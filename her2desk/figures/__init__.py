"""Pictures for reports and papers, drawn by matplotlib without a window."""
