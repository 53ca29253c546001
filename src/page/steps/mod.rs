//! The steps of the road, a file for each: what it shows, and what its forms change.

pub(super) mod archive;
mod corrections;
pub(super) mod doctor;
mod fill;
pub(super) mod headings;
pub(super) mod plan;
pub(super) mod rows;
mod rows_view;
pub(super) mod run;
pub(super) mod sheet;
pub(super) mod target;
pub(super) mod visit;
pub(super) mod watch;
