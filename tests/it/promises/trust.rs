//! A run belongs to one PBX and to one moment, against simulated PBXes behind their sockets.

use crate::support::house::House;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

#[test]
fn a_run_is_resumed_and_undone_on_its_own_pbx_only() {
    let (here, there) = (House::new("ozeki"), House::new("ozeki"));
    let sheet = here.sheet(12);
    let config = here.config(&here);
    let hq = ["--config", config.to_str().unwrap()];
    let import = [
        &hq[..],
        &["import", sheet.to_str().unwrap(), "--to", "hq", "--json"],
    ]
    .concat();
    let imported = here.say("state", &import);
    assert_eq!((imported.exit, imported.count("created")), (0, 12));
    there.import("elsewhere", &sheet, &[]);
    let others = there.export();

    here.config(&there);
    let run = imported.run();
    for verb in [&["undo", "--yes", "--max-deletes", "all"][..], &["resume"]] {
        let words = [&hq[..], verb, &[&run]].concat();
        let refused = here.say("state", &words);
        assert_eq!(refused.exit, 3, "{verb:?}: {}", refused.words);
        for pbx in [&here, &there] {
            let place = pbx.target().replace("api@", "");
            assert!(refused.words.contains(&place), "{}", refused.words);
        }
    }
    assert_eq!(there.export(), others);

    // Under its own address it is undone, and says first what it is.
    here.config(&here);
    let undone = here.say(
        "state",
        &[&hq[..], &["undo", "--yes", "--max-deletes", "all"]].concat(),
    );
    assert_eq!(undone.exit, 0, "{}", undone.words);
    let first = undone.words.lines().next().unwrap();
    for word in [
        &run,
        "import --mode create",
        "12 created",
        &here.target().replace("api@", ""),
    ] {
        assert!(first.contains(word), "{first}");
    }
}

#[test]
fn one_pbx_under_three_names_is_locked_once() {
    let house = House::new("ozeki");
    let sheet = house.sheet(12);
    let target = house.target();
    let slow = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &target,
        "--rate",
        "2/s",
    ];
    let mut first = house
        .command("state")
        .args(slow)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while house.runs("state").is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    for host in ["localhost", "[::ffff:127.0.0.1]", "[::1]"] {
        let alias = house.alias(host);
        let words = ["import", sheet.to_str().unwrap(), "--to", &alias, "--json"];
        let second = house.say("state", &words);
        assert_eq!(
            (second.exit, second.count("not_sent")),
            (3, 12),
            "{host}: {}",
            second.words
        );
        assert!(
            second.words.contains("another run is at work"),
            "{}",
            second.words
        );
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let (alias, here) = (house.alias("localhost"), house.alias("127.0.0.1"));
    let onto_itself = house.say("state", &["migrate", "--from", &alias, "--to", &here]);
    assert_eq!(onto_itself.exit, 2, "{}", onto_itself.words);
    assert!(
        onto_itself.words.contains("the same PBX"),
        "{}",
        onto_itself.words
    );
}
