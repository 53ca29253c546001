//! Settings that only the page of a 3CX has: a role in a department goes and comes with it, a word that is no switch is left out
//! of an export, and a deletion that the PBX refuses is known to be none.

use crate::support::altered::altered;
use crate::support::fixture::account;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::sheets::read_rows;
use rowcall::link::Link;
use rowcall::model::Secret;
use rowcall::vendors::vendor;
use rowcall::wire::{Body, Effect, Method, RawRequest, Request};
use serde_json::{Value, json};

/// Asks the PBX as its own page does.
fn raw(desk: &Desk, method: Method, path: &str, body: Value) -> Value {
    let link = desk.pbx.in_process();
    let account = account();
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", account.username),
        ("client_secret", account.password.reveal().to_owned()),
    ];
    let form = form.map(|(name, text)| (name.to_owned(), text.into()));
    let request = Request::new("raw", Method::Post, "/connect/token", Effect::Writes);
    let token = link
        .exchange(&request.body(Body::Form(form.into())))
        .unwrap();
    let token = token.json().unwrap()["access_token"].clone();
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let request = Request::new("raw", method, format!("/xapi/v1/{path}"), Effect::Writes);
    let request = request.header("authorization", Secret::new(bearer));
    let request = match method {
        Method::Get => request
            .query("$filter", "Number eq '2001'")
            .query("$expand", "Groups($expand=Rights)"),
        _ => request.body(Body::Json(body)),
    };
    let reply = link.exchange(&request).unwrap();
    reply.json().unwrap_or_default()
}

/// The departments of 2001 with its roles in them.
fn roles(desk: &Desk) -> Vec<String> {
    let answer = raw(desk, Method::Get, "Users", Value::Null);
    let groups = answer["value"][0]["Groups"].as_array().unwrap();
    let role = |group: &Value| format!("{} {}", group["Name"], group["Rights"]["RoleName"]);
    let roles = groups.iter().map(|group| role(group).replace('"', ""));
    roles.collect()
}

const SHEET: &str = "number,first_name,sip_password,groups\n2001,Ann,Xk39vTq2Lm,Sales;Support\n";

#[test]
fn a_role_goes_and_comes_with_its_department() {
    let desk = Desk::new("3cx-v20");
    desk.write("staff.csv", SHEET);
    desk.ends("import staff.csv --to TARGET --yes", 0);
    let groups = json!([
        { "GroupId": 28, "Rights": { "RoleName": "users" } },
        { "GroupId": 95, "Rights": { "RoleName": "managers" } },
        { "GroupId": 96, "Rights": { "RoleName": "users" } },
    ]);
    raw(
        &desk,
        Method::Patch,
        "Users(101)",
        json!({ "Groups": groups }),
    );
    let held = ["DEFAULT users", "Sales managers", "Support users"];
    assert_eq!(roles(&desk), held);

    desk.write("left.csv", "number,groups\n2001,<clear>\n");
    desk.ends("import left.csv --to TARGET --mode update --yes", 0);
    assert_eq!(roles(&desk), held[..1]);
    desk.ends("undo --yes --report undone.csv", 0);
    assert_eq!(roles(&desk), held);
    assert_eq!(read_rows(&desk.path("undone.csv"))[0]["result"], "updated");

    desk.write("gone.csv", "number\n2001\n");
    desk.ends("delete gone.csv --from TARGET --yes", 0);
    // The password for the web is not given back, which the row says.
    desk.ends("undo --yes --report undone.csv", 1);
    assert_eq!(roles(&desk), held);
    let row = &read_rows(&desk.path("undone.csv"))[0];
    assert!(row["message"].contains("web_password"), "{row:?}");
    assert!(!row["message"].contains("role"), "{row:?}");
}

#[test]
fn a_role_that_the_pbx_does_not_give_back_is_told() {
    let rig = altered(vendor("3cx-v20").unwrap(), |pbx, heard| {
        let mut heard = heard.clone();
        let body = String::from_utf8_lossy(&heard.body).replace("managers", "users");
        // Only the page itself makes managers.
        if !heard.target.contains("Users(101)?page") {
            heard.body = body.into_bytes();
        }
        pbx.answer(&heard)
    });
    let desk = Desk::at(TestPbx::serving(rig));
    desk.write("staff.csv", SHEET);
    desk.ends("import staff.csv --to TARGET --yes", 0);
    let groups = json!([
        { "GroupId": 28, "Rights": { "RoleName": "users" } },
        { "GroupId": 95, "Rights": { "RoleName": "managers" } },
    ]);
    raw(
        &desk,
        Method::Patch,
        "Users(101)?page",
        json!({ "Groups": groups }),
    );
    desk.write("left.csv", "number,groups\n2001,<clear>\n");
    desk.ends("import left.csv --to TARGET --mode update --yes", 0);
    desk.ends("undo --yes --report undone.csv", 1);
    assert_eq!(roles(&desk), ["DEFAULT users", "Sales users"]);
    let row = &read_rows(&desk.path("undone.csv"))[0];
    assert_eq!(row["result"], "differs", "{row:?}");
    assert!(row["message"].contains("role in Sales"), "{row:?}");
}

#[test]
fn a_deletion_that_the_pbx_refused_is_none_to_undo() {
    let rig = altered(vendor("3cx-v20").unwrap(), |pbx, heard| {
        if heard.method == "DELETE" {
            // Somebody changes it between the look and the deletion.
            let mut change = RawRequest {
                method: "PATCH".into(),
                body: br#"{"FirstName":"Bo"}"#.to_vec(),
                ..heard.clone()
            };
            let kind = ("content-type".into(), "application/json".into());
            change.headers.push(kind);
            assert_eq!(pbx.answer(&change).status, 204);
        }
        pbx.answer(heard)
    });
    let desk = Desk::at(TestPbx::serving(rig));
    desk.write("staff.csv", SHEET);
    desk.ends("import staff.csv --to TARGET --yes", 0);
    desk.write("gone.csv", "number\n2001\n");
    desk.ends(
        "delete gone.csv --from TARGET --yes --report gone.report.csv",
        1,
    );
    let row = &read_rows(&desk.path("gone.report.csv"))[0];
    assert_eq!(
        (&*row["result"], &*row["http_status"]),
        ("rejected", "412"),
        "{row:?}"
    );
    desk.ends("undo --yes --report undone.csv", 0);
    let row = &read_rows(&desk.path("undone.csv"))[0];
    assert_eq!(
        (&*row["result"], &*row["code"]),
        ("unchanged", "undo.not_done"),
        "{row:?}"
    );
    assert_eq!(
        desk.pbx.sim.stored("2001", "FirstName").as_deref(),
        Some("Bo")
    );
}

#[test]
fn a_word_that_is_no_switch_is_left_out_of_an_export_and_named() {
    let desk = Desk::new("3cx-v20");
    desk.write("staff.csv", SHEET);
    desk.ends("import staff.csv --to TARGET --yes", 0);
    let body = json!({ "VMEmailOptions": "AttachmentAndDelete" });
    raw(&desk, Method::Patch, "Users(101)", body);
    let exported = desk.run("export TARGET -o held.csv");
    assert_eq!(
        read_rows(&desk.path("held.csv"))[0]["voicemail_to_email"],
        ""
    );
    exported.says(&["2001", "voicemail_to_email"]);
}
