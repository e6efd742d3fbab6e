"""The Companion inside Open edX: XBlocks and an LMS plugin over the same core."""
