"""Draws what the sample shop shows: its pictures, its font and its long article. In come constants,
out go committed files."""
