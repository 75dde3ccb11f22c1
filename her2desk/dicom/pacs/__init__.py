"""The DICOM network: asking archives, fetching from them, sending to them, and receiving."""
