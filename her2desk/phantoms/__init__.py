"""Simulated breast-ultrasound patients: pictures, outlines and tables with a planted label."""
