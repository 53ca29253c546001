mod repair;
mod workbooks;
mod writer;
