"""A pack and a case become a prediction; the engine process hosts it. No Qt."""
