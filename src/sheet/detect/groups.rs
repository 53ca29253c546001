//! Words above the headings that each stand for several columns, such as `Voicemail` above `Active` and `PIN`, and
//! headings that stand one row higher than the others.

use crate::sheet::detect::header::looks_like_data;
use crate::sheet::options::{Headings, Known};

/// Puts the words of the row above before the headings that they qualify, as in `Voicemail: Active`. A word stands for
/// its own column and those behind it, up to the next word; a single one above the first heading is a title. Above a
/// blank heading a known word is the heading, as where its cell reaches over both rows.
pub(crate) fn qualify(headings: &mut [String], above: &[String], known: &Headings) {
    let is_filled = |text: &&String| !text.trim().is_empty() && !looks_like_data(text);
    let first = headings.iter().position(|text| !text.trim().is_empty());
    let is_title = above.iter().filter(is_filled).count() == 1
        && above.iter().position(|text| is_filled(&text)) <= first;
    if is_title {
        return;
    }
    let mut group = "";
    for (column, heading) in headings.iter_mut().enumerate() {
        if let Some(word) = above.get(column).filter(is_filled) {
            group = word.trim();
            if heading.trim().is_empty() && known.known(group) != Known::Nothing {
                *heading = group.to_owned();
                continue;
            }
        }
        if !group.is_empty() && known.qualifies(group, heading.trim()) {
            *heading = format!("{group}: {}", heading.trim());
        }
    }
}
