//! One request at the page, with everything that a step needs for its answer.

use crate::lang::translated;
use crate::page::exchange::{PageReply, PageRequest};
use crate::page::guard::Guard;
use crate::page::look::{self, PageFrame, PagePlace, PageReload};
use crate::page::session::PageSession;
use crate::rim::Context;
use maud::{Markup, html};

/// The name of the field with the session's generation.
const GENERATION: &str = "generation";

pub(in crate::page) struct Visit<'v> {
    pub(in crate::page) guard: &'v Guard,
    pub(in crate::page) context: &'v Context,
    pub(in crate::page) session: &'v mut PageSession,
    pub(in crate::page) request: &'v PageRequest,
}

impl Visit<'_> {
    pub(super) fn base(&self) -> &str {
        self.guard.base()
    }

    /// Returns true if a step of the road can be gone to.
    fn reaches(&self, step: PagePlace) -> bool {
        let session = &self.session;
        match step {
            PagePlace::Target => session.sheet.is_some(),
            PagePlace::Headings => self.reaches(PagePlace::Target) && !session.target.is_empty(),
            PagePlace::Rows => self.reaches(PagePlace::Headings) && session.headings_seen,
            PagePlace::Plan => self.reaches(PagePlace::Rows) && session.plan.is_some(),
            PagePlace::Result => session.result.is_some(),
            _ => true,
        }
    }

    /// Sends the browser to where the choices lead by now, where this step cannot be gone to.
    pub(super) fn before(&self, step: PagePlace) -> Option<PageReply> {
        (!self.reaches(step)).then(|| self.furthest())
    }

    /// Sends the browser to where the choices lead by now.
    pub(in crate::page) fn furthest(&self) -> PageReply {
        let choices = [PagePlace::Rows, PagePlace::Headings, PagePlace::Target];
        let furthest = choices.into_iter().find(|step| self.reaches(*step));
        self.go(furthest.unwrap_or(PagePlace::Sheet).path())
    }

    /// Returns true if the form was made before the last change.
    pub(in crate::page) fn is_outdated(&self) -> bool {
        self.request.form.get(GENERATION) != self.session.generation()
    }

    /// The address of a file that is made of the choices by now.
    pub(super) fn address_by_now(&self, path: &str) -> String {
        let (base, generation) = (self.base(), self.session.generation());
        format!("{base}{path}?{GENERATION}={generation}")
    }

    /// Sends the browser to a step where the file that it asks for was of other choices than those by now.
    pub(super) fn before_other_file(&mut self, step: PagePlace) -> Option<PageReply> {
        let meant = self.request.query.get(GENERATION);
        if meant.is_empty() || meant == self.session.generation() {
            return None;
        }
        self.tell(translated(
            "the page has changed since this was shown, so this is not the file that it was: look again",
        ));
        Some(self.go(step.path()))
    }

    /// Sends the browser on.
    pub(in crate::page) fn go(&self, path: &str) -> PageReply {
        PageReply::go(self.base(), path)
    }

    /// The address of a path, and the hidden fields of a form that sends there: its token, and what it is made for.
    pub(super) fn action(&self, path: &str) -> (String, Markup) {
        let token = self.guard.form_token(path);
        let fields = html! {
            input type="hidden" name="token" value=(token);
            input type="hidden" name=(GENERATION) value=(self.session.generation());
        };
        (format!("{}{path}", self.base()), fields)
    }

    /// Frames a step's page.
    pub(super) fn page(&mut self, step: PagePlace, reload: PageReload, body: &Markup) -> PageReply {
        let told = std::mem::take(&mut self.session.told);
        let mut open = PagePlace::ROAD.to_vec();
        open.retain(|step| self.reaches(*step));
        let frame = PageFrame {
            base: self.guard.base(),
            step,
            open: &open,
            told: &told,
            reload,
        };
        PageReply::page(look::framed(&frame, body))
    }

    /// Says this on the next page.
    pub(in crate::page) fn tell(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.session.told.push(text);
        }
    }
}
