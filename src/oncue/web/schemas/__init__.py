"""What goes over the wire, each shape defined once: the API checks against these, and OpenAPI is made from them."""
