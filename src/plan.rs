//! What is wanted against what the PBX holds.

use crate::manifest::{Access, Manifest};
use crate::model::{Extension, Field, Kind};

/// The fields in which an extension on the PBX is not as wanted, in the order of the dictionary.
///
/// Fields that are not wanted, that the make does not know, that it only gives back, or that it does not give back are
/// not compared. An absent field and an empty one are the same. A list (groups) is as wanted when everything wanted is
/// in it, for membership is added to and not replaced.
pub fn differing(manifest: &Manifest, wanted: &Extension, held: &Extension) -> Vec<Field> {
    let comparable = |field: Field| {
        field != Field::NUMBER
            && manifest
                .row(field)
                .is_some_and(|row| row.access == Access::ReadWrite)
    };
    let differs = |(field, wanted): (Field, &str)| {
        let held = held.get(field).unwrap_or_default();
        if field.def().kind == Kind::List && !wanted.is_empty() {
            wanted
                .split(';')
                .any(|item| !held.split(';').any(|known| known == item))
        } else {
            held != wanted
        }
    };
    wanted
        .iter()
        .filter(|(field, text)| comparable(*field) && differs((*field, text)))
        .map(|(field, _)| field)
        .collect()
}
