//! A link that logs its requests, for support: method, path, status and time. Queries, headers and bodies are left out,
//! since they contain secrets.

use super::Link;
use crate::model::Fault;
use crate::wire::{Reply, Request};
use std::sync::Arc;
use std::time::Instant;

/// Takes a line for the log.
pub type LogSink = Arc<dyn Fn(&str) + Send + Sync>;

/// A link whose exchanges are logged.
pub struct Logged {
    link: Box<dyn Link>,
    target: String,
    sink: LogSink,
}

impl Logged {
    /// Wraps a link; `target` is part of each line.
    pub fn new(link: Box<dyn Link>, target: &str, sink: LogSink) -> Logged {
        Logged {
            link,
            target: target.to_owned(),
            sink,
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
            "{} {:?} {} ({}) → {came} in {} ms",
            self.target,
            request.method,
            request.path,
            request.operation,
            begun.elapsed().as_millis()
        ));
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
            let link = Logged::new(Box::new(Answers(answers)), "hq", sink.clone());
            let _ = link.exchange(&request);
        }
        let lines = lines.lock().unwrap();
        assert!(lines[0].starts_with("hq Post /extension/add (extension/add) → 200 in "));
        assert!(lines[1].contains("→ no reply (link.refused) in "));
        assert!(!lines.concat().contains("canary"));
    }
}
