"""A job as one ZIP that opens without this program and is an RO-Crate. Reading only."""
