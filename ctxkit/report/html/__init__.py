"""The audit as one HTML file that needs nothing else: no network, no other file, no JavaScript to be read."""

from ctxkit.report.html.page import audit_html

__all__ = ["audit_html"]
