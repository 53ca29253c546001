//! The page of `rowcall serve` in a real browser: the whole road with the mouse and with the keyboard alone, pauses, a
//! reload, a server and a browser that are killed, two tabs, the way back, hostile names; and each page as it looks.

use crate::support::axe::axe;
use crate::support::browser::Browser;
use crate::support::open_page::{files_in, served};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, signal, wait_until};
use crate::support::sources::root;
#[cfg(target_os = "linux")]
use crate::support::typist::Typist;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Child;

const PASSWORD: &str = "Canary7731aB";

/// A PBX, a program that knows it as `hq`, the page, and a browser that has opened it.
struct BrowserDesk {
    browser: Browser,
    page: Child,
    program: Program,
    pbx: TestPbx,
}

impl BrowserDesk {
    fn open(rate: &str) -> Option<BrowserDesk> {
        let mut browser = Browser::start()?;
        let pbx = TestPbx::new("openvox");
        let program = Program::new().with_own_state();
        program.write("rowcall.toml", pbx.config("hq").replace("100000/s", rate));
        let (page, address) = served(&program, "");
        browser.open(&address);
        browser.wait_for("Sheet");
        Some(BrowserDesk {
            browser,
            page,
            program,
            pbx,
        })
    }

    /// Brings so many good rows to `hq`, as far as the run is at work.
    #[track_caller]
    fn set_to_work(&mut self, rows: u32) {
        set_to_work(&mut self.browser, &sheet(&self.program, rows));
    }

    /// Ends the page; nothing on it was wrong.
    #[track_caller]
    fn close(mut self) {
        assert_eq!(self.browser.complaints, [] as [&str; 0]);
        signal(&self.page, "INT");
        assert!(self.page.wait().unwrap().success());
        assert_eq!(files_in(&self.program.path("state/page")), 0);
    }
}

/// A sheet with so many good rows.
fn sheet(program: &Program, rows: u32) -> PathBuf {
    let row = |number| format!("{number},Ann {number},{PASSWORD}\n");
    let rows: String = (2000..2000 + rows).map(row).collect();
    let text = format!("number,display_name,sip_password\n{rows}");
    program.file("staff.csv", &text)
}

/// Chooses a sheet and sends it.
#[track_caller]
fn drop_sheet(browser: &mut Browser, path: &Path) {
    browser.choose("#sheet", path);
    browser.click("button", "Read it");
    browser.wait_for("PBX");
}

/// Brings a sheet of good rows to `hq`, as far as the run is at work.
#[track_caller]
fn set_to_work(browser: &mut Browser, sheet: &Path) {
    drop_sheet(browser, sheet);
    browser.click("label", "hq");
    browser.click("button", "Go on");
    browser.wait_for("Headings");
    browser.click("button", "The headings are right");
    browser.wait_for("Rows");
    browser.click("button", "Show what would be done");
    browser.wait_for("What will be done");
    browser.click("button", "Yes, send it");
    browser.wait_for("At work");
}

impl Drop for BrowserDesk {
    fn drop(&mut self) {
        let _ = self.page.kill();
        let _ = self.page.wait();
    }
}

