"""One fixed-length key for a thing that a platform names: no length limit, no collation, no confusion of parts."""

from hashlib import sha256


def external_key(*parts: str) -> str:
    """64 hex digits for a tuple of texts.

    The ids that platforms send are compared by this digest: MariaDB's usual collations hold `a`, `A` and `á` for
    equal, and an issuer, a context and a link id together are too long for an index. Lengths are part of the digest,
    so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()
