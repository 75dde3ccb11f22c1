"""Statistics: numpy in, dataclasses out. What the window calls while dragging needs numpy only."""
