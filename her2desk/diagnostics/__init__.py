"""Whether all that the program needs is here, and what can be sent to who repairs it: of no patient.

``plan`` says what is looked at, ``examination`` does it, one file each says what is looked for.
"""