#[test]
fn a_clean_sheet_goes_the_whole_road_and_each_page_looks_right() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    let sheet = sheet(&desk.program, 3);
    desk.browser.look_at("sheet");
    // It is dropped, as with the mouse.
    let text = std::fs::read_to_string(&sheet).unwrap();
    desk.browser.onward(|browser| {
        browser.value(&format!(
            "(() => {{ const data = new DataTransfer();
               data.items.add(new File([{}], 'staff.csv'));
               document.querySelector('.drop').dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }})); }})()",
            json!(text)
        ));
    });
    assert_eq!(desk.browser.heading(), "PBX");
    desk.browser.look_at("target");
    desk.browser.click("label", "hq");
    desk.browser.click("button", "Go on");
    desk.browser.wait_for("Headings");
    desk.browser.look_at("headings");
    desk.browser.click("button", "The headings are right");
    desk.browser.wait_for("Rows");
    desk.browser
        .onward(|browser| browser.click("a", "All rows"));
    desk.browser.look_at("rows-clean");
    desk.browser.click("summary", "Fill a field in every row");
    desk.browser.choose_option("#fill-text", "email");
    desk.browser.look_at("rows-fill");
    desk.browser.click("#filling", "");
    for key in ["a", "@", "b", ".", "d", "e"] {
        desk.browser.press(key);
    }
    desk.browser.onward(|browser| browser.press("Enter"));
    assert!(desk.browser.text().contains("a@b.de"));
    desk.browser.look_at("rows-filled");
    desk.browser.click("button", "Show what would be done");
    desk.browser.wait_for("What will be done");
    desk.browser.look_at("plan");
    desk.browser.click("button", "Yes, send it");
    desk.browser.wait_for("Result");
    assert!(desk.browser.text().contains("Every row is done."));
    desk.browser.look_at("result");
    assert_eq!(desk.pbx.numbers().len(), 3);
    for (name, heading) in [
        ("Runs", "Runs"),
        ("Nightly archive", "Nightly archive"),
        ("Check-up", "Check-up"),
    ] {
        desk.browser.click(".beside a", name);
        desk.browser.wait_for(heading);
        desk.browser.look_at(&heading.replace(' ', "-"));
    }
    // The way back shows what was seen, and changes nothing.
    desk.browser.onward(|browser| {
        browser.value("history.go(-3)");
    });
    assert_eq!(desk.browser.heading(), "Result");
    assert_eq!(desk.pbx.numbers().len(), 3);
    let page = desk.browser.text();
    assert!(!page.contains(PASSWORD), "a secret shows");
    desk.close();
}

#[test]
fn what_wcag_forbids_is_seen() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    // The keyboard comes to the content without the way through all steps.
    desk.browser.tab_to("it.className === 'skip'");
    desk.browser.press("Enter");
    desk.browser.press("Tab");
    let is_in_content = "document.querySelector('main').contains(document.activeElement)";
    assert_eq!(desk.browser.value(is_in_content), json!(true));
    if axe().is_some() {
        assert_eq!(desk.browser.by_wcag(), json!([]));
        let nameless = "document.querySelector('main').append(document.createElement('select'))";
        desk.browser.value(&format!("{nameless}, 0"));
        let found = desk.browser.by_wcag().to_string();
        assert!(found.contains("select-name"), "{found}");
    }
    desk.close();
}

#[test]
fn a_dirty_workbook_is_corrected_with_the_keyboard_alone() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    let browser = &mut desk.browser;
    // No keyboard reaches the system's own window for files.
    browser.choose("#sheet", &root().join("samples/dirty/office.xlsx"));
    browser.tab_to("it.textContent === 'Read it'");
    browser.onward(|browser| browser.press("Enter"));
    browser.tab_to("it.value === 'hq'");
    browser.press(" ");
    browser.tab_to("it.id === 'country'");
    browser.press("D");
    browser.press("E");
    browser.onward(|browser| browser.press("Enter"));
    assert_eq!(browser.heading(), "Headings");
    browser.look_at("headings-dirty");
    browser.tab_to("it.value === 'go'");
    browser.onward(|browser| browser.press("Enter"));
    assert_eq!(browser.heading(), "Rows");
    browser.look_at("rows-dirty");
    let cannot = |browser: &mut Browser| -> u64 {
        let count =
            browser.value("document.getElementById('count').innerText.match(/, (\\d+) cannot/)[1]");
        count.as_str().unwrap().parse().unwrap()
    };
    let before = cannot(browser);
    browser.tab_to("it.value === 'generate'");
    browser.onward(|browser| browser.press("Enter"));
    while browser.value("!!document.querySelector('button[value=accept]')") == json!(true) {
        browser.tab_to("it.value === 'accept'");
        browser.onward(|browser| browser.press("Enter"));
    }
    let after = cannot(browser);
    assert!(after < before, "{after} {before}");
    // A row that is no extension is taken out, and put back.
    browser.tab_to("it.value === 'out'");
    browser.onward(|browser| browser.press("Enter"));
    assert!(cannot(browser) < after);
    browser.look_at("rows-taken-out");
    browser.tab_to("it.value === 'put'");
    browser.onward(|browser| browser.press("Enter"));
    assert_eq!(cannot(browser), after);
    browser.tab_to("it.value === 'out'");
    browser.onward(|browser| browser.press("Enter"));
    browser.tab_to("it.textContent === 'Show what would be done'");
    // What has the focus is seen to have it.
    let outline = browser.value("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, json!("solid"));
    browser.press("Enter");
    browser.wait_for("What will be done");
    browser.look_at("plan-dirty");
    browser.tab_to("it.textContent === 'Yes, send it'");
    browser.press("Enter");
    browser.wait_for("Result");
    assert!(browser.text().contains("rows are not done"));
    browser.look_at("result-dirty");
    assert!(!desk.pbx.numbers().is_empty());
    desk.close();
}

