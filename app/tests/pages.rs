//! Every page drawn from content: what must be there, and what must not.
fn main() {}
