"""Help inside the window: pages, tour, sample cases, what is new, and what this program is."""