#[test]
fn a_run_is_watched_reloaded_paused_and_goes_on_in_two_tabs() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    // The run does not end before the PBX is quick again, however long the looks at the page take.
    desk.pbx.faults("latency_ms=1500");
    desk.set_to_work(240);
    // Rows come without a reload.
    desk.browser
        .wait_until("document.querySelectorAll('#rows li').length > 2");
    desk.browser.look_at("watch");
    let is_heard = "document.querySelector('#said[role=status]').innerText !== '' && !document.querySelector('#words[aria-live]')";
    assert_eq!(desk.browser.value(is_heard), json!(true));
    desk.browser.onward(|browser| {
        browser.tell("Page.reload", json!({}));
    });
    assert_eq!(desk.browser.heading(), "At work");
    let address = desk.browser.value("location.href");
    let (first, second) = (desk.browser.tab(), desk.browser.new_tab());
    desk.browser.switch_to(&second);
    desk.browser.open(address.as_str().unwrap());
    desk.browser.wait_for("At work");
    desk.browser.click("button", "Pause");
    desk.browser.wait_for("Result");
    assert!(desk.browser.text().contains("The run is paused."));
    let done = desk.pbx.numbers().len();
    assert!(done < 240, "{done}");
    // The first tab has seen the end by itself.
    desk.browser.switch_to(&first);
    desk.browser.wait_for("Result");
    desk.browser.look_at("paused");
    desk.browser.click("button", "Let the run go on");
    desk.browser.wait_for("At work");
    // It has signed in, and looked at what was sent before.
    desk.browser
        .wait_until("document.querySelectorAll('#rows li').length > 0");
    desk.browser.click("button", "Stop");
    desk.browser.wait_for("Result");
    assert!(desk.browser.text().contains("The run was stopped."));
    desk.pbx.faults("");
    desk.browser.click("button", "Let the run go on");
    desk.browser
        .wait_until("document.body.innerText.includes('Every row is done.')");
    assert_eq!(desk.pbx.numbers().len(), 240);
    desk.close();
}

#[test]
fn a_run_whose_server_was_killed_goes_on_in_the_same_browser() {
    let Some(mut desk) = BrowserDesk::open("20/s") else {
        return;
    };
    desk.set_to_work(80);
    wait_until(|| desk.pbx.numbers().len() > 3);
    desk.page.kill().unwrap();
    desk.page.wait().unwrap();
    let (page, address) = served(&desk.program, "");
    desk.page = page;
    desk.browser
        .wait_until("document.querySelectorAll('#watch button:not(:disabled)').length === 0");
    assert!(desk.browser.text().contains("rowcall has ended"));
    // The old page has lost its server, and complained.
    desk.browser.open(&address);
    desk.browser.wait_for("Sheet");
    desk.browser.complaints.clear();
    desk.browser.click("a", "Look at it, and let it go on");
    desk.browser.wait_for("Runs");
    desk.browser.look_at("run-cut-off");
    desk.browser.click("button", "Let the run go on");
    desk.browser
        .wait_until("document.body.innerText.includes('Every row is done.')");
    assert_eq!(desk.pbx.numbers().len(), 80);
    desk.close();
}

#[cfg(target_os = "linux")]
/// The address that was printed last, on a line of its own behind whatever was cleared there.
fn last_address(terminal: &Typist) -> String {
    let mut address = None;
    wait_until(|| {
        let screen = terminal.screen();
        let lines = screen
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let mut split = lines.filter_map(|line| line.split_at_checked(line.find("http://")?));
        address = split.next_back().map(|(before, address)| {
            assert!(
                before.is_empty() || before.ends_with("\x1b[2K"),
                "{before:?}"
            );
            address.trim().to_owned()
        });
        address.is_some()
    });
    address.unwrap()
}

