#![cfg(target_os = "linux")]
//! PBXes with hostile replies to the program itself: a reply costs memory in proportion to its bytes. Each test has a
//! process of its own, because the system reports the peak of all children together.

use crate::support::alone::alone;
use crate::support::program::without_home;
use nix::sys::resource::{UsageWho, getrusage};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The largest memory of the program, whatever a PBX sends.
const RESIDENT_BYTES_MAX: u64 = 256 << 20;

/// The largest memory where it keeps little.
const SMALL_BYTES_MAX: u64 = 96 << 20;

/// The reply to a request: a piece before, one that is repeated, the number of repetitions, and one after.
struct PbxAnswer {
    begin: String,
    repeated: &'static str,
    times: usize,
    end: String,
}

/// Answers a request by its path and its position among all.
type Answering = fn(&str, usize) -> PbxAnswer;

fn short(text: &str) -> PbxAnswer {
    PbxAnswer {
        begin: text.to_owned(),
        repeated: "",
        times: 0,
        end: String::new(),
    }
}

/// Answers every request to a PBX that exists only here; the path decides.
fn serve(answer: Answering) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_all(stream, answer));
        }
    });
    address
}

/// Requests that were answered, over all connections.
static REQUESTS: AtomicUsize = AtomicUsize::new(0);

fn answer_all(stream: TcpStream, answer: Answering) -> Option<()> {
    let mut requests = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if requests.read_line(&mut first).ok()? == 0 {
            return None;
        }
        loop {
            let mut line = String::new();
            requests.read_line(&mut line).ok()?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut requests.by_ref().take(length), &mut std::io::sink()).ok()?;
        let nth = REQUESTS.fetch_add(1, Ordering::SeqCst);
        let PbxAnswer {
            begin,
            repeated,
            times,
            end,
        } = answer(first.split(' ').nth(1)?, nth);
        let length = begin.len() + repeated.len() * times + end.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        write!(stream, "{head} {length}\r\n\r\n{begin}").ok()?;
        let block = repeated.repeat(1000);
        for _ in 0..times / 1000 {
            stream.write_all(block.as_bytes()).ok()?;
        }
        stream
            .write_all(repeated.repeat(times % 1000).as_bytes())
            .ok()?;
        stream.write_all(end.as_bytes()).ok()?;
    }
}

/// Exports from a PBX, and returns the exit code and the output.
fn export(target: &str, more: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = without_home()
        .args(["export", target, "-o", "out.csv", "--rate", "5000"])
        .args(["--parallel", "16"])
        .args(more)
        .current_dir(folder.path())
        .env("ROWCALL_PASSWORD", "sample")
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

/// Reads the peak memory of any child so far, in bytes.
fn peak_bytes() -> u64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as u64 * 1024
}

fn assert_peak(name: &str, most: u64) {
    let peak = peak_bytes();
    println!("{name}: at most {} KiB so far", peak >> 10);
    assert!(peak < most, "{name}: {peak} bytes were in memory at once");
}

const SIGNED_IN: &str = r#"{"status":"Success","token":"t"}"#;

fn openvox(path: &str, begin: &str, repeated: &'static str, bytes: usize, end: &str) -> PbxAnswer {
    if path.contains("login") {
        return short(SIGNED_IN);
    }
    PbxAnswer {
        begin: begin.to_owned(),
        repeated,
        times: bytes / repeated.len(),
        end: end.to_owned(),
    }
}

const MANY: usize = 31 << 20;

fn ozeki(begin: &str, repeated: &'static str, bytes: usize, end: &str) -> PbxAnswer {
    PbxAnswer {
        begin: begin.to_owned(),
        repeated,
        times: bytes / repeated.len(),
        end: end.to_owned(),
    }
}

