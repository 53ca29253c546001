//! The output of `--json` keeps to the published schema.

use crate::support::pbx::Desk;
use crate::support::program::Program;
use serde_json::{Value, json};

/// Checks a value against a schema of the few words that rowcall's schemas use; returns the mistakes, with their paths.
fn wrong(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let words = schema.as_object().unwrap();
    let mut found = vec![];
    for (word, wanted) in words {
        let is_right = match word.as_str() {
            "$schema" | "title" | "description" | "required" | "additionalProperties" => true,
            "type" => {
                let types = wanted.as_array().cloned().unwrap_or(vec![wanted.clone()]);
                types.iter().any(|one| match one.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("{other}"),
                })
            }
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "minLength" => value.as_str().unwrap().len() as u64 >= wanted.as_u64().unwrap(),
            "format" => {
                value.is_null() || value.as_str().unwrap().parse::<jiff::Timestamp>().is_ok()
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                for (index, item) in items {
                    found.extend(wrong(wanted, item, &format!("{path}[{index}]")));
                }
                true
            }
            "anyOf" => {
                let any = wanted.as_array().unwrap().iter();
                any.clone().any(|one| wrong(one, value, path).is_empty())
            }
            "properties" => {
                for (name, below) in value.as_object().into_iter().flatten() {
                    let path = format!("{path}.{name}");
                    match (wanted.get(name), words.get("additionalProperties")) {
                        (Some(known), _) => found.extend(wrong(known, below, &path)),
                        (None, Some(Value::Bool(false))) => {
                            found.push(format!("{path} is not known"))
                        }
                        (None, _) => {}
                    }
                }
                true
            }
            other => panic!("the validator does not know {other}"),
        };
        if !is_right {
            found.push(format!("{path}: {value} breaks {word} {wanted}"));
        }
    }
    let required = words.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{path} lacks {name}"));
        }
    }
    found
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "integer", "minimum": 0 }, "b": { "enum": ["x"] } },
        "required": ["a", "b"],
        "additionalProperties": false
    });
    assert!(wrong(&schema, &json!({"a": 1, "b": "x"}), "").is_empty());
    for bad in [
        json!([]),
        json!({"a": 1}),
        json!({"a": -1, "b": "x"}),
        json!({"a": 1.5, "b": "x"}),
        json!({"a": 1, "b": "y"}),
        json!({"a": 1, "b": "x", "c": 1}),
    ] {
        assert!(!wrong(&schema, &bad, "").is_empty(), "{bad}");
    }
}

/// Runs a line that prints JSON, and checks it against the schema of this name.
#[track_caller]
fn valid_output(program: &Program, schema: &str, line: &str, exit: i32) -> Value {
    let published = program.run(&format!("schema {schema}")).exits(0).out;
    let published: Value = serde_json::from_str(&published).unwrap();
    let ran = program.run(line).exits(exit);
    assert_eq!(ran.out.lines().count(), 1, "{line} prints\n{}", ran.out);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let wrong = wrong(&published, &value, schema);
    assert!(wrong.is_empty(), "{line}: {wrong:#?}\n{value:#}");
    value
}

const SHEET: &str =
    "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n2001,Bo,Xk39vTq2Lm\n2002,Cy,\n";

