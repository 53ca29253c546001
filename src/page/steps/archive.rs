//! Nightly archives: the snapshots, what changed between two of them, and whether they are as they were entered.

use super::visit::Visit;
use crate::archive::{Archive, Snapshot, TargetRecord, moves};
use crate::diff::compare;
use crate::input::side::read_snapshot;
use crate::lang::{language, translated};
use crate::model::counted;
use crate::model::redact::harmless;
use crate::page::exchange::{FormFields, PageReply};
use crate::page::look::{self, PagePlace, PageReload, table_head};
use crate::report::for_people;
use crate::rim::Failure;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::path::Path;
use url::form_urlencoded;

/// The most differences that are shown.
const DIFFERENCES_MAX: usize = 1000;

/// The most bytes of an archive's manifests, which are read whole for each look at it.
const MANIFESTS_MEBIBYTES_MAX: u64 = 64;

/// The most targets that are shown, and the most snapshots of each, the newest ones.
const TARGETS_SHOWN: usize = 100;
const SNAPSHOTS_SHOWN: usize = 400;

/// The number of snapshots of each target where several are shown.
const SNAPSHOTS_OF_EACH: usize = 31;

/// A question about an archive, and the page's address.
struct ArchiveQuery<'q> {
    base: &'q str,
    query: &'q FormFields,
}

/// The archive that a query names, with what is asked of it. It is read whole, which can take a while.
pub(in crate::page) fn body(base: &str, query: &FormFields) -> Markup {
    let asked = ArchiveQuery { base, query };
    let folder = query.get("folder").trim();
    html! {
        form method="get" action={ (base) "archive" } {
            p {
                label for="folder" { (translated("the folder of the archive, as rowcall export --archive names it")) }
                input #folder name="folder" size="40" value=(folder) required;
            }
            button { (translated("Show the archive")) }
            " " button .quiet name="verify" value="on" { (translated("Verify it")) }
        }
        @if !folder.is_empty() { (archive(&asked, Path::new(folder))) }
    }
}

pub(in crate::page) fn show(visit: &mut Visit<'_>, body: &Markup) -> PageReply {
    visit.page(PagePlace::Archive, PageReload::Never, body)
}

impl ArchiveQuery<'_> {
    fn is_about(&self, target: &str) -> bool {
        self.query.get("target") == target
    }

    /// The snapshot of a target that was chosen under this name.
    fn chosen<'s>(&self, name: &str, target: &str, all: &'s [Snapshot]) -> Option<&'s Snapshot> {
        let entry = self.query.number(name).filter(|_| self.is_about(target));
        let entry = entry? as u64;
        all.iter().find(|snapshot| snapshot.entry == entry)
    }
}

fn archive(asked: &ArchiveQuery<'_>, folder: &Path) -> Markup {
    let (all, archive) = match opened(folder) {
        Ok(opened) => opened,
        Err(failure) => return look::failure(&failure),
    };
    let usual = match all.len() {
        1 => SNAPSHOTS_SHOWN,
        _ => SNAPSHOTS_OF_EACH,
    };
    let is_shown = |(at, (target, _)): &(usize, (&String, &TargetRecord))| {
        *at < TARGETS_SHOWN || asked.is_about(target)
    };
    let shown = all.iter().enumerate().filter(is_shown).map(|(_, one)| one);
    html! {
        @if !asked.query.get("verify").is_empty() { (verdict(&archive)) }
        @if all.len() > TARGETS_SHOWN {
            @let targets = counted(all.len() as u64, "target");
            p .soft { (translated(&format!("The first {TARGETS_SHOWN} of {targets} are shown; rowcall archive list shows all of them."))) }
        }
        @for (target, TargetRecord { snapshots, missed }) in shown {
            h2 { bdi { (harmless(target)) } }
            @if let Some(missed) = missed {
                p .told.notice { (harmless(&translated(&missed.told(target)))) }
            }
            @if !snapshots.is_empty() {
                @if asked.is_about(target) { (changes(asked, target, snapshots)) }
                @let count = match asked.is_about(target) { true => SNAPSHOTS_SHOWN, false => usual };
                (snapshots_of(asked, (folder, target), snapshots, count))
            }
        }
    }
}

/// The archive in a folder, with the records of its targets.
fn opened(folder: &Path) -> Result<(BTreeMap<String, TargetRecord>, Archive), Failure> {
    let archive = Archive::open(folder)?;
    let mebibytes = archive.manifests_bytes()?.div_ceil(1 << 20);
    if mebibytes > MANIFESTS_MEBIBYTES_MAX {
        let why = format!(
            "the manifests of the archive have {mebibytes} MiB, and the page reads {MANIFESTS_MEBIBYTES_MAX} at most"
        );
        return Err(Failure::usage(why).hint("rowcall archive list shows it on the terminal"));
    }
    Ok((archive.records_of(&[])?, archive))
}

