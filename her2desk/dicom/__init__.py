"""Ultrasound files as they arrive: DICOM, PNG, JPEG; masks; folders and ZIP archives."""
