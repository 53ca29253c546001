//! The import and export pages of products, simulated from their makers' code: each reads its file by itself.

use std::collections::BTreeMap;

/// One extension, by the product's own column names.
pub(crate) type ImportedRow = BTreeMap<String, String>;

/// A product with nothing but its import page, its export page and what it stored.
pub(crate) struct ImportScreen {
    product: &'static str,
    pub(crate) rows: BTreeMap<String, ImportedRow>,
}

/// The products that have one.
pub(crate) const SCREENS: [&str; 3] = ["freepbx", "issabel", "mikopbx"];

impl ImportScreen {
    pub(crate) fn new(product: &'static str) -> ImportScreen {
        ImportScreen {
            product,
            rows: BTreeMap::new(),
        }
    }

    /// Takes a file as the product's page does; the refusal in words.
    pub(crate) fn import(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self.product {
            "freepbx" => self.freepbx(bytes),
            "issabel" => self.issabel(bytes),
            _ => self.mikopbx(bytes),
        }
    }

    /// The file that the product's export page gives.
    pub(crate) fn export(&self) -> String {
        let columns: &[&str] = match self.product {
            // More than rowcall writes, in the product's order; secrets are in clear.
            "freepbx" => &[
                "extension",
                "name",
                "voicemail",
                "ringtimer",
                "noanswer_dest",
                "outboundcid",
                "sipname",
                "tech",
                "secret",
                "max_contacts",
                "callerid",
                "languages_language",
                "voicemail_enable",
                "voicemail_vmpwd",
                "voicemail_email",
                "voicemail_pager",
                "voicemail_options",
                "voicemail_same_exten",
            ],
            "issabel" => &[
                "Display Name",
                "User Extension",
                "Direct DID",
                "Outbound CID",
                "Call Waiting",
                "Secret",
                "Voicemail Status",
                "Voicemail Password",
                "VM Email Address",
                "VM Email Attachment",
                "VM Play CID",
                "Context",
                "Tech",
                "Max Contacts",
            ],
            _ => &[
                "number",
                "user_username",
                "user_email",
                "user_avatar",
                "mobile_number",
                "sip_secret",
                "sip_dtmfmode",
                "sip_enableRecording",
                "fwd_forwarding",
                "fwd_forwardingonbusy",
                "fwd_ringlength",
            ],
        };
        let mut out = csv::Writer::from_writer(vec![]);
        out.write_record(columns).unwrap();
        for row in self.rows.values() {
            let cell = |column: &&str| row.get(*column).map_or("", String::as_str);
            out.write_record(columns.iter().map(cell)).unwrap();
        }
        String::from_utf8(out.into_inner().unwrap()).unwrap()
    }

    /// Bulk Handler: PHP's `fgetcsv`, whose backslash escapes a quote; every line has as many cells as the first.
    fn freepbx(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
        let mut lines = php_lines(&text).into_iter();
        let headings: Vec<String> = lines.next().ok_or("empty")?;
        let headings: Vec<String> = headings.iter().map(|name| name.to_lowercase()).collect();
        for cells in lines {
            if cells.len() != headings.len() {
                return Err("Header row and data row count do not match".into());
            }
            let mut row: ImportedRow = [
                ("tech", "sip"),
                ("ringtimer", "0"),
                ("max_contacts", "1"),
                ("voicemail", "default"),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
            // A blank cell overrides the default.
            row.extend(headings.iter().cloned().zip(cells));
            let get = |name: &str| row.get(name).cloned().unwrap_or_default();
            let number = get("extension");
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("no extension: {headings:?}"));
            }
            if get("name").is_empty() {
                return Err(format!("{number} has no name"));
            }
            if !["pjsip", "sip", "virtual"].contains(&&*get("tech")) {
                return Err(format!("{number}: unknown tech"));
            }
            if get("voicemail_enable") == "yes" {
                if get("voicemail_vmpwd").is_empty() {
                    return Err(format!("{number}: no voicemail password"));
                }
            } else {
                row.retain(|name, _| !name.starts_with("voicemail_"));
            }
            if self.rows.contains_key(&number) {
                return Err("This device id is already in use".into());
            }
            self.rows.insert(number, row);
        }
        Ok(())
    }

    /// Batch of extensions: headings in their exact case, one transaction.
    fn issabel(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut taken = self.rows.clone();
        let mut reader = csv::Reader::from_reader(bytes);
        for row in reader.deserialize() {
            let mut row: ImportedRow = row.map_err(|error| error.to_string())?;
            let get = |name: &str| row.get(name).cloned().unwrap_or_default();
            let (number, secret) = (get("User Extension"), get("Secret"));
            let count =
                |is: fn(&u8) -> bool| secret.as_bytes().iter().filter(|byte| is(byte)).count();
            let is_strong = secret.len() >= 6
                && count(u8::is_ascii_alphabetic) >= 2
                && count(u8::is_ascii_digit) >= 2;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let is_known = ["sip", "iax", "iax2", "pjsip"].contains(&&*get("Tech"));
            if !is_number || get("Display Name").is_empty() || !is_strong || !is_known {
                return Err(format!("{number:?} is refused"));
            }
            let pin = get("Voicemail Password");
            if !pin.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("{number}: voicemail password"));
            }
            let has_box = get("Voicemail Status").contains("enable");
            row.insert(
                "Voicemail Status".into(),
                if has_box { "enable" } else { "disable" }.into(),
            );
            taken.insert(number, row);
        }
        self.rows = taken;
        Ok(())
    }

    /// Employees: lines are padded or cut, texts too, and rows behind the thousandth are dropped.
    fn mikopbx(&mut self, bytes: &[u8]) -> Result<(), String> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let headings = reader.headers().unwrap().clone();
        for record in reader.records().take(1000) {
            let record = record.map_err(|error| error.to_string())?;
            let mut row = ImportedRow::new();
            for (at, heading) in headings.iter().enumerate() {
                let text = record.get(at).unwrap_or_default().trim();
                let most = match heading {
                    "user_username" | "user_email" => 32,
                    _ => 100,
                };
                row.insert(heading.to_lowercase(), text.chars().take(most).collect());
            }
            let digits: String = row["number"].chars().filter(char::is_ascii_digit).collect();
            if row.get("sip_secret").is_none_or(String::is_empty) {
                return Err(format!("{digits}: a blank secret"));
            }
            row.insert("number".into(), digits.clone());
            self.rows.entry(digits).or_insert(row);
        }
        Ok(())
    }
}

/// The records of a text as `fgetcsv` reads them with its defaults.
fn php_lines(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut cells, mut cell) = (vec![], vec![], String::new());
    let (mut is_quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_quoted => {
                cell.push('\\');
                cell.extend(chars.next());
            }
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                cells.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                lines.push(std::mem::take(&mut cells));
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        lines.push(cells);
    }
    lines
}