#[test]
fn what_json_prints_is_what_its_schema_says() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write("a.csv", SHEET);
    let check = valid_output(&desk, "check", "check a.csv --for openvox --json", 1);
    assert_eq!(check["counts"], json!({"valid": 2, "invalid": 1}));
    desk.write("b.csv", SHEET.replace("2001", "2001.0"));
    for (sheet, exit, changed) in [("a.csv", 1, 0), ("b.csv", 1, 1)] {
        let line = format!("fix {sheet} --for openvox -o fixed-{sheet} --json");
        let fix = valid_output(&desk, "fix", &line, exit);
        assert_eq!(fix["changed"], changed, "{fix}");
        assert_eq!(fix["changes"].as_array().map(Vec::len), Some(changed));
    }
    let line = "convert a.csv --to file:issabel -o bulk.csv --json";
    let convert = valid_output(&desk, "convert", line, 1);
    assert_eq!(convert["target"], "file:issabel");
    let line = "verify bulk.csv bulk.csv --for file:issabel --json";
    let verify = valid_output(&desk, "verify", line, 0);
    assert_eq!(verify["counts"]["created"], convert["counts"]["valid"]);
    let columns = valid_output(&desk, "columns", "columns a.csv --for openvox --json", 0);
    let columns = &columns["sheets"][0]["columns"];
    assert_eq!(columns[1]["field"], "display_name");
    assert_eq!(columns[1]["first_value"], "\"Ann\"");
    assert_eq!(columns[2]["first_value"], "(not shown)");
    let plan = valid_output(&desk, "plan", "plan a.csv --to hq --json", 1);
    assert_eq!(
        plan["planned"],
        json!({"create": 2, "update": 0, "delete": 0})
    );
    let dry = valid_output(&desk, "plan", "import a.csv --to hq --json --dry-run", 1);
    assert_eq!(dry["planned"], plan["planned"]);
    let runs = valid_output(&desk, "runs", "runs --json", 0);
    assert_eq!(runs["runs"], json!([]));
    let import = valid_output(
        &desk,
        "summary",
        "import a.csv --to hq --json --report r.csv",
        1,
    );
    assert_eq!(import["counts"], json!({"created": 2, "invalid": 1}));
    let runs = valid_output(&desk, "runs", "runs --json", 0);
    assert_eq!(runs["runs"][0]["run"], import["run"]);
    assert_eq!(runs["runs"][0]["state"], "finished");
    let show = valid_output(&desk, "run", "runs show --json", 0);
    assert_eq!(show["run"], import["run"]);
    assert!(show["reports"][0].as_str().unwrap().ends_with("r.csv"));
    let shown = desk.ends("runs show", 0).out;
    assert!(
        shown.contains("rows             2 created, 1 invalid"),
        "{shown}"
    );
    valid_output(&desk, "summary", "undo --yes --json", 0);
    let doctor = valid_output(&desk, "doctor", "doctor hq --json", 0);
    assert!(doctor["checks"].as_array().unwrap().len() > 5);
    // A run whose ledger cannot be read is listed.
    let folder = show["folder"].as_str().unwrap();
    std::fs::write(std::path::Path::new(folder).join("ledger.sqlite"), "x").unwrap();
    let runs = valid_output(&desk, "runs", "runs --json", 0);
    let states: Vec<&str> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["state"].as_str().unwrap())
        .collect();
    assert!(states.contains(&"unreadable"), "{states:?}");
    let vendors = valid_output(&desk, "vendors", "vendors --json", 0);
    for vendor in vendors["vendors"].as_array().unwrap() {
        let id = vendor["id"].as_str().unwrap();
        let one = valid_output(&desk, "vendor", &format!("vendors {id} --json"), 0);
        assert!(!one["fields"].as_array().unwrap().is_empty());
        let facts = &(rowcall::vendors::vendor(id).unwrap().manifest)().sip;
        let sip = &one["sip"];
        assert_eq!(sip["wrong_secret"], json!(facts.wrong_secret), "{id}");
        assert_eq!(
            sip["open_without_secret"], facts.open_without_secret,
            "{id}"
        );
        assert_eq!(sip["blocks_addresses"], facts.blocks_addresses, "{id}");
        assert_eq!(sip["requests_per_second"], facts.rate, "{id}");
        let text = desk.ends(&format!("vendors {id}"), 0).out;
        let (_, by_sip) = text.split_once("\n## By SIP\n").unwrap();
        let (by_sip, _) = by_sip.split_once("\n## ").unwrap();
        assert!(
            by_sip.contains(&facts.note) && by_sip.contains(&facts.source),
            "{by_sip}"
        );
        let status = facts.wrong_secret.map(|status| status.to_string());
        assert!(
            by_sip.contains(&status.unwrap_or_else(|| "not known".into())),
            "{by_sip}"
        );
    }
    valid_output(&desk, "doctor", "doctor hq --json", 2);
    let config = desk.read("rowcall.toml");
    desk.write(
        "rowcall.toml",
        format!("{config}sip_address = \"127.0.0.1:1\"\n"),
    );
    let ring = valid_output(&desk, "summary", "ring a.csv --to hq --json", 1);
    assert_eq!(ring["counts"], json!({"silent": 2, "unknown": 1}));
    desk.ends("schema nonsense", 2)
        .says(&["there are: archive-list, "]);
}

