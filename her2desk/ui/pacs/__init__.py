"""The DICOM network in the window: archives, searching and fetching, and receiving."""