/// The mistakes of the archive; where there are none, its head.
fn verdict(archive: &Archive) -> Markup {
    let verdict = match archive.verify(&[]) {
        Ok(verdict) => verdict,
        Err(error) => return look::failure(&error.into()),
    };
    let sound = counted(verdict.sound as u64, "snapshot");
    html! {
        @if verdict.wrong.is_empty() {
            p .told.good role="status" { (translated(&format!("{sound} as entered"))) }
        } @else {
            div .failure role="alert" {
                @for line in &verdict.wrong { p { (harmless(&translated(line))) } }
            }
        }
        (look::lines(&verdict.unproven.iter().chain(&verdict.left).map(|line| translated(line).into_owned()).collect::<Vec<_>>()))
        p .soft { (translated("The proof up to its last entry")) ": " bdi { (verdict.head) } }
    }
}

/// The newest snapshots of a target, so many at most, and the choice of two of them.
fn snapshots_of(
    asked: &ArchiveQuery<'_>,
    (folder, target): (&Path, &str),
    all: &[Snapshot],
    count: usize,
) -> Markup {
    let ticked = |name: &str, usual: usize| {
        let usual = all.len().checked_sub(usual).and_then(|at| all.get(at));
        let ticked = asked.chosen(name, target, all).or(usual);
        ticked.map(|snapshot| snapshot.entry)
    };
    let (before, after) = (ticked("before", 2), ticked("after", 1));
    html! {
        form method="get" action={ (asked.base) "archive" } {
            input type="hidden" name="folder" value=(folder.display());
            input type="hidden" name="target" value=(target);
            div .wide {
                table {
                    (table_head(&[
                        translated("before"),
                        translated("after"),
                        translated("entered"),
                        translated("extensions"),
                        "".into(),
                    ]))
                    tbody { @for one in all.iter().rev().take(count) { (snapshot_row(one, before, after)) } }
                }
            }
            @if all.len() > 1 {
                button .quiet { (translated("What changed between the two?")) }
            }
        }
        @if all.len() > count && count < SNAPSHOTS_SHOWN {
            (all_of_target(asked, (folder, target), count))
        } @else if all.len() > count {
            @let snapshots = counted(all.len() as u64, "snapshot");
            p .soft { (translated(&format!("The newest {SNAPSHOTS_SHOWN} of {snapshots} are shown; rowcall archive list shows all of them."))) }
        }
    }
}

/// The way to the older snapshots of a target.
fn all_of_target(
    asked: &ArchiveQuery<'_>,
    (folder, target): (&Path, &str),
    count: usize,
) -> Markup {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("folder", &folder.to_string_lossy());
    query.append_pair("target", target);
    html! {
        p {
            (translated(&format!("The newest {count} are shown."))) " "
            a href={ (asked.base) "archive?" (query.finish()) } { (translated("Show the older ones too")) }
        }
    }
}

fn snapshot_row(one: &Snapshot, before: Option<u64>, after: Option<u64>) -> Markup {
    let when = for_people(one.time);
    let choice = |name: &str, chosen: Option<u64>| {
        let label = format!("{} {when}", translated(name));
        html! {
            td { input type="radio" name=(name) value=(one.entry) aria-label=(label) checked[chosen == Some(one.entry)]; }
        }
    };
    html! {
        tr {
            (choice("before", before))
            (choice("after", after))
            td { (when) }
            td { (one.facts.extensions) }
            td { @if !one.facts.is_certain() { (translated("may be incomplete")) } }
        }
    }
}

/// The differences between the two snapshots that were chosen, in telephone words.
fn changes(asked: &ArchiveQuery<'_>, target: &str, all: &[Snapshot]) -> Markup {
    let chosen = |name: &str| asked.chosen(name, target, all);
    let (Some(before), Some(after)) = (chosen("before"), chosen("after")) else {
        return html! {};
    };
    let compared = || -> Result<Markup, Failure> {
        let sides = [
            read_snapshot(target, before)?,
            read_snapshot(target, after)?,
        ];
        let comparison = compare(&sides[0], &sides[1], None);
        let labels = [before, after].map(|snapshot| for_people(snapshot.time));
        let notes = comparison.not_compared(&labels, [None; 2]);
        let moved = moves(target, &[before.clone(), after.clone()]);
        let notes = notes.iter().chain(&moved);
        let notes: Vec<String> = notes.map(|note| translated(note).into_owned()).collect();
        let [from, to] = &labels;
        let shown = comparison.differences.iter().take(DIFFERENCES_MAX);
        Ok(html! {
            p .told role="status" { (from) " → " (to) ": " strong { (translated(&comparison.summary())) } }
            (look::lines(&notes))
            ol .plan { @for difference in shown { li { (harmless(&comparison.line(difference, language()))) } } }
            @if comparison.differences.len() > DIFFERENCES_MAX {
                p .soft { (translated(&format!("The first {DIFFERENCES_MAX} are shown; rowcall diff --archive writes all of them."))) }
            }
        })
    };
    compared().unwrap_or_else(|failure| look::failure(&failure))
}
