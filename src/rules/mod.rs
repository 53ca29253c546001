//! What vendors' documents demand, as data, and the checks that hold rows to it.

pub mod manifest;
