use crate::sheet::tests::{SeenRow, row, rows_of};
use crate::sheet::{
    CLEAR, Header, HeadingMeaning, Headings, Input, Limits, ReadOptions, Row, Sheet, SheetError,
    SheetErrorKind, Stored, open,
};

use proptest::prelude::*;
use std::io::Write as _;

fn sheet_of(text: &[u8], limits: Limits) -> Result<Sheet, SheetError> {
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    file.write_all(text).unwrap();
    let options = ReadOptions {
        limits,
        ..ReadOptions::default()
    };
    Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
}

fn read(text: &str) -> (Vec<String>, Vec<SeenRow>) {
    let sheet = sheet_of(text.as_bytes(), Limits::default()).unwrap();
    let rows = rows_of(&sheet).unwrap();
    (sheet.headings, rows)
}

#[test]
fn a_list_of_several_values_is_told_from_one_text() {
    let text = br#"[{"a":["x","y"],"b":["x"],"c":"x;y"},{"a":"x","b":[],"c":["y","z"]}]"#;
    let sheet = sheet_of(text, Limits::default()).unwrap();
    let mut lists = vec![];
    for batch in sheet.batches() {
        let mut add = |row: Row<'_>| {
            let stored = |column| row.cells.stored(column) == Stored::List;
            lists.push([0, 1, 2].map(stored));
        };
        batch.unwrap().rows(&mut add).unwrap();
    }
    assert_eq!(lists, [[true, false, false], [false, false, true]]);
}

#[test]
fn objects_become_rows_under_all_their_names() {
    let (headings, rows) = read(
        r#"[
  {"number": "0042", "profile": {"email": "a@b", "tags": ["x", 7, true]}, "n": 18088861612.50},

  {"profile": {"email": null}, "on": false, "number": 7,
   "more": {}}, {"number":"8","list":[]}
]"#,
    );
    assert_eq!(
        headings,
        ["number", "profile.email", "profile.tags", "n", "on", "list"]
    );
    assert_eq!(
        rows,
        [
            row(2, &["0042", "a@b", "x;7;true", "18088861612.50", "", ""]),
            row(4, &["7", CLEAR, "", "", "false", ""]),
            row(5, &["8", "", "", "", "", ""]),
        ]
    );
}

#[test]
fn json_lines_are_known_by_their_content() {
    let text = "\u{feff}{\"a\":\"}\\\"{\"}\n\n{\"b\":\"\\u00fc\"}";
    let sheet = sheet_of(text.as_bytes(), Limits::default()).unwrap();
    assert_eq!(sheet.notes, ["JSON Lines", "byte-order mark"]);
    assert_eq!(
        rows_of(&sheet).unwrap(),
        [row(1, &["}\"{", ""]), row(3, &["", "ü"])]
    );
    // Each row in a member of the same name is no other form.
    let text = b"{\"user\":{\"a\":1}}\n{\"user\":{\"a\":2}}";
    let sheet = sheet_of(text, Limits::default()).unwrap();
    assert_eq!(sheet.headings, ["user.a"]);
    let array = sheet_of(b" [{\"a\":1}]", Limits::default()).unwrap();
    assert_eq!(array.notes, ["array of objects"]);
}

#[test]
fn a_row_in_trouble_says_so_and_the_others_go_on() {
    let (_, rows) = read(
        r#"[{"a":"1","a":"2"},{"a.b":1,"a":{"b":2}},{"a":["x;y"]},{"a":[["x"]]},{"a":[null]},{"a":"\u0000"},{"":"x"},{"a":"1"}]"#,
    );
    let troubles: Vec<_> = rows.iter().map(|row| row.2.as_deref()).collect();
    assert_eq!(
        troubles,
        [
            Some("sheet.duplicate_key"),
            Some("sheet.duplicate_key"),
            Some("sheet.list_separator"),
            Some("sheet.nested"),
            Some("sheet.nested"),
            Some("sheet.nul"),
            Some("sheet.no_heading"),
            None
        ]
    );
    let text = b"[{\"a\":\"x\xc3\xbc\xc3\xbc\",\"b\":\"\xfc\"}]";
    let sheet = sheet_of(text, Limits::default()).unwrap();
    let rows = rows_of(&sheet).unwrap();
    assert_eq!(rows[0].2.as_deref(), Some("sheet.not_utf8"));
}

