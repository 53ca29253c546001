//! The parts of which workbooks of several formats are made.

pub(crate) mod compound;
pub(crate) mod fills;
pub(crate) mod links;
pub(crate) mod merged;
pub(crate) mod number_format;
pub(crate) mod package;
pub(crate) mod row;
