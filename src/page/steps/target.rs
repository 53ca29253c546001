//! The second step: the PBX that the sheet is for, and what may be touched there.

use super::visit::Visit;
use crate::lang::translated;
use crate::model::Mode;
use crate::page::exchange::PageReply;
use crate::page::look::{self, PagePlace, PageReload};
use crate::rim::Failure;
use crate::rim::config::names_if_any;
use crate::rules::Country;
use crate::vendors::VENDORS;
use maud::{Markup, html};

/// The modes of the page, each with its words. What no row names is deleted on the terminal alone.
const MODES: [Mode; 3] = [Mode::Create, Mode::Update, Mode::Upsert];

fn words(mode: Mode) -> String {
    let words = match mode {
        Mode::Create => {
            translated("Only new extensions are made; those that are there stay as they are")
        }
        Mode::Update => translated("Only extensions that are there are changed"),
        Mode::Upsert | Mode::Sync => {
            translated("New extensions are made, and those that are there are changed")
        }
    };
    words.into_owned()
}

/// Values to choose from, each with its words.
type Choices = Vec<(String, String)>;

/// The targets that can be chosen, each with its words: those of rowcall.toml, and one to rehearse on of each vendor.
fn targets(visit: &Visit<'_>) -> (Result<Choices, Failure>, Choices) {
    let named = names_if_any(visit.context.config());
    let twice = |name: String| (name.clone(), name);
    let named = named.map(|names| names.into_iter().map(twice).collect());
    let rehearsals = VENDORS.iter().map(|vendor| {
        let name = &(vendor.manifest)().vendor.name;
        (format!("sim:{}", vendor.id), name.clone())
    });
    (named, rehearsals.collect())
}

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Target) {
        return reply;
    }
    let (named, rehearsals) = targets(visit);
    let (action, token) = visit.action("target");
    let country = visit.session.country.clone();
    let body = html! {
        form method="post" action=(action) {
            (token)
            fieldset {
                legend { (translated("For which PBX is the sheet?")) }
                @match &named {
                    Err(failure) => (look::failure(failure)),
                    Ok(named) if named.is_empty() => {
                        p .soft { (translated("None is set up on this machine: rowcall init does that on the terminal, once.")) }
                    }
                    Ok(named) => (choices(named, &visit.session.target)),
                }
            }
            fieldset {
                legend { (translated("Or rehearse, on one that exists only here")) }
                (choices(&rehearsals, &visit.session.target))
            }
            fieldset {
                legend { (translated("What may be touched?")) }
                @for mode in MODES {
                    label .choice {
                        input type="radio" name="mode" value=(mode.word()) checked[mode == visit.session.mode];
                        " " (words(mode))
                    }
                }
            }
            p {
                label for="country" { (translated("The country whose rule says how telephone numbers are dialled, for example DE")) }
                input #country name="country" size="4" maxlength="2" value=(country);
            }
            button { (translated("Go on")) }
        }
    };
    visit.page(PagePlace::Target, PageReload::Never, &body)
}

fn choices(choices: &[(String, String)], chosen: &str) -> Markup {
    html! {
        @for (value, words) in choices {
            label .choice {
                input type="radio" name="target" value=(value) required checked[value == chosen];
                " " (words)
            }
        }
    }
}

pub(in crate::page) fn take(visit: &mut Visit<'_>) -> PageReply {
    let form = &visit.request.form;
    let (named, rehearsals) = targets(visit);
    let chosen = form.get("target");
    let mut known = named.iter().flatten().chain(&rehearsals);
    if !known.any(|(value, _)| value == chosen) {
        visit.tell(translated("choose a PBX"));
        return visit.go("target");
    }
    let country = form.get("country").trim().to_owned();
    if let (false, Err(why)) = (country.is_empty(), country.parse::<Country>()) {
        visit.tell(translated(&why));
        return visit.go("target");
    }
    let mode = Mode::named(form.get("mode")).filter(|mode| MODES.contains(mode));
    let chosen = chosen.to_owned();
    let session = &mut visit.session;
    let mode = mode.unwrap_or_default();
    if session.target != chosen {
        session.result = None;
    }
    if (&session.target, session.mode) != (&chosen, mode)
        && let Some(sheet) = &mut session.sheet
    {
        sheet.forget_answers();
    }
    (session.target, session.country) = (chosen, country);
    session.mode = mode;
    session.headings_seen = false;
    session.change();
    visit.go("headings")
}