fn refused(text: &str) -> (u64, u64, String) {
    for chunk_bytes in [1, 2, 3, 5, 1 << 20] {
        let limits = Limits {
            chunk_bytes,
            ..Limits::default()
        };
        let error = sheet_of(text.as_bytes(), limits).unwrap_err();
        let SheetError {
            kind: SheetErrorKind::Json(column, problem),
            line,
            ..
        } = error
        else {
            panic!("{error}");
        };
        if chunk_bytes == 1 << 20 {
            return (line.unwrap(), column, problem);
        }
    }
    unreachable!()
}

#[test]
fn wrong_json_is_refused_with_line_and_column() {
    for (text, line, column, words) in [
        (
            "[[\"Ext\",\"Name\"],[2001,\"Ann\"]]",
            1,
            2,
            "every row is a list. Write each as an object",
        ),
        (
            r#"{"columns":["Ext","Name"],"index":[0],"data":[[2001,"Ann"]]}"#,
            1,
            1,
            "the headings, and the rows without them, stand in lists of their own",
        ),
        (
            r#"{"Ext":{"0":2001,"1":2002},"Name":{"0":"Ann","1":"Bo"}}"#,
            1,
            1,
            "each column is an object of its own",
        ),
        (
            "{\"2001\":{\"name\":\"Ann\"}}\n{\"2002\":{\"name\":\"Bo\"}}",
            1,
            1,
            "each row stands in an object of its own, under a key",
        ),
        (
            "[{\"a\":1},\n 7]",
            2,
            2,
            "expected “{”, for every row is an object, found “7”",
        ),
        (
            "[{\"a\":1}\n{\"a\":2}]",
            2,
            1,
            "expected “,” or “]”, found “{”",
        ),
        (
            "[{\"a\":1},]",
            1,
            10,
            "a comma stands before the closing “]”",
        ),
        ("[{\"a\":1}] x", 1, 11, "expected the end of the file"),
        (
            "[{\"a\":1}",
            1,
            9,
            "the file ends here; expected “,” or “]”",
        ),
        ("\"a\"", 1, 1, "expected “[” or “{”"),
        ("{\"ü\":1}\n\n  {\"ü\":1,}", 3, 10, "trailing comma"),
        ("{\"ü\":\n \"ä\" x}", 2, 6, "expected `,` or `}`"),
        (
            "[{\"a\": \"x}, {\"a\": \"y\"}]",
            1,
            15,
            "expected `,` or `}`",
        ),
        ("[{\"a\": {\"b\": [1, 2}}]", 1, 19, "expected `,` or `]`"),
        (
            "[\n{\"a\": \"x\"",
            2,
            1,
            "the object that begins here does not end",
        ),
        ("{\"a\":\"\\ud800\"}", 1, 13, "hex escape"),
        ("[{“number”: 1}]", 1, 3, "found a curly quote “"),
        ("[„a“]", 1, 2, "found a curly quote „"),
        (
            "[{\"a“: 1}, {\"b\":2}]",
            1,
            14,
            "a curly quote “ (U+201C) stands before it",
        ),
        ("{\"a\": ”x”}", 1, 7, "found a curly quote ”"),
        ("{\"a\": ″x″}", 1, 7, "found a prime ″ (U+2033)"),
        (
            "[{\"a\": \"2002″, \"b\":\"2\"}]",
            1,
            17,
            "a curly quote ″ (U+2033) stands before it",
        ),
        (
            "[{\"a\": 0042}]",
            1,
            8,
            "a number with a leading zero is a text in JSON",
        ),
        (
            "[{\"a\": [7, -007]}]",
            1,
            12,
            "a number with a leading zero",
        ),
        (
            "{\"ü\":1,\n \"a\": +4930}",
            2,
            7,
            "a number with a plus sign",
        ),
    ] {
        let (at_line, at_column, problem) = refused(text);
        assert!(problem.contains(words), "{text}: {problem}");
        assert_eq!((at_line, at_column), (line, column), "{text}: {problem}");
    }
    assert!(matches!(
        sheet_of(b"[ ]", Limits::default()),
        Err(SheetError {
            kind: SheetErrorKind::Empty,
            ..
        })
    ));
    assert!(matches!(
        sheet_of(b" \n", Limits::default()),
        Err(SheetError {
            kind: SheetErrorKind::Empty,
            ..
        })
    ));
    // In a text they are nothing special.
    assert_eq!(read("{\"a\":\"“x”\"}").1, [row(1, &["“x”"])]);
}

