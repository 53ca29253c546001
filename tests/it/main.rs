//! What only shows from outside: the program as a person runs it, and the tree as a person reads it.

mod tidy;
