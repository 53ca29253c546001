mod repair;
mod workbooks;