#[test]
fn limits_hold() {
    let limits = Limits {
        cell_bytes_max: 10,
        row_bytes_max: 40,
        row_cells_max: 2,
        depth_max: 3,
        chunk_bytes: 7,
    };
    let error = |text: &str| {
        let sheet = sheet_of(text.as_bytes(), limits)?;
        rows_of(&sheet).map(|_| ())
    };
    assert_eq!(error("{\"a\":{\"b\":[1234567890]}}\n{\"c\":1}"), Ok(()));
    assert!(matches!(
        error("\n{\"a\":12345678901}"),
        Err(SheetError {
            kind: SheetErrorKind::CellTooLong(..),
            line: Some(2),
            ..
        })
    ));
    let long = format!("{{\"a\":1}}\n{{\"a\":\"{}", "x".repeat(1000));
    assert!(matches!(
        error(&long),
        Err(SheetError {
            kind: SheetErrorKind::RowTooLong(..),
            line: Some(2),
            ..
        })
    ));
    assert!(matches!(
        error("{\"a\":1,\"b\":2,\"c\":3}"),
        Err(SheetError {
            kind: SheetErrorKind::TooManyColumns(..),
            ..
        })
    ));
    assert!(matches!(
        error("{\"a\":[[[1]]]}"),
        Err(SheetError {
            kind: SheetErrorKind::Json(8, _),
            ..
        })
    ));
    let blanks = format!("{{\"a\":1}}{}{{\"a\":2}}", " ".repeat(1000));
    let sheet = sheet_of(blanks.as_bytes(), limits).unwrap();
    let crate::sheet::reader::Content::Json(content) = &sheet.content else {
        panic!("no JSON");
    };
    for batch in content.batches() {
        assert!(batch.unwrap().data.len() <= 30);
    }
    assert_eq!(error(&blanks), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_chunk_size_reads_the_same(
        cells in prop::collection::vec(("[a-c]", any::<String>(), 0usize..3), 1..12),
        in_array in any::<bool>(),
        chunk_bytes in prop_oneof![1usize..20, Just(1 << 20)],
    ) {
        let mut text = String::new();
        let mut lines = Vec::new();
        for (index, (name, value, breaks)) in cells.iter().enumerate() {
            let comma = match (in_array, index) { (false, _) => "", (true, 0) => "[", _ => "," };
            text.push_str(comma);
            text.push_str(&"\n".repeat(*breaks));
            lines.push(1 + text.matches('\n').count() as u64);
            text.push_str(&serde_json::json!({ name: value }).to_string());
        }
        if in_array {
            text.push(']');
        }
        let limits = Limits { chunk_bytes, ..Limits::default() };
        let sheet = sheet_of(text.as_bytes(), limits).unwrap();
        let rows = rows_of(&sheet).unwrap();
        prop_assert_eq!(rows.len(), cells.len());
        for (row, ((name, value, _), line)) in rows.iter().zip(cells.iter().zip(lines)) {
            let column = sheet.headings.iter().position(|heading| heading == name).unwrap();
            prop_assert_eq!(&row.1[column], value);
            prop_assert_eq!(row.0, line);
        }
    }
}

/// Opens a text in which the heading `number` is known.
fn opened(text: &str, chunk_bytes: usize) -> Result<Sheet, SheetError> {
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let known = |text: &str| match text {
        "number" => HeadingMeaning::Number,
        _ => HeadingMeaning::Nothing,
    };
    let limits = Limits {
        chunk_bytes,
        ..Limits::default()
    };
    let options = ReadOptions {
        header: Header::Found(Headings::new(known)),
        limits,
        ..ReadOptions::default()
    };
    Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
}

#[test]
fn objects_under_keys_are_rows_all_of_them() {
    type Keyed<'t> = (&'t str, &'t str, &'t [&'t str], &'t [&'t [&'t str]]);
    let cases: [Keyed<'_>; 8] = [
        (
            r#"{"2001":{"number":"2001","name":"Anna"},"2002":{"number":"2002","name":"Ben"},"2003":{"name":"Cid","number":"2003"}}"#,
            "objects under keys, which “number” repeats",
            &["number", "name"],
            &[&["2001", "Anna"], &["2002", "Ben"], &["2003", "Cid"]],
        ),
        (
            r#"{"status":"ok","data":{"users":{"a" : {"number":1},
 "b\"}" :{"number":2,"x":{"y":"{"}}}},"links":{"self":{"href":"/x"}}}"#,
            "objects under keys in “data.users”, which are the column “index”",
            &["index", "number", "x.y"],
            &[&["a", "1", ""], &["b\"}", "2", "{"]],
        ),
        (
            r#"{"0":{"number":"2001","index":"x"},"1":{"number":"2002"}}"#,
            "objects under keys, which are the column “level_0”",
            &["level_0", "number", "index"],
            &[&["0", "2001", "x"], &["1", "2002", ""]],
        ),
        // No member has the number: the key may be it, which the user has to say.
        (
            r#"{"2001":{"name":"Anna"},"2002":{"name":"Ben"},"2003":{"name":"Cid","mail":"c@x.example"}}"#,
            "objects under keys, which are the column “index”",
            &["index", "name", "mail"],
            &[
                &["2001", "Anna", ""],
                &["2002", "Ben", ""],
                &["2003", "Cid", "c@x.example"],
            ],
        ),
        // A list in a row belongs to the row.
        (
            r#"{"2001":{"number":"2001","to":[]},"2002":{"to":["7"],"number":"2002"},"2003":{"number":"2003","to":[]}}"#,
            "objects under keys, which “number” repeats",
            &["number", "to"],
            &[&["2001", ""], &["2002", "7"], &["2003", ""]],
        ),
        // One object of its kind is one row, whatever stands beside it.
        (
            r#"{"meta":{"page":1},"data":{"number":"2001","sub":{"number":"9"}}}"#,
            "one object in “data”",
            &["number", "sub.number"],
            &[&["2001", "9"]],
        ),
        (
            r#"{"ask":{"number":1},"list":[{"number":"2001"}],"x":{"number":2}}"#,
            "array of objects in “list”",
            &["number"],
            &[&["2001"]],
        ),
        (
            r#"{"number":"2001","a":{"number":"1"},"b":{"number":"2"}}"#,
            "JSON Lines",
            &["number", "a.number", "b.number"],
            &[&["2001", "1", "2"]],
        ),
    ];
    for (text, note, headings, rows) in cases {
        for chunk_bytes in [1, 2, 3, 7, 1 << 20] {
            let sheet = opened(text, chunk_bytes).unwrap();
            assert_eq!(sheet.notes, [note], "{text}");
            assert_eq!(sheet.headings, headings, "{text}");
            let read = rows_of(&sheet).unwrap();
            let texts: Vec<_> = read.iter().map(|row| &row.1).collect();
            assert_eq!(texts, rows, "{text}");
            assert!(read.iter().all(|row| row.2.is_none()), "{text}");
        }
    }
    let objects = (0..3000)
        .map(|at| format!("\"k{at}\":{{\"number\":\"{at}\",\"l\":[{{\"number\":\"7\"}}]}}"));
    let many = format!(
        "{{\"users\":{{{}}}}}",
        objects.collect::<Vec<_>>().join(",")
    );
    let sheet = opened(&many, 1 << 20).unwrap();
    assert_eq!(rows_of(&sheet).unwrap().len(), 3000);
}

