use crate::sheet::{
    CLEAR, Format, Input, ReadOptions, Readers, SheetError, SheetErrorKind, Writer, open,
};
use proptest::prelude::*;
use std::fs::OpenOptions;
use std::path::Path;

type WrittenTable = (Vec<String>, Vec<Vec<String>>);

fn read(path: &Path) -> WrittenTable {
    let sheet = open(&Input::File(path.into()), &ReadOptions::default())
        .unwrap()
        .remove(0);
    let mut rows = Vec::new();
    for batch in sheet.batches() {
        let given = batch.unwrap().rows(|row| {
            assert_eq!(row.trouble, None);
            let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
            rows.push(cells.collect());
        });
        given.unwrap();
    }
    (sheet.headings, rows)
}

fn write(mut writer: Writer, rows: &[Vec<String>]) -> Result<(), SheetError> {
    for row in rows {
        writer.row(row.iter().map(String::as_str))?;
    }
    writer.finish()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(CLEAR.to_owned()),
        "[0+\"',;|\t\r\n a-cü<\\\\{}\\[]{0,8}",
        "[^\0]{0,12}",
        "['=+@\t\r\n＝-]{0,4}[a-c]{0,2}",
        Just("+49 (0)30 1234".to_owned()),
        Just("0042".to_owned()),
        Just("\u{feff}x".to_owned()),
    ]
}

fn tables() -> impl Strategy<Value = WrittenTable> {
    (1usize..5).prop_flat_map(|width| {
        let heading = "[a-c][\",;|\t\r\n a-zü{.]{0,6}";
        let headings = prop::collection::hash_set(heading, width);
        let row = prop::collection::vec(cell(), width).prop_map(|mut row| {
            // A row of nothing but blanks is none.
            if row.len() > 1 && row.iter().all(|cell| cell.trim_ascii().is_empty()) {
                row[0].push('x');
            }
            row
        });
        let rows = prop::collection::vec(row, 1..8);
        (headings.prop_map(|set| set.into_iter().collect()), rows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_reads_back_the_same(
        (headings, rows) in tables(),
        ending in prop::sample::select(vec!["csv", "tsv", "psv", "json", "jsonl"]),
        replacing in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("table.{ending}"));
        let writer = if replacing {
            Writer::replace(&path, Readers::Anybody, &headings)
        } else {
            Writer::row_by_row(&path, Readers::Owner, &headings)
        };
        write(writer.unwrap(), &rows).unwrap();
        prop_assert_eq!(read(&path), (headings, rows));
    }
}

#[test]
fn no_written_cell_begins_a_formula_and_each_reads_back() {
    for (text, written) in [
        ("+49 30 1234", "'+49 30 1234"),
        ("=1+1", "'=1+1"),
        ("-", "'-"),
        ("@x", "'@x"),
        ("'+1", "''+1"),
        ("''=x", "'''=x"),
        ("＝1", "'＝1"),
        ("'", "'"),
        ("''", "''"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("1-2", "1-2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for ending in ["csv", "tsv", "psv"] {
            let path = folder.path().join(format!("t.{ending}"));
            let writer = Writer::replace(&path, Readers::Anybody, &[text, "b"]).unwrap();
            write(writer, &[texts(&[text, ""])]).unwrap();
            let bytes = std::fs::read_to_string(&path).unwrap();
            let mut lines = bytes.lines();
            assert!(lines.all(|line| line.starts_with(written)), "{bytes}");
            let table = (texts(&[text, "b"]), vec![texts(&[text, ""])]);
            assert_eq!(read(&path), table, "{bytes}");
        }
        // Formats that no spreadsheet opens as formulas keep the text as it is.
        let path = folder.path().join("t.jsonl");
        let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
        write(writer, &[texts(&[text])]).unwrap();
        let bytes = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            bytes,
            format!("{{\"a\":{}}}\n", serde_json::Value::from(text))
        );
    }
}

#[test]
fn a_workbook_is_there_when_it_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xlsx");
    std::fs::write(&path, "old").unwrap();
    let mut writer = Writer::row_by_row(&path, Readers::Anybody, &["a"]).unwrap();
    writer.row(["1"]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let writer = Writer::row_by_row(&path, Readers::Anybody, &["a"]).unwrap();
    write(writer, &[texts(&["1"])]).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"PK\x03\x04"));
}

