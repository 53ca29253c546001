//! Nightly archives: the snapshots, what changed between two of them, and whether they are as they were entered.

use super::visit::Visit;
use crate::archive::{Archive, Snapshot, moves};
use crate::diff::compare;
use crate::input::side::read_snapshot;
use crate::lang::{language, translated};
use crate::model::counted;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::look::{self, PagePlace, PageReload, table_head};
use crate::report::for_people;
use crate::rim::Failure;
use maud::{Markup, html};
use std::path::Path;

/// The most differences that are shown.
const DIFFERENCES_MAX: usize = 1000;

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    let query = &visit.request.query;
    let folder = query.get("folder").trim();
    let body = html! {
        form method="get" action={ (visit.base()) "archive" } {
            p {
                label for="folder" { (translated("the folder of the archive, as rowcall export --archive names it")) }
                input #folder name="folder" size="40" value=(folder) required;
            }
            button { (translated("Show the archive")) }
            " " button .quiet name="verify" value="on" { (translated("Verify it")) }
        }
        @if !folder.is_empty() { (archive(visit, Path::new(folder))) }
    };
    visit.page(PagePlace::Archive, PageReload::Never, &body)
}

fn archive(visit: &Visit<'_>, folder: &Path) -> Markup {
    let query = &visit.request.query;
    let opened = Archive::open(folder);
    let opened = opened.and_then(|archive| Ok((archive.snapshots()?, archive)));
    let (all, archive) = match opened {
        Ok(opened) => opened,
        Err(error) => return look::failure(&error.into()),
    };
    html! {
        @if !query.get("verify").is_empty() { (verdict(&archive)) }
        @for (target, snapshots) in &all {
            h2 { bdi { (harmless(target)) } }
            @if query.get("target") == target { (changes(visit, target, snapshots)) }
            (snapshots_of(visit, folder, target, snapshots))
        }
    }
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
            p .told.good role="status" { (translated(&format!("{sound} as they were entered"))) }
        } @else {
            div .failure role="alert" {
                @for line in &verdict.wrong { p { (harmless(&translated(line))) } }
            }
        }
        (look::lines(&verdict.unproven.iter().chain(&verdict.left).map(|line| translated(line).into_owned()).collect::<Vec<_>>()))
        p .soft { (translated("The proof up to its last entry")) ": " bdi { (verdict.head) } }
    }
}

/// The snapshots of a target, the newest first, and the choice of two of them.
fn snapshots_of(visit: &Visit<'_>, folder: &Path, target: &str, all: &[Snapshot]) -> Markup {
    let chosen = |name: &str, usual: usize| {
        let entry = visit.request.query.number(name).map(|entry| entry as u64);
        let entry = entry.filter(|_| visit.request.query.get("target") == target);
        let usual = all.len().checked_sub(usual).and_then(|at| all.get(at));
        entry.or(usual.map(|snapshot| snapshot.entry))
    };
    let (before, after) = (chosen("before", 2), chosen("after", 1));
    html! {
        form method="get" action={ (visit.base()) "archive" } {
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
                    tbody { @for one in all.iter().rev() { (snapshot_row(one, before, after)) } }
                }
            }
            @if all.len() > 1 {
                button .quiet { (translated("What changed between the two?")) }
            }
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
fn changes(visit: &Visit<'_>, target: &str, all: &[Snapshot]) -> Markup {
    let query = &visit.request.query;
    let chosen = |name: &str| {
        let entry = query.number(name)? as u64;
        all.iter().find(|snapshot| snapshot.entry == entry)
    };
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
