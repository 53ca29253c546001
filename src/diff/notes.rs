//! A comparison as a whole: how much differs, and what was not compared.

use super::{Comparison, ExtensionChange, columns};
use crate::lang::language;
use crate::manifest::{Access, Manifest};
use crate::model::{Field, field_names};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

impl Comparison<'_> {
    /// Counts the differences by their kind, in words.
    pub fn summary(&self) -> String {
        let mut counts: BTreeMap<ExtensionChange, usize> = BTreeMap::new();
        for difference in &self.differences {
            *counts.entry(difference.kind()).or_default() += 1;
        }
        if counts.is_empty() {
            return "no difference".to_owned();
        }
        let counts = counts.iter();
        let counts: Vec<String> = counts
            .map(|(what, count)| format!("{count} {}", what.word()))
            .collect();
        counts.join(", ")
    }

    /// Writes one line for each extension that differs, each behind the prefix.
    ///
    /// # Errors
    /// The error of the writer.
    pub(crate) fn write_lines(&self, prefix: &str, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for difference in &self.differences {
            writeln!(out, "{prefix}{}", self.line(difference, language()))?;
        }
        out.flush()
    }

    /// Builds one comparison as JSON.
    pub(crate) fn as_json(
        &self,
        target: Option<&str>,
        [before, after]: &[String; 2],
        not_compared: Vec<String>,
    ) -> Value {
        let columns = columns();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rows: Vec<BTreeMap<&str, String>> = vec![];
        for difference in &self.differences {
            *counts.entry(difference.kind().word()).or_default() += 1;
            let of_difference = self.rows(difference, None).into_iter();
            rows.extend(of_difference.map(|row| {
                let headings = columns.iter().map(|column| column.heading.as_str());
                headings.zip(row).collect()
            }));
        }
        json!({
            "target": target,
            "before": before,
            "after": after,
            "not_compared": not_compared,
            "counts": counts,
            "differences": rows,
        })
    }

    /// Returns the fields that are not compared, with the reason, in words: once each, and not as differences of every
    /// extension. Of sides that are targets the vendors are given.
    pub fn not_compared(
        &self,
        labels: &[String; 2],
        vendors: [Option<&Manifest>; 2],
    ) -> Vec<String> {
        let mut lines = vec![];
        let [before, after] = labels;
        for (fields, there, other, vendor) in [
            (&self.only[0], before, after, vendors[1]),
            (&self.only[1], after, before, vendors[0]),
        ] {
            let write_only = |field: &Field| {
                let row = vendor.and_then(|manifest| manifest.row(*field));
                row.is_some_and(|row| row.access == Access::WriteOnly)
            };
            let (kept, lacking): (Vec<Field>, Vec<Field>) =
                fields.iter().partition(|f| write_only(f));
            if !lacking.is_empty() {
                let fields = field_names(&lacking);
                lines.push(format!(
                    "not compared, because only {there} has it: {fields}"
                ));
            }
            if !kept.is_empty() {
                let fields = field_names(&kept);
                lines.push(format!(
                    "not compared, because {other} does not give it back: {fields}"
                ));
            }
        }
        for (fields, why) in [
            (
                &self.unlike,
                "not compared, because one side has values and the other fingerprints, and there is no key that made them (--key)",
            ),
            (
                &self.other_key,
                "not compared, because the fingerprints were made with two keys",
            ),
            (
                &self.left_blank(),
                "blank cells are not compared where the PBX has what a new extension has",
            ),
            (
                &self.untold(),
                "not compared, because a PBX did not tell it of every extension",
            ),
            (
                &self.unknown_secrets(),
                "not told of the renumbered, because a fingerprint belongs to its number",
            ),
            (
                &self.all_differ,
                "every fingerprint is another one, as it is when two keys made them",
            ),
        ] {
            if !fields.is_empty() {
                lines.push(format!("{why}: {}", field_names(fields)));
            }
        }
        lines
    }
}