#[test]
fn each_row_is_on_the_disk_at_once_and_the_file_takes_its_place_at_the_end() {
    for (name, expected) in [
        ("t.csv", "a,b\n1,\"x\ny\"\n"),
        ("t.jsonl", "{\"a\":\"1\",\"b\":\"x\\ny\"}\n"),
        ("t.json", "[\n{\"a\":\"1\",\"b\":\"x\\ny\"}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, "old").unwrap();
        let mut writer = Writer::row_by_row(&path, Readers::Anybody, &["a", "b"]).unwrap();
        writer.row(["1", "x\ny"]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        let hidden = files.find(|file| *file != path).unwrap();
        assert_eq!(std::fs::read_to_string(hidden).unwrap(), expected);
        writer.finish().unwrap();
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .starts_with(expected)
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_content_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.json");
    std::fs::write(&path, "old").unwrap();
    let mut writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
    writer.row([CLEAR]).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    drop(writer);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
    write(writer, &[texts(&[CLEAR]), texts(&["x"])]).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "[\n{\"a\":null},\n{\"a\":\"x\"}\n]\n"
    );
    let empty = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
    empty.finish().unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[]\n");
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let bits = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for name in ["new.csv", "old.csv", "new.xlsx", "new.html"] {
        for replacing in [true, false] {
            let path = folder.path().join(name);
            if name == "old.csv" {
                std::fs::write(&path, "").unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            }
            let writer = if replacing {
                Writer::replace(&path, Readers::Owner, &["a"])
            } else {
                Writer::row_by_row(&path, Readers::Owner, &["a"])
            };
            let writer = writer.unwrap();
            writer.finish().unwrap();
            assert_eq!(bits(&path), 0o600, "{name} {replacing}");
        }
    }
    // A file with narrow permissions keeps them.
    let path = folder.path().join("new.csv");
    let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
    writer.finish().unwrap();
    assert_eq!(bits(&path), 0o600);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_device_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("t.csv"), folder.path().join("l.csv"));
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let writer = Writer::replace(&link, Readers::Anybody, &["a"]).unwrap();
    write(writer, &[texts(&["1"])]).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\n1\n");

    let null = folder.path().join("null.csv");
    std::os::unix::fs::symlink("/dev/null", &null).unwrap();
    let writer = Writer::replace(&null, Readers::Owner, &["a"]).unwrap();
    writer.finish().unwrap();
    assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
}

#[test]
fn a_full_disk_is_told_with_the_name() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let stream = || Box::new(OpenOptions::new().write(true).open(full).unwrap());
    let rows = vec![texts(&["1"]); 3];
    for format in [
        Format::Csv,
        Format::Json,
        Format::JsonLines,
        Format::Xlsx,
        Format::Html,
        Format::Markdown,
    ] {
        let writer = Writer::stream(stream(), "out", format, &["a"]).unwrap();
        let error = write(writer, &rows).unwrap_err();
        assert!(
            error.to_string().starts_with("out: cannot be written: "),
            "{error}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("t.csv");
    std::os::unix::fs::symlink(full, &link).unwrap();
    assert!(Writer::row_by_row(&link, Readers::Owner, &["a"]).is_err());
}

#[test]
fn a_wrong_path_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str| {
        let path = folder.path().join(name);
        let create = Writer::row_by_row(&path, Readers::Anybody, &["a"]).err();
        let replace = Writer::replace(&path, Readers::Anybody, &["a"]).err();
        [create.unwrap(), replace.unwrap()]
    };
    assert!(refused("t.doc").iter().all(|error| matches!(
        error,
        SheetError {
            kind: SheetErrorKind::Ending,
            ..
        }
    )));
    assert!(refused("no/t.csv").iter().all(|error| matches!(
        error,
        SheetError {
            kind: SheetErrorKind::Unwritable(..),
            ..
        }
    )));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
