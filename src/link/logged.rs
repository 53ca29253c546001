//! A link that logs its requests, for support: method, path, status and time. Headers are left out, since they contain
//! secrets; so are queries and bodies, unless their open part is wanted.

use super::Link;
use super::bodies::{OpenNames, bodies};
use crate::model::Fault;
use crate::wire::{Reply, Request};
use std::sync::Arc;
use std::time::Instant;

/// Takes a line for the log.
pub(crate) type LogSink = Arc<dyn Fn(&str) + Send + Sync>;

/// A link whose exchanges are logged.
pub(crate) struct Logged {
    link: Box<dyn Link>,
    target: String,
    sink: LogSink,
    /// The names whose values are logged; `None` where queries and bodies are left out.
    names: Option<OpenNames>,
}

impl Logged {
    /// Wraps a link; `target` is part of each line. With `names`, queries and bodies are logged too: the values under these
    /// names, and of all others only that they are there.
    pub(crate) fn new(
        link: Box<dyn Link>,
        target: &str,
        sink: LogSink,
        names: Option<OpenNames>,
    ) -> Logged {
        Logged {
            link,
            target: target.to_owned(),
            sink,
            names,
        }
    }
}

impl Link for Logged {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let begun = Instant::now();
        let result = self.link.exchange(request);
        let came = match &result {
            Ok(reply) => reply.status.to_string(),
            Err(fault) => format!("no reply ({})", fault.code),
        };
        (self.sink)(&format!(
            "{} {} {} ({}) → {came} in {} ms",
            self.target,
            request.method.word(),
            request.path,
            request.operation,
            begun.elapsed().as_millis()
        ));
        if let Some(names) = &self.names {
            for line in bodies(request, result.as_ref().ok(), names) {
                (self.sink)(&format!("{}   {line}", self.target));
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FaultKind, Secret};
    use crate::wire::{Effect, Method};
    use std::sync::Mutex;

    struct Answers(bool);

    impl Link for Answers {
        fn exchange(&self, _: &Request) -> Result<Reply, Fault> {
            match self.0 {
                true => Ok(Reply::new(200, "", "canary")),
                false => Err(Fault::new(FaultKind::NotSent, "link.refused", "no")),
            }
        }
    }

    #[test]
    fn a_line_has_method_path_status_and_time_and_nothing_secret() {
        let lines = Arc::new(Mutex::new(vec![]));
        let (written, mut request) = (
            lines.clone(),
            Request::new(
                "extension/add",
                Method::Post,
                "/extension/add",
                Effect::Writes,
            ),
        );
        request.query.push(("token".into(), "canary".into()));
        request
            .headers
            .push(("Authorization", Secret::new("canary")));
        let sink: LogSink =
            Arc::new(move |line: &str| written.lock().unwrap().push(line.to_owned()));
        for answers in [true, false] {
            let link = Logged::new(Box::new(Answers(answers)), "hq", sink.clone(), None);
            let _ = link.exchange(&request);
        }
        let lines = lines.lock().unwrap();
        assert!(lines[0].starts_with("hq POST /extension/add (extension/add) → 200 in "));
        assert!(lines[1].contains("→ no reply (link.refused) in "));
        assert!(!lines.concat().contains("canary"));
    }
}
