"""The proof that pages keep what they promise: everything that exists, rendered as everybody, and searched for an
anonymous author (`companion manage audit_anonymity`).
"""