#[test]
fn a_run_goes_on_without_its_browser_and_another_one_sees_it() {
    // Both are there before the run begins, which does not wait for one to start.
    let (Some(mut first), Some(mut second)) = (Browser::start(), Browser::start()) else {
        return;
    };
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    let config = pbx.config("hq").replace("100000/s", "4/s");
    program.write("rowcall.toml", config);
    let mut terminal = Typist::start(&mut program.command("serve --no-open"));
    first.open(&last_address(&terminal));
    first.wait_for("Sheet");
    set_to_work(&mut first, &sheet(&program, 100));
    terminal.reads("press Enter here for another address");
    // The run's progress stands on the terminal.
    terminal.reads("/100 rows");
    // It is killed, as by a crash.
    drop(first);
    terminal.answers("", "").reads("http://");
    second.open(&last_address(&terminal));
    second.wait_for("Sheet");
    second.click("a", "Look at what is at work");
    second.wait_for("At work");
    second.wait_until("document.body.innerText.includes('Every row is done.')");
    assert_eq!(pbx.numbers().len(), 100);
    assert_eq!(second.complaints, [] as [&str; 0]);
    terminal.interrupts();
}

#[test]
fn passwords_come_before_the_page_tells_that_they_were_taken() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    let sheet = desk
        .program
        .file("staff.csv", "number,sip_password\n0041,\n");
    drop_sheet(&mut desk.browser, &sheet);
    let browser = &mut desk.browser;
    browser.click("label", "hq");
    browser.click("button", "Go on");
    browser.wait_for("Headings");
    browser.click("button", "The headings are right");
    browser.wait_for("Rows");
    browser.onward(|browser| browser.click("button", "Have one made up for each"));
    browser.click("button", "Show what would be done");
    browser.wait_for("What will be done");
    browser.click("button", "Yes, send it");
    browser.wait_for("Result");
    let taken = desk.program.path("taken");
    browser.tell(
        "Page.setDownloadBehavior",
        json!({ "behavior": "allow", "downloadPath": taken }),
    );
    // The page is slow to answer, as while it reads a long sheet.
    browser.tell("Network.enable", json!({}));
    browser.tell(
        "Network.emulateNetworkConditions",
        json!({ "offline": false, "latency": 2500, "downloadThroughput": -1, "uploadThroughput": -1 }),
    );
    browser.click("button", "Take the passwords");
    browser.wait_until("document.body.innerText.includes('They were taken on')");
    wait_until(|| files_in(&taken) == 1);
    let file = std::fs::read_dir(&taken).unwrap().next().unwrap().unwrap();
    wait_until(|| std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("0041")));
    let name = file.file_name().into_string().unwrap();
    assert!(name.ends_with("-secrets.csv"), "{name}");
    desk.close();
}

#[test]
fn hostile_names_do_nothing_in_a_browser() {
    let Some(mut desk) = BrowserDesk::open("100000/s") else {
        return;
    };
    let text = format!(
        "number,display_name,\"<img src=x onerror=window.isTaken=1>\",sip_password\n\
         0041,\"<script>window.isTaken=1</script>\",x,{PASSWORD}\n\
         0042,\"\u{202e}=cmd|'/c calc'!A1\",\"\"\"><svg onload=window.isTaken=1>\",{PASSWORD}\n"
    );
    let sheet = desk.program.file("<b onclick=alert(1)>.csv", &text);
    drop_sheet(&mut desk.browser, &sheet);
    desk.browser.click("label", "hq");
    desk.browser.click("button", "Go on");
    for (heading, button) in [
        ("Headings", "The headings are right"),
        ("Rows", "Show what would be done"),
    ] {
        desk.browser.wait_for(heading);
        assert_eq!(desk.browser.value("window.isTaken ?? 0"), json!(0));
        desk.browser.click("button", button);
    }
    desk.browser.wait_for("What will be done");
    assert_eq!(desk.browser.value("window.isTaken ?? document.querySelectorAll('main img, main script, main svg, main b').length"), json!(0));
    desk.close();
}