#[test]
fn objects_of_which_it_is_unclear_which_are_the_rows_are_refused() {
    for (text, said) in [
        (
            r#"{"2001":{"number":"2001","name":"Anna"},"2002":{"name":"Ben"}}"#,
            "this object holds an object with a number beside other members",
        ),
        (
            r#"{"count":2,"2001":{"number":"2001"},"2002":{"number":"2002"}}"#,
            "this object holds an object with a number beside other members",
        ),
        (
            r#"{"a":{"user":{"number":"1","x":1,"y":1,"z":1},"group":{"number":"2","p":1,"q":1,"r":1}}}"#,
            "“a” holds an object with a number beside other members",
        ),
        (
            r#"{"sales":{"a":{"number":"1"},"b":{"number":"2"}},"it":{"c":{"number":"3"},"d":{"number":"4"}}}"#,
            "both “sales” and “it” hold rows",
        ),
        (
            r#"{"users":{"a":{"number":"1"},"b":{"number":"2"}},"more":[{"number":"3"}]}"#,
            "both “more” and “users” hold rows",
        ),
        (
            r#"{"departments":{"Sales":{"201":{"name":"Ann"},"202":{"name":"Bo"}},"IT":{"203":{"name":"Cy"}}}}"#,
            "both “departments.Sales” and “departments.IT” hold rows",
        ),
        (
            r#"{"201":{"number":"201"},"202":{"number":"202"},"203":[{"number":"203"}]}"#,
            "other members that are not of its kind",
        ),
        (
            r#"{"201":{"name":"Ann"},"202":{"name":"Bo"},"203":[{"name":"Cy"}]}"#,
            "other members that are not of its kind",
        ),
        (
            r#"{"users":{"2001":{"name":"A","followme":[{"number":"2005"}]},"2002":{"name":"B","followme":[]}}}"#,
            "both “users.2001.followme” and “users” hold rows",
        ),
        (
            r#"{"a":{"name":"A","lines":[{"number":"1"}]},"b":{"name":"B","lines":[]}}"#,
            "both “a.lines” and the file itself hold rows",
        ),
        (
            r#"{"name":"X","extensions":[{"number":"201"}],"branches":[{"name":"Y","extensions":[{"number":"202"}]}]}"#,
            "both “extensions” and “branches” hold rows",
        ),
        (
            r#"{"extensions":{"sip":[{"number":"201"}],"pjsip":{"202":{"name":"Ben"}}}}"#,
            "both “extensions.sip” and “extensions.pjsip” hold rows",
        ),
        (
            r#"{"users":[{"number":"201"}],"children":[{"site":"Y","children":[{"users":[{"number":"202"}]}]}]}"#,
            "both “users” and “children” hold rows",
        ),
        (
            r#"{"2001":{"number":"1","l":[{"number":"8"}]},"2002":{"number":"2"},"n":1}"#,
            "this object holds an object with a number beside other members",
        ),
        (
            r#"{"a":{"number":"1"},"b":{"number":"2"},}"#,
            "a comma stands before the closing “}”",
        ),
        (
            r#"{"a" {"number":"1"},"b":{"number":"2"}}"#,
            "Correct the JSON at this place",
        ),
        (r#"{"a":{"number":"1"} "b":{"number":"2"}}"#, ""),
        (
            r#"{"total":30,"users":{"a":{"number":"1"},"b":{"number":"2"}}}"#,
            "“total” (30)",
        ),
    ] {
        for chunk_bytes in [1, 1 << 20] {
            let error = opened(text, chunk_bytes).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}

#[test]
fn one_page_of_several_is_refused() {
    let rows = r#"[{"number":"201"},{"number":"202"}]"#;
    let opened = |text: &str| opened(&text.replace("ROWS", rows), 1 << 20);
    for (text, member) in [
        (r#"{"total":30,"value":ROWS}"#, "“total” (30)"),
        (r#"{"value":ROWS,"totalCount":"3"}"#, "“totalCount” (3)"),
        (r#"{"@odata.count":3,"value":ROWS}"#, "“@odata.count” (3)"),
        (
            r#"{"@odata.nextLink":"https://pbx/x?token=tR7xkQ2mZp","value":ROWS}"#,
            "“@odata.nextLink” ",
        ),
        (r#"{"value":ROWS,"next_page":2}"#, "“next_page” (2)"),
        (
            r#"{"_links":{"next":{"href":"/x?page=2"}},"value":ROWS}"#,
            "“next” ",
        ),
        (r#"{"data":{"has_more":true,"list":ROWS}}"#, "“has_more” "),
        (
            r#"{"data":{"list":ROWS},"meta":{"last_page":4}}"#,
            "“last_page” (4)",
        ),
        (r#"{"value":ROWS,"numFound":30}"#, "“numFound” (30)"),
        (
            r#"{"value":ROWS,"offset":0,"limit":2,"size":30}"#,
            "“size” (30)",
        ),
        (r#"{"value":ROWS,"remaining":28}"#, "“remaining” (28)"),
        (r#"{"value":ROWS,"truncated":true}"#, "“truncated” "),
        (r#"{"value":ROWS,"isLast":false}"#, "“isLast” "),
        (r#"{"value":ROWS,"cursor":"a"}"#, "“cursor” "),
        (
            r#"{"value":ROWS,"meta":{"pagination":{"total":30}}}"#,
            "“total” (30)",
        ),
    ] {
        let error = opened(text).unwrap_err().to_string();
        let says = error.contains(member) && error.contains("holds 2 rows");
        assert!(says && !error.contains("tR7xkQ2mZp"), "{error}");
    }
    for text in [
        r#"{"total":2,"next":null,"has_more":false,"value":ROWS}"#,
        r#"{"last":true,"size":20,"remaining":0,"truncated":false,"value":ROWS}"#,
        r#"{"@odata.count":2,"next":"","value":ROWS}"#,
        r#"{"pagination":{"total_pages":1,"next_page":null},"value":ROWS}"#,
        r#"{"trunks":{"total":30},"value":ROWS}"#,
        r#"[{"number":"201","next":"202","total":"3"}]"#,
    ] {
        assert!(opened(text).is_ok(), "{text}");
    }
}
