//! What workbooks of several formats are made of.

pub(crate) mod compound;
pub(crate) mod number_format;
pub(crate) mod package;
pub(crate) mod row;