#[test]
fn no_depth_and_no_xml_costs_more_memory_than_it_may() {
    alone(
        "promises::replies::no_depth_and_no_xml_costs_more_memory_than_it_may",
        || {
            let bodies: [(&str, &str, Answering); 6] = [
                ("arrays in arrays", "openvox", |path, _| {
                    openvox(path, "", "[", MANY, "")
                }),
                ("objects in objects", "openvox", |path, _| {
                    openvox(path, "", r#"{"a":"#, MANY, "")
                }),
                ("elements side by side", "ozeki", |_, _| {
                    ozeki("<Response><Code>0</Code>", "<a/>", MANY, "</Response>")
                }),
                ("elements in elements", "ozeki", |_, _| {
                    ozeki("<Response><Code>0</Code>", "<a>", MANY, "</Response>")
                }),
                ("attributes", "ozeki", |_, _| {
                    ozeki(
                        "<Response><Code>0</Code><a",
                        " b=\"\"",
                        MANY,
                        "/></Response>",
                    )
                }),
                ("entities", "ozeki", |_, _| {
                    let begin = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaaaaaaaa\">]><Response><Code>0</Code><a>";
                    ozeki(begin, "&a;", MANY, "</a></Response>")
                }),
            ];
            for (name, vendor, answer) in bodies {
                let address = serve(answer);
                let (code, said) = export(&format!("{vendor}+http://api@{address}"), &[]);
                println!("{name}: {code:?} {said}");
                assert!(code.is_some_and(|code| code != 0), "{name}: {said}");
                assert!(said.len() < 1000, "{name}: {said}");
                assert_peak(name, RESIDENT_BYTES_MAX);
            }
        },
    );
}

#[test]
fn no_reply_costs_more_memory_than_it_may() {
    alone(
        "promises::replies::no_reply_costs_more_memory_than_it_may",
        || {
            let bodies: [(&str, Answering); 6] = [
                ("small objects", |path, _| {
                    let begin = r#"{"status":"Success","extlist":["#;
                    openvox(path, begin, r#"{"a":1},"#, MANY, "{}]}")
                }),
                ("empty objects", |path, _| {
                    let begin = r#"{"status":"Success","extlist":["#;
                    openvox(path, begin, "{},", MANY, "{}]}")
                }),
                ("arrays", |path, _| {
                    let begin = r#"{"status":"Success","extlist":["#;
                    openvox(path, begin, "[],", MANY, "[]]}")
                }),
                ("elements", |path, _| {
                    let begin = "<Response><status>Success</status><extlist>";
                    openvox(path, begin, "<a/>", MANY, "</extlist></Response>")
                }),
                ("one long text", |path, _| {
                    let begin = r#"{"status":"Success","extlist":["#;
                    openvox(path, &format!("{begin}\""), "x", MANY, "\"]}")
                }),
                ("without end", |path, _| {
                    openvox(path, "[", "1,", 2 << 30, "1]")
                }),
            ];
            for (name, answer) in bodies {
                let address = serve(answer);
                let (code, said) = export(&format!("openvox+http://api@{address}"), &[]);
                println!("{name}: {code:?} {said}");
                assert!(code.is_some_and(|code| code != 0), "{name}: {said}");
                assert!(said.len() < 1000, "{name}: {said}");
                assert_peak(name, RESIDENT_BYTES_MAX);
            }
        },
    );
}

#[test]
fn many_large_replies_at_once_cost_no_more_than_one() {
    alone(
        "promises::replies::many_large_replies_at_once_cost_no_more_than_one",
        || {
            let address = serve(|path, _| {
                if path.contains("login") {
                    return short(SIGNED_IN);
                }
                if path.contains("extensionlist") {
                    let numbers: Vec<String> = (2000..2400)
                        .map(|number| format!(r#"{{"number":"{number}"}}"#))
                        .collect();
                    let list = numbers.join(",");
                    return short(&format!(r#"{{"status":"Success","extlist":[{list}]}}"#));
                }
                let begin = r#"{"status":"Success","extinfos":["#;
                openvox(path, begin, r#"{"a":1},"#, 4 << 20, "{}]}")
            });
            let target = format!("openvox+http://api@{address}");
            let (code, said) = export(&target, &["--batch", "5", "--reply-within", "5"]);
            println!("{code:?} {said}");
            assert_peak("large replies in flight", RESIDENT_BYTES_MAX);
        },
    );
}

#[test]
fn of_a_listing_in_pages_only_the_numbers_are_kept() {
    alone(
        "promises::replies::of_a_listing_in_pages_only_the_numbers_are_kept",
        || {
            let address = serve(|path, _| {
                if path.contains("credentials") {
                    return short(r#"{"access_token":"t","expires":3600}"#);
                }
                let page = path.split("pagination=").nth(1);
                let page = page.and_then(|rest| rest.split('&').next());
                let Some(page) = page.filter(|_| path.contains("extensions/list")) else {
                    return short(r#"{"err_code":"7","msg":"no"}"#);
                };
                // 150 pages of a megabyte each.
                let begin = format!(
                    r#"{{"page_count":150,"pagesize":1,"extensions":[{{"extension_number":"{page}","profile":{{"name":""#
                );
                PbxAnswer {
                    begin,
                    repeated: "0123456789abcdef",
                    times: 1 << 16,
                    end: r#""}}]}"#.to_owned(),
                }
            });
            let target = format!("portsip+http://api@{address}");
            let (code, said) = export(&target, &["--reply-within", "5"]);
            println!("{code:?} {said}");
            assert!(REQUESTS.load(Ordering::SeqCst) > 300, "{said}");
            assert_peak("pages", SMALL_BYTES_MAX);
        },
    );
}
