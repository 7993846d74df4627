"""Results as text or JSON: values in, strings out, no input or output."""
