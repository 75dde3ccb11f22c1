"""De-identifying ultrasound files: header by DICOM PS3.15 annex E, burned-in text by masks."""
