"""Tests made from what code does: analysed, searched, recorded, and proven before they are written."""