#[test]
fn differences_and_archives_are_told_as_their_schemas_say() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write("a.csv", SHEET);
    desk.ends("import a.csv --to hq", 1);
    desk.ends("export hq --archive nights", 0);
    let snapshots = valid_output(&desk, "archive-list", "archive list nights --json", 0);
    assert_eq!(snapshots["snapshots"][0]["extensions"], 2);
    desk.write("b.csv", "number,display_name\n2000,Anna\n");
    desk.ends("import b.csv --to hq --mode update", 0);
    desk.ends("export hq --archive nights", 0);
    let verify = valid_output(&desk, "archive-verify", "archive verify nights --json", 0);
    assert_eq!(
        (&verify["sound"], &verify["findings"]),
        (&json!(2), &json!([]))
    );
    let diff = valid_output(
        &desk,
        "diff",
        "diff --archive nights --since last --json",
        1,
    );
    let told = &diff["comparisons"][0];
    assert_eq!(
        (&told["target"], &told["counts"]),
        (&json!("hq"), &json!({"changed": 1}))
    );
    assert_eq!(told["differences"][0]["after"], "Anna");
    let diff = valid_output(&desk, "diff", "diff a.csv b.csv --json", 1);
    let told = &diff["comparisons"][0];
    assert_eq!(told["target"], Value::Null);
    assert!(!told["not_compared"].as_array().unwrap().is_empty());
    valid_output(&desk, "diff", "diff a.csv a.csv --json", 0);
    // A snapshot that was changed by hand is a finding, and no diff.
    let file = snapshots["snapshots"][0]["file"].as_str().unwrap();
    std::fs::write(desk.path(file), "number\n2000\n").unwrap();
    let verify = valid_output(&desk, "archive-verify", "archive verify nights --json", 1);
    assert_eq!(verify["findings"].as_array().unwrap().len(), 1);
    let diff = valid_output(
        &desk,
        "diff",
        "diff --archive nights --since last --json",
        2,
    );
    assert_eq!(diff["failed"].as_array().unwrap().len(), 1);
    // A snapshot whose file is gone is no snapshot that anybody has.
    std::fs::remove_file(desk.path(snapshots["snapshots"][0]["file"].as_str().unwrap())).unwrap();
    let snapshots = valid_output(&desk, "archive-list", "archive list nights --json", 0);
    let there = |at: usize| &snapshots["snapshots"][at]["is_there"];
    assert_eq!((there(0), there(1)), (&json!(false), &json!(true)));
    let listed = desk.ends("archive list nights", 0).out;
    assert_eq!(
        listed.matches("the file is not there").count(),
        1,
        "{listed}"
    );
    let health = desk.ends("archive list nights --nagios", 2).out;
    assert!(health.contains("older files are not there: 1"), "{health}");
}

#[test]
fn the_joined_report_of_a_night_is_told_as_its_schema_says() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.seed(&desk.small([2001]));
    desk.ends("export hq gone -o {target}.csv --summary s.jsonl", 2);
    let told = valid_output(&desk, "fleet-report", "fleet report s.jsonl --json", 2);
    assert_eq!(told["counts"], json!({"exported": 1, "failed": 1}));
    let told = valid_output(
        &desk,
        "fleet-report",
        "fleet report s.jsonl --shards 1 --json",
        2,
    );
    assert_eq!((&told["night"], &told["shards"]), (&Value::Null, &json!(1)));
}

#[test]
fn a_monitoring_system_reads_one_line_on_the_newest_snapshot() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write("a.csv", SHEET);
    desk.ends("import a.csv --to hq", 1);
    let line = |words: &str, exit: i32| {
        let ran = desk.ends(&format!("archive list {words} --nagios"), exit);
        assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
        ran.out
    };
    assert!(line("nights", 3).starts_with("ROWCALL UNKNOWN - nights is no archive"));
    desk.ends("export hq --archive nights", 0);
    assert_eq!(
        line("nights hq", 0),
        "ROWCALL OK - hq: 2 extensions, 0 h old\n"
    );
    assert_eq!(
        line("nights", 0),
        "ROWCALL OK - hq: 2 extensions, 0 h old\n"
    );
    assert!(
        line("nights branch", 2)
            .starts_with("ROWCALL CRITICAL - nights holds no snapshot of branch")
    );
    // A target of which nothing ever came about is the worst.
    let dead =
        "[targets.dead]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:1\"\nusername = \"api\"\n";
    desk.write("rowcall.toml", desk.pbx.config("hq") + dead);
    desk.ends("export dead --archive nights", 3);
    let told = line("nights", 2);
    let words =
        "ROWCALL CRITICAL - dead: no snapshot, and the last export did not come about; hq: ";
    assert!(told.starts_with(words), "{told}");
    assert!(line("nights dead", 2).starts_with("ROWCALL CRITICAL - dead: no snapshot"));
    for of in ["", " dead"] {
        let listed = desk.ends(&format!("archive list nights{of}"), 0).err;
        assert!(listed.contains("dead: the last export, of "), "{listed}");
        let json = valid_output(
            &desk,
            "archive-list",
            &format!("archive list nights{of} --json"),
            0,
        );
        assert_eq!(json["missed"][0]["target"], "dead", "{json}");
    }
    let changes = desk.ends("diff --archive nights --since last dead", 2).err;
    assert!(changes.contains("dead: the last export, of "), "{changes}");
}
