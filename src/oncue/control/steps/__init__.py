"""What passes between the product and the code of a step: its call, what it may touch, what it returns."""
