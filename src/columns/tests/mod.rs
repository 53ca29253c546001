use super::dictionary::{Common, dictionary};
use super::heading_row::HeadingRow;
use super::sample::Sample;
use super::*;
use crate::manifest::Manifest;
use crate::model::{Field, Finding, Record, Severity, TO_GENERATE};
use crate::sheet::{Cells, Header, Input, ReadOptions, Sheet, open};
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

mod around;
mod beside;
mod doubts;
mod meant;
mod mutation;
mod sheets;

/// All vendors' facts, of every folder that has some.
fn manifests() -> Vec<&'static Manifest> {
    static MANIFESTS: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
        let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors"));
        let files = folders
            .unwrap()
            .map(|entry| entry.unwrap().path().join("vendor.toml"));
        let mut files: Vec<PathBuf> = files.filter(|file| file.exists()).collect();
        files.sort();
        let read = |file: &PathBuf| Manifest::parse(&std::fs::read_to_string(file).unwrap());
        files.iter().map(|file| read(file).unwrap()).collect()
    });
    MANIFESTS.iter().collect()
}

fn manifest(id: &str) -> &'static Manifest {
    let mut all = manifests().into_iter();
    all.find(|vendor| vendor.vendor.id == id).unwrap()
}

/// The owner of headings that an id names.
fn named(id: &str) -> NamedOwner {
    match product(id) {
        Some(product) => NamedOwner::Product(product),
        None => NamedOwner::Nobody,
    }
}

/// Understands headings for a sheet that goes to a vendor.
fn bind(target: &str, headings: &str, options: &BindOptions) -> Result<Binding, ColumnError> {
    let headings: Vec<String> = headings.split(',').map(str::to_owned).collect();
    let (target, vendors) = (manifest(target), manifests());
    super::bind::bind(
        HeadingRow::new(&headings, &[], Some(1)),
        &|| None,
        target,
        &vendors,
        options,
    )
}

fn plain() -> BindOptions {
    BindOptions::default()
}

fn map(heading: &str, mapped: Mapped) -> BindOptions {
    BindOptions {
        map: vec![(heading.to_owned(), mapped)],
        ..plain()
    }
}

/// The fields of the columns, `-` where one is not read.
fn fields_of(columns: &[ColumnReading]) -> String {
    let names = columns
        .iter()
        .map(|column| column.field.map_or("-", Field::name));
    names.collect::<Vec<_>>().join(",")
}

fn fields(target: &str, headings: &str) -> String {
    fields_of(&bind(target, headings, &plain()).unwrap().columns)
}

/// Returns the questions about a sheet, each with its answers.
fn asked(target: &str, headings: &str) -> Vec<Question> {
    match bind(target, headings, &plain()) {
        Err(ColumnError::Unanswered { questions, .. }) => questions,
        Ok(binding) => panic!("nothing is asked: {}", fields_of(&binding.columns)),
        Err(error) => panic!("{error}"),
    }
}

/// Gives the cells of a row to a function.
fn with_cells<T>(row: &[&str], use_cells: impl FnOnce(Cells<'_>) -> T) -> T {
    let ends = row.iter().scan(0, |end, cell| {
        *end += cell.len();
        Some(*end)
    });
    let (text, ends): (String, Vec<usize>) = (row.concat(), ends.collect());
    use_cells(Cells::new(&text, &ends))
}

/// The fields of a row with their values, such as `number=2001|first_name=Ann`.
fn read(binding: &Binding, target: &str, row: &[&str]) -> String {
    let record = with_cells(row, |cells| binding.all_fields(&cells, manifest(target)));
    let values = record
        .iter()
        .map(|(field, text)| format!("{}={}", field.name(), text.reveal()));
    values.collect::<Vec<_>>().join("|")
}

/// The findings against a row that no rule about a field would find.
fn findings(binding: &Binding, target: &str, row: &[&str]) -> Vec<Finding> {
    let reading = binding.reading().unwrap();
    let mut findings = vec![];
    with_cells(row, |cells| {
        reading.findings(cells, &[], manifest(target), &mut findings);
    });
    findings
}

#[test]
fn headings_are_understood_however_they_are_written() {
    assert_eq!(
        fields(
            "openvox",
            "NUMBER,Has-Voicemail,e mail,Vor\u{a0}name,sip password"
        ),
        "number,voicemail,email,first_name,sip_password"
    );
    assert_eq!(
        fields(
            "portsip",
            "Extension*,First Name [Required],Last Name (Required),Email Address:,Secret*"
        ),
        "number,first_name,last_name,email,sip_password"
    );
    for headings in [
        "Ext.,Name,E-Mail-Adresse,Tel. mobil,Secret",
        "Ext #,Full Name,E-mail,Cell #,SIP Secret",
        "Nebenstelle Nr.,Vor- und Nachname,E-Mail,Handy-Nr.,Passwort (SIP)",
        "Dahili No,Ad Soyad,E-posta,Cep Telefonu,SIP şifresi",
        "Ramal,Nome completo,Correio eletrônico,Telemóvel,Senha SIP",
    ] {
        assert_eq!(
            fields("openvox", headings),
            "number,display_name,email,mobile,sip_password",
            "{headings}"
        );
    }
}

#[test]
fn the_target_s_names_count_and_another_vendor_s_make_no_key_and_no_secret() {
    assert_eq!(
        fields("openvox", "number,username,hasvoicemail"),
        "number,display_name,voicemail"
    );
    assert_eq!(
        fields("ozeki", "ID,AuthorizationName,secret"),
        "number,sip_auth_name,sip_password"
    );
    // No other vendor has Ozeki's key and PortSIP's secret.
    assert_eq!(
        fields("openvox", "Ext.,ID,web_acces_password"),
        "number,-,-"
    );
    assert_eq!(
        fields("openvox", "number,ID,AuthorizationName"),
        "number,-,sip_auth_name"
    );
}

#[test]
fn a_last_part_counts_only_where_it_is_clear() {
    assert_eq!(
        fields(
            "portsip",
            "number,mobile_phone,no_answer_action,enable_voicemail"
        ),
        "number,mobile,forward_no_answer_to,voicemail"
    );
    assert_eq!(fields("portsip", "number,office_hours_action"), "number,-");
}

#[test]
fn a_name_beside_a_given_name_is_the_surname() {
    assert_eq!(
        fields("openvox", "Vorname,Name,Durchwahl,E-Mail,Kennwort"),
        "first_name,last_name,number,email,sip_password"
    );
    assert_eq!(
        fields(
            "portsip",
            "Vorname,Name,Durchwahl,E-Mail,Kennwort,Portalpasswort"
        ),
        "first_name,last_name,number,email,sip_password,web_password"
    );
    assert_eq!(
        fields("openvox", "Prénom,Nom,Poste"),
        "first_name,last_name,number"
    );
    assert_eq!(
        fields("openvox", "Nome,Cognome,Interno"),
        "first_name,last_name,number"
    );
    assert_eq!(
        fields("openvox", "Ad,Soyad,Dahili"),
        "first_name,last_name,number"
    );
    assert_eq!(
        fields("openvox", "Vorname,Nachname,Name,Nst."),
        "first_name,last_name,display_name,number"
    );
    for target in ["openvox", "portsip"] {
        let questions = asked(target, "Name,Nachname,Durchwahl");
        assert_eq!(
            questions[0].answers,
            [
                "--map 'Name=first_name'",
                "--map 'Name=display_name'",
                "--map 'Name=-'"
            ]
        );
    }
}

#[test]
fn two_names_in_one_cell_are_divided_at_the_comma() {
    let divided = "number=2001|first_name=Ann|last_name=Muster";
    for heading in [
        "Name Vorname",
        "Nom et prénom",
        "Name und Vorname",
        "Apellidos y nombre",
        "Cognome e nome",
        "Nazwisko i imię",
        "Naam en voornaam",
        "Soyadı adı",
        "Last and first name",
    ] {
        let headings = format!("number,{heading}");
        for (target, expected) in [
            ("portsip", divided),
            ("openvox", "number=2001|display_name=Ann Muster"),
        ] {
            let binding = bind(target, &headings, &plain()).unwrap();
            assert_eq!(
                read(&binding, target, &["2001", "Muster, Ann"]),
                expected,
                "{heading}"
            );
            let found = findings(&binding, target, &["2001", "Muster"]);
            assert!(
                found[0].is_error() && found[0].column == Some(1),
                "{found:?}"
            );
        }
    }
    let headings = ["number", "Name, Vorname"].map(str::to_owned);
    let target = manifest("portsip");
    let binding = Binding::bind(&headings, target, &manifests(), &plain()).unwrap();
    assert_eq!(read(&binding, "portsip", &["2001", "Muster, Ann"]), divided);
}

#[test]
fn a_placeholder_in_a_name_that_the_vendor_lacks_is_warned_of() {
    for (target, headings, cells, expected) in [
        (
            "openvox",
            "number,first_name,last_name",
            ["2001", "N/A", "-"],
            &["first_name.placeholder", "last_name.placeholder"][..],
        ),
        (
            "portsip",
            "number,display_name,email",
            ["2001", "NULL", ""],
            &["display_name.placeholder"],
        ),
        (
            "openvox",
            "number,first_name,last_name",
            ["2001", "Ann", ""],
            &[],
        ),
    ] {
        let binding = bind(target, headings, &plain()).unwrap();
        let found = findings(&binding, target, &cells);
        let rules: Vec<&str> = found.iter().map(|finding| &*finding.rule).collect();
        assert_eq!(rules, expected, "{target}");
        let mut severities = found.iter().map(|finding| finding.severity);
        assert!(severities.all(|severity| severity == Severity::Warning));
    }
}

#[test]
fn a_password_beside_an_account_or_another_password_is_asked() {
    assert_eq!(
        fields(
            "openvox",
            "number,alias,first_name,last_name,email,password"
        ),
        "number,-,first_name,last_name,email,sip_password"
    );
    assert_eq!(
        fields("openvox", "number,name,password,web password"),
        "number,display_name,sip_password,web_password"
    );
    assert_eq!(
        fields("ozeki", "number,user_id,auth name,password"),
        "number,user_id,sip_auth_name,sip_password"
    );
    // The meaning does not depend on the vendor that it goes to.
    for target in ["openvox", "portsip"] {
        let questions = asked(target, "Number,First Name,Last Name,User ID,Password");
        assert_eq!(questions.len(), 1, "{questions:?}");
        assert!(
            questions[0].what.contains("“Password” (E1)")
                && questions[0].what.contains("“User ID” (D1)")
        );
        assert_eq!(
            questions[0].answers,
            [
                "--map 'Password=sip_password'",
                "--map 'Password=web_password'",
                "--map 'Password=-'"
            ]
        );
        assert!(!questions[0].shown);
    }
    let questions = asked("portsip", "extension,name,phone password,password");
    assert!(
        questions[0]
            .answers
            .contains(&"--map 'password=web_password'".to_owned())
    );
    // The account may be under another name.
    let questions = asked(
        "portsip",
        "name,enabled,password,extension_number,email,display_name",
    );
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert!(questions[0].what.contains("“name” (A1)"));
}

#[test]
fn the_password_of_something_else_is_no_sip_password() {
    for headings in [
        "Ext,Name,SamAccountName,Password",
        "Durchwahl,Name,Anmeldename,Kennwort",
        "Ext,Name,UPN,Auth ID,Password",
        "Ext,Name,Account,Password",
        "Ext,Name,Windows password,Password",
        "Extension,First Name,Last Name,Web Username,Password",
        "Durchwahl,Name,E-Mail-Passwort,Passwort",
        "Ext,Username,Password",
        "Ext,Name,Identifiant Windows,Mot de passe",
        "Ext,Name,Compte Windows,Mot de passe",
        "Ext,Name,Compte AD,Mot de passe",
        "Ext,Name,Cuenta de dominio,Contraseña",
        "Ext,Name,Conta de domínio,Senha",
        "Ext,Name,Gebruiker Windows,Wachtwoord",
        "Ext,Name,Windows kullanıcı,Şifre",
        "Ext,Name,Anmeldename Windows,Kennwort",
        "Ext,Name,Domäne,Kennwort",
        "Ext,Name,AD,Password",
        "Ext,Name,VPN,Password",
        "Ext,Name,SSO,Password",
        "Ext,Name,LDAP,Password",
        "Ext,Name,Citrix,Password",
        "Ext,Name,SAP,Password",
        "Ext,Name,Office 365,Password",
        "Ext,Name,Outlook,Password",
        "Ext,Name,userAD,Password",
        "Ext,Name,Portal,Password",
        "Ext,Name,Mailbox,Password",
        "Ext,Name,WLAN-PW,Password",
        "Ext,Name,PC Pass,Password",
        "Ext,Name,Emailpass,Password",
        "Ext,Name,Clave Wifi,Password",
        "Ext,Name,Şifresi,Password",
        "Ext,Name,Voicemail,Password",
        "Ext,Name,SSID,Password",
        "Ext,Name,Security Question,Password",
        "Ext,Name,MFA,Password",
        "Ext,Name,URL,Password",
        "Ext,Name,Website,Password",
        "Ext,Name,Moodle,Password",
        // As older versions of PortSIP spell it, whose `password` is that of the user's page.
        "extension_number,display_name,email,password",
    ] {
        for target in ["openvox", "ozeki", "portsip"] {
            let questions = asked(target, headings);
            let password = headings.rsplit(',').next().unwrap();
            let answers = ["sip_password", "-"].map(|field| format!("--map '{password}={field}'"));
            let about = |question: &&Question| {
                answers
                    .iter()
                    .all(|answer| question.answers.contains(answer))
            };
            assert_eq!(
                questions.iter().filter(about).count(),
                1,
                "{target}: {headings}"
            );
        }
    }
    assert_eq!(
        fields("openvox", "Ext,Name,SamAccountName,Secret"),
        "number,display_name,-,sip_password"
    );
    // An account stays one where it is left out.
    let left_out = map("Identifiant Windows", Mapped::LeftOut);
    assert!(bind("openvox", "Ext,Identifiant Windows,Password", &left_out).is_err());
    // None of these is an account.
    for headings in [
        "Ext,Name,Contact Group,Password",
        "Ext,Name,Password,Voicemail",
        "Ext,Name,Shadow,Password",
        "Ext,Name,Standort Passau,Password",
        "Ext,Name,Compass,Password",
        "Ext,Name,Upwork,Password",
        "Ext,Name,Photo URL,Password",
        "Ext,Name,Provisioning URL,Password",
        "Ext,Name,Enclave,Password",
        "Extension Number,Name,Hobby,Password",
    ] {
        let binding = bind("openvox", headings, &plain()).unwrap();
        let password = binding.column_of(Field::SIP_PASSWORD);
        assert!(password.is_some(), "{headings}");
    }
}

#[test]
fn words_of_another_language_count_beside_their_own() {
    assert_eq!(
        fields("openvox", "Ext.,Name,AD,Secret"),
        "number,display_name,-,sip_password"
    );
    assert_eq!(
        fields("openvox", "Dahili,Ad,Soyad"),
        "number,first_name,last_name"
    );
    let questions = asked("openvox", "Ramal,Nome,Apelido");
    assert_eq!(
        questions[0].answers,
        ["--map 'Apelido=last_name'", "--map 'Apelido=-'"]
    );
}

#[test]
fn a_user_beside_a_name_is_asked() {
    let questions = asked("ozeki", "number,name,username,secret");
    assert!(
        questions[0]
            .answers
            .contains(&"--map 'username=user_id'".to_owned()),
        "{questions:?}"
    );
    // A column that the vendor has no field for needs no answer: it is left out, with a note.
    let binding = bind("openvox", "number,name,user", &plain()).unwrap();
    assert_eq!(fields_of(&binding.columns), "number,display_name,-");
    assert!(
        binding.notes[0].message.contains("“user” (C1)"),
        "{:?}",
        binding.notes
    );
    assert_eq!(
        fields("openvox", "number,username,secret"),
        "number,display_name,sip_password"
    );
}

#[test]
fn a_second_column_like_a_number_is_asked_unless_it_only_counts() {
    assert_eq!(
        fields("openvox", "ID,Name,Ext.,Secret"),
        "-,display_name,number,sip_password"
    );
    assert_eq!(fields("openvox", "Nr.,Name,Ext."), "-,display_name,number");
    assert_eq!(fields("openvox", "Nummer,Name"), "number,display_name");
    for headings in [
        "Interne Nummer,Durchwahl",
        "Nummer,Durchwahl",
        "Nummer,Telefon",
        "ID,Ext.",
    ] {
        let questions = asked("ozeki", headings);
        let (first, second) = headings.split_once(',').unwrap();
        assert_eq!(
            questions[0].answers,
            [
                format!("--map '{first}=number'"),
                format!("--map '{second}=number'")
            ],
            "{headings}"
        );
        assert!(questions[0].shown);
        // One answer is enough.
        let answer = map(second, Mapped::Field(Field::NUMBER));
        assert_eq!(
            fields_of(&bind("ozeki", headings, &answer).unwrap().columns),
            "-,number"
        );
    }
}

#[test]
fn all_questions_are_asked_at_once() {
    let questions = asked(
        "openvox",
        "Interne Nummer,Durchwahl,Mail,E-Mail,User ID,Password",
    );
    assert_eq!(questions.len(), 3, "{questions:?}");
    let error = bind("openvox", "Name,Vorname,Passwort", &plain())
        .unwrap_err()
        .to_string();
    assert!(error.contains("no column holds the number"), "{error}");
}

#[test]
fn a_column_is_left_out_where_somebody_says_so() {
    let binding = bind(
        "openvox",
        "number,Notes,Handy",
        &map("notes", Mapped::LeftOut),
    )
    .unwrap();
    assert_eq!(fields_of(&binding.columns), "number,-,mobile");
    assert_eq!(binding.notes, []);
    // A column that is left out is no obstacle.
    let binding = bind(
        "openvox",
        "ID,User ID,Password,Ext.",
        &map("Password", Mapped::LeftOut),
    )
    .unwrap();
    assert_eq!(fields_of(&binding.columns), "-,user_id,-,number");
}

#[test]
fn what_is_mapped_goes_before_all_names() {
    let number = Mapped::Field(Field::NUMBER);
    let bound = |headings, options: &BindOptions| {
        fields_of(&bind("openvox", headings, options).unwrap().columns)
    };
    assert_eq!(bound("Email,Platz", &map("platz", number)), "email,number");
    assert_eq!(
        bound(
            "number,e-mail",
            &map("e-mail", Mapped::Field(Field::DESCRIPTION))
        ),
        "number,description"
    );
    let missing = bind("openvox", "number", &map("Platz", number)).unwrap_err();
    assert!(matches!(missing, ColumnError::NotThere { .. }), "{missing}");
    let twice = BindOptions {
        map: vec![("a".into(), number), ("b".into(), number)],
        ..plain()
    };
    assert!(matches!(
        bind("openvox", "a,b", &twice),
        Err(ColumnError::Twice { .. })
    ));
}

#[test]
fn a_product_is_recognised_by_headings_that_only_it_has() {
    for (headings, expected, name) in [
        (
            "type,username,registerpassword,fullname,callerid,registername,maxregistrations,loginpassword",
            "extension_type,number,sip_password,display_name,caller_id,sip_auth_name,max_registrations,web_password",
            "Yeastar S-Series's, by “fullname”, “registerpassword”",
        ),
        (
            "extension,name,tech,secret,outboundcid,voicemail_enable,voicemail_vmpwd,voicemail_email,id",
            "number,display_name,extension_type,sip_password,caller_id,voicemail,voicemail_pin,email,-",
            "FreePBX Bulk Handler's",
        ),
        (
            "extension_uuid,domain_uuid,extension,password,accountcode,effective_caller_id_name,user_context",
            "-,-,number,sip_password,-,display_name,-",
            "FusionPBX's",
        ),
        (
            "name,enabled,password,extension_number,extension_password,email,display_name",
            "user_id,enabled,web_password,number,sip_password,email,display_name",
            "PortSIP PBX v16 to v22's",
        ),
    ] {
        for target in ["openvox", "ozeki", "portsip"] {
            let binding = bind(target, headings, &plain()).unwrap();
            assert_eq!(fields_of(&binding.columns), expected, "{target}");
            let told = binding.notes.iter().any(|note| note.message.contains(name));
            assert!(told, "{target}: {:?}", binding.notes);
        }
    }
    // A word of a product alone makes no product of a sheet.
    assert_eq!(
        fields("openvox", "number,email,enabled,fname"),
        "number,email,enabled,-"
    );
    assert_eq!(
        fields("openvox", "Ext.,cell,mac,Secret"),
        "number,mobile,phone_mac_address,sip_password"
    );
}

#[test]
fn one_common_heading_makes_a_sheet_no_product_s() {
    for (headings, expected) in [
        (
            "Extension,Name,Secret,Outbound CID,Voicemail",
            "number,display_name,sip_password,caller_id,voicemail",
        ),
        (
            "Ext.,Name,Secret,VM PIN,Mobile",
            "number,display_name,sip_password,voicemail_pin,mobile",
        ),
        (
            "Display Name,User Extension,Secret,Mobile,Email",
            "display_name,number,sip_password,mobile,email",
        ),
        (
            "Extension Number,Registration Name,Registration Password,Mobile,Notes",
            "number,sip_auth_name,sip_password,mobile,description",
        ),
        (
            "Ext,MAC,Web Pass,Mobile,Secret",
            "number,phone_mac_address,web_password,mobile,sip_password",
        ),
        (
            "First Name,Last Name,Exten,Mobile,Secret",
            "first_name,last_name,number,mobile,sip_password",
        ),
        (
            "Ext,Phone Password,Mobile,Email",
            "number,sip_password,mobile,email",
        ),
    ] {
        let binding = bind("portsip", headings, &plain()).unwrap();
        assert_eq!(fields_of(&binding.columns), expected);
        let told = |note: &Finding| note.rule == "columns.other_vendor";
        assert!(!binding.notes.iter().any(told), "{:?}", binding.notes);
    }
}

#[test]
fn a_pin_in_an_office_s_list_is_no_sign_of_a_product() {
    for headings in [
        "Name,Durchwahl,PIN",
        "Ext,Name,PIN,Email",
        "Name,Number,Email,PIN",
    ] {
        let understood = fields("openvox", headings);
        assert!(
            understood.contains("display_name"),
            "{headings}: {understood}"
        );
        assert!(understood.contains("number"), "{headings}: {understood}");
    }
}

#[test]
fn a_heading_of_another_version_makes_the_owner_uncertain() {
    for headings in [
        "Number,FirstName,AuthID,AuthPassword,PIN,VMNoPin,Disabled,VMEnabled",
        "Number,FirstName,EmailAddress,MobileNumber,AuthID,AuthPassword,VMEnabled",
    ] {
        let questions = asked("openvox", headings);
        assert_eq!(
            questions[0].answers,
            ["--headings 3cx", "--headings 3cx-v20", "--headings rowcall"],
            "{headings}"
        );
    }
}

#[test]
fn a_mark_beside_as_many_headings_of_another_product_is_asked_about() {
    let questions = asked(
        "ozeki",
        "alias,cell,email,password,Directory Number 1,first_name,mac",
    );
    assert!(
        questions[0]
            .answers
            .contains(&"--headings vodia".to_owned())
            && questions[0]
                .answers
                .contains(&"--headings cisco-bat".to_owned()),
        "{questions:?}"
    );
}

#[test]
fn the_opposite_of_a_switch_is_mapped() {
    for (heading, field, cell, right) in [
        ("Off duty", "!enabled", "yes", "off"),
        ("Off duty", "!enabled", "0", "on"),
        ("Disabled", "!enabled", "x", "off"),
        ("No mailbox", "! voicemail", "nein", "on"),
    ] {
        let options = map(heading, Mapped::parse(field).unwrap());
        let binding = bind("portsip", &format!("number,{heading}"), &options).unwrap();
        let values = read(&binding, "portsip", &["2001", cell]);
        let name = field.trim_start_matches(['!', ' ']);
        let expected = format!("number=2001|{name}={right}");
        assert_eq!(values, expected, "{heading}: {cell}");
        let saved = write_map(&[("s.csv", &binding.columns)]);
        let again = read_map(&saved).unwrap();
        assert!(again.contains(&options.map[0]), "{saved}");
    }
    // A heading that means the opposite is saved so, by whomever it is written.
    for (headings, cells, line) in [
        (
            "number,Disabled",
            &["2001", "yes"][..],
            "\"Disabled\" = \"!enabled\"\n",
        ),
        (
            "Number,FirstName,AuthID,VMNoPin",
            &["2001", "Ann", "a1", "0"],
            "\"VMNoPin\" = \"!voicemail_pin_required\"\n",
        ),
    ] {
        let binding = bind("portsip", headings, &plain()).unwrap();
        let saved = write_map(&[("s.csv", &binding.columns)]);
        assert!(saved.contains(line), "{saved}");
        let options = BindOptions {
            map: read_map(&saved).unwrap(),
            ..plain()
        };
        let again = bind("portsip", headings, &options).unwrap();
        let values = read(&binding, "portsip", cells);
        assert_eq!(read(&again, "portsip", cells), values, "{saved}");
    }
    let error = Mapped::parse("!number").unwrap_err();
    assert!(error.contains("no switch"), "{error}");
    assert_eq!(
        Mapped::parse("!dnd").unwrap_err(),
        field_named("dnd").unwrap_err()
    );
    assert_eq!(Mapped::Opposite(Field::ENABLED).to_string(), "!enabled");
}

#[test]
fn what_speaks_against_a_product_is_asked() {
    for (headings, product, against) in [
        (
            "extension,name,secret,outboundcid,voicemail",
            "freepbx",
            "“voicemail”",
        ),
        ("extension,tech,secret,mobile", "freepbx", "“mobile”"),
        ("extension,tech,secret,password", "freepbx", "“password”"),
        (
            "extension,secret,vmsecret,voicemail",
            "grandstream",
            "“voicemail”",
        ),
        ("firstname,exten,mobile", "wazo", "“mobile”"),
        (
            "Extension Number,User Role,Voicemail",
            "yeastar-p",
            "“Voicemail”",
        ),
    ] {
        let questions = asked("openvox", headings);
        let flags = [product, "rowcall", "openvox"].map(|id| format!("--headings {id}"));
        assert_eq!(questions[0].answers, flags, "{headings}");
        assert!(questions[0].what.contains(against), "{}", questions[0].what);
        for id in [product, "rowcall"] {
            let said = BindOptions {
                headings: Some(named(id)),
                ..plain()
            };
            if let Err(error) = bind("openvox", headings, &said) {
                assert!(!error.to_string().contains("--headings"), "{id}: {error}");
            }
        }
    }
    // Nothing speaks against it.
    assert_eq!(
        fields("openvox", "extension,name,tech,secret"),
        "number,display_name,extension_type,sip_password"
    );
}

#[test]
fn a_column_that_was_added_to_a_product_s_sheet_is_asked_about() {
    let freepbx = "extension,name,voicemail_enable,voicemail_vmpwd,outboundcid,Mobil,Kennwort,Kommentar,voicemail";
    let questions = asked("openvox", freepbx);
    let answers: Vec<&str> = questions
        .iter()
        .flat_map(|question| &question.answers)
        .map(String::as_str)
        .collect();
    assert_eq!(
        answers,
        [
            "--map 'Mobil=mobile'",
            "--map 'Mobil=-'",
            "--map 'Kennwort=sip_password'",
            "--map 'Kennwort=web_password'",
            "--map 'Kennwort=-'",
        ]
    );
}

#[test]
fn whose_the_headings_are_can_be_said() {
    let said = |id: &str| BindOptions {
        headings: Some(named(id)),
        ..plain()
    };
    let binding = bind("openvox", "username,registerpassword", &said("yeastar-s")).unwrap();
    assert_eq!(fields_of(&binding.columns), "number,sip_password");
    assert_eq!(binding.notes, []);
    // In a product's sheet rowcall's exact names count too, but never for the key.
    let binding = bind("openvox", "extension,number,web_password", &said("freepbx")).unwrap();
    assert_eq!(fields_of(&binding.columns), "number,-,web_password");
    let error = bind("openvox", "username,registerpassword", &plain())
        .unwrap_err()
        .to_string();
    assert!(error.contains("--headings yeastar-s"), "{error}");
}

#[test]
fn a_product_s_values_are_translated() {
    for (headings, cells, expected) in [
        (
            "extension,name,tech,secret,outboundcid,ringtimer,voicemail_enable,voicemail_options",
            [
                "1001",
                "Ann",
                "pjsip",
                "REGEN",
                "\"Ann Muster\" <15550100>",
                "0",
                "",
                "attach=yes|saycid=no",
            ],
            "number=1001|display_name=Ann|caller_id=15550100|sip_password=\0generate|voicemail=off|\
             voicemail_to_email=on|voicemail_say_caller_id=off|extension_type=SIP",
        ),
        (
            "Number,FirstName,AuthID,AuthPassword,Disabled,VMNoPin,VMEmailOptions,PIN",
            ["100", "Ann", "a1", "secret", "1", "0", "2", "4711"],
            "number=100|first_name=Ann|enabled=off|sip_auth_name=a1|sip_password=secret|voicemail_pin=4711|\
             voicemail_pin_required=on|voicemail_to_email=on",
        ),
    ] {
        let binding = bind("openvox", headings, &plain()).unwrap();
        assert_eq!(read(&binding, "openvox", &cells), expected);
    }
}

#[test]
fn what_the_sheet_lacks_is_filled_in() {
    let options = BindOptions {
        fill: vec![
            (Field::VOICEMAIL, "on".into()),
            (Field::SIP_PASSWORD, "<generate>".into()),
            (Field::ENABLED, "off".into()),
        ],
        ..plain()
    };
    let binding = bind("openvox", "number,secret,voicemail", &options).unwrap();
    let row = |cells: &[&str]| read(&binding, "openvox", cells);
    assert_eq!(
        row(&["1", "abc", "no"]),
        "number=1|enabled=off|sip_password=abc|voicemail=off"
    );
    assert_eq!(
        row(&["1", " ", ""]),
        format!("number=1|enabled=off|sip_password={TO_GENERATE}|voicemail=on")
    );
    assert_eq!(
        row(&["1", "<clear>", "x"]),
        "number=1|enabled=off|sip_password=|voicemail=on"
    );
}

#[test]
fn no_pin_is_made_up_where_the_sheet_says_that_the_mailbox_is_off() {
    let options = BindOptions {
        fill: vec![(Field::VOICEMAIL_PIN, "<generate>".into())],
        ..plain()
    };
    let pin = format!("voicemail_pin={TO_GENERATE}");
    for (headings, cells, is_made_up) in [
        ("number,voicemail", &["1", "no"][..], false),
        ("number,voicemail", &["1", "yes"], true),
        ("number,voicemail", &["1", ""], true),
        (
            "number,voicemail,voicemail_pin",
            &["1", "no", "<generate>"],
            false,
        ),
    ] {
        let binding = bind("openvox", headings, &options).unwrap();
        let held = read(&binding, "openvox", cells);
        assert_eq!(held.contains(&pin), is_made_up, "{cells:?}: {held}");
    }
    // What is typed stays.
    let binding = bind("openvox", "number,voicemail,voicemail_pin", &options).unwrap();
    let held = read(&binding, "openvox", &["1", "no", "0815"]);
    assert_eq!(held, "number=1|voicemail=off|voicemail_pin=0815");
}

#[test]
fn a_column_that_says_what_to_do_is_read() {
    let binding = bind("openvox", "number,name,Action", &plain()).unwrap();
    let found = |row: &[&str]| findings(&binding, "openvox", row);
    assert_eq!(found(&["1", "Ann", "add"]), []);
    assert_eq!(found(&["1", "Ann", "del"])[0].rule, "row.action");
    let left_out = bind(
        "openvox",
        "number,name,Action",
        &map("Action", Mapped::LeftOut),
    )
    .unwrap();
    assert!(left_out.reading().is_none());
}

#[test]
fn two_columns_with_one_heading_are_refused_only_where_they_are_read() {
    let questions = asked("openvox", "Mail,name,number,mail");
    assert_eq!(
        questions[0].answers,
        ["--map 'Mail=email'", "--map 'mail=email'"]
    );
    // A mapping means one of them by its cell.
    for target in ["openvox", "ozeki", "portsip"] {
        let questions = asked(target, "Ext,User,Password,User,Password");
        let mut answers = questions.iter().flat_map(|question| &question.answers);
        assert!(
            answers.any(|answer| answer == "--map 'Password (E1)=sip_password'"),
            "{questions:?}"
        );
        let of_question = |question: &&Question| question.what.contains("“Password” (C1)");
        assert!(questions.iter().any(|question| of_question(&question)));
    }
    let binding = bind("openvox", "number,Phone Type,Phone Type", &plain()).unwrap();
    let rules: Vec<_> = binding
        .notes
        .iter()
        .map(|note| (note.rule.as_ref(), note.severity))
        .collect();
    assert_eq!(
        rules,
        [
            ("columns.unknown", Severity::Warning),
            ("columns.repeated", Severity::Warning)
        ]
    );
}

#[test]
fn a_report_is_no_sheet_of_extensions() {
    for headings in [
        "row,place,number,name,action,result,elapsed_ms,finished_at,findings",
        "row,place,number,action,result,elapsed_ms,finished_at,findings",
    ] {
        let error = bind("openvox", headings, &plain()).unwrap_err();
        assert_eq!(error, ColumnError::Report);
    }
    bind("openvox", "number,place,result", &plain()).unwrap();
}

#[test]
fn columns_that_are_not_understood_share_one_note() {
    let binding = bind("openvox", "number,Shoe size,Hat,voicmail", &plain()).unwrap();
    let notes: Vec<&str> = binding.notes.iter().map(|note| &*note.message).collect();
    assert_eq!(
        notes,
        [
            "no field is called “Shoe size” (B1), “Hat” (C1): these columns are not read",
            "no field is called “voicmail” (D1): the column is not read",
        ]
    );
}

#[test]
fn columns_without_heading_and_rowcall_s_own_are_passed_over_in_silence() {
    let binding = bind(
        "openvox",
        "number,,rowcall_result, Rowcall_Message,",
        &plain(),
    )
    .unwrap();
    assert_eq!(binding.notes, []);
    assert_eq!(binding.fields().count(), 1);
    assert_eq!(
        bind("openvox", "number,rowcall", &plain())
            .unwrap()
            .notes
            .len(),
        1
    );
}

#[test]
fn what_looks_like_data_is_not_shown_as_headings() {
    for row in ["2001,Ann,canary", "2001;Ann;canary", "a@b.example,canary"] {
        let error = bind("openvox", row, &plain()).unwrap_err().to_string();
        assert!(
            !error.contains("canary") && error.contains("look like data"),
            "{error}"
        );
    }
}

#[test]
fn the_part_of_a_country_and_the_name_of_a_group_are_known_in_other_languages() {
    for (headings, meant) in [
        ("Ext,Estado", "number,enabled"),
        ("Ext,Ciudad,Estado", "number,-,-"),
        ("Ext,Endereço,Estado", "number,-,-"),
        ("Ext,Indirizzo,Stato", "number,-,-"),
        ("Ext,Ville,État", "number,-,enabled"),
        ("Durchwahl,Ort,Zustand", "number,-,enabled"),
    ] {
        assert_eq!(fields("portsip", headings), meant, "{headings}");
    }
    let facts = Manifest::parse(include_str!("../../vendors/portsip/vendor.toml")).unwrap();
    let groups = &facts.of_groups().unwrap();
    for word in ["Group", "Gruppe", "Groupe", "Grupo", "Groep", "Grup"] {
        let headings = [word, "Members"].map(str::to_owned);
        let binding = Binding::bind(&headings, groups, &[groups], &plain()).unwrap();
        assert_eq!(
            fields_of(&binding.columns),
            "group_name,group_members",
            "{word}"
        );
        let extensions = format!("Ext,{word}");
        assert_eq!(fields("openvox", &extensions), "number,groups", "{word}");
    }
}

#[test]
fn a_saved_mapping_is_read_checked_and_overridden() {
    let saved =
        read_map("# ours\n\"Platz\" = \"number\"\nStelle = \"description\"\nHobby = \"-\"\n")
            .unwrap();
    assert_eq!(saved.len(), 3);
    let options = BindOptions {
        map: overridden(
            saved,
            &[("stelle".to_owned(), Mapped::Field(Field::GROUPS))],
        ),
        ..plain()
    };
    let binding = bind("openvox", "Platz,Stelle,Hobby", &options).unwrap();
    assert_eq!(fields_of(&binding.columns), "number,groups,-");
    for (text, words) in [
        ("a = \"numbr\"", "“a”: no field is called “numbr”"),
        ("a = \"mobiel\"", "did you mean mobile?"),
        ("a = \"Vorname\"", "did you mean first_name?"),
        ("a = 7", "“a” must be a field's name in quotes"),
        ("a = \"number\"\na = \"email\"", "line 2"),
        ("\n\nnonsense", "line 3"),
    ] {
        let error = read_map(text).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let twice = BindOptions {
        map: vec![
            ("A".into(), Mapped::Field(Field::NUMBER)),
            ("a".into(), Mapped::LeftOut),
        ],
        ..plain()
    };
    assert!(matches!(
        bind("openvox", "a", &twice),
        Err(ColumnError::MappedTwice { .. })
    ));
}

#[test]
fn a_mapping_that_is_written_is_read_back_to_the_same_columns() {
    let headings = "Ext.,Full Name,Hobby,User ID,Password";
    let Err(ColumnError::Unanswered { columns, .. }) = bind("openvox", headings, &plain()) else {
        panic!("the password is asked about");
    };
    let text = write_map(&[("staff.csv", &columns)]);
    assert!(
        text.contains("\"Hobby\" = \"-\"\n")
            && text.contains("# \"Password\" = \"web_password\"\n"),
        "{text}"
    );
    let answered = text.replace("# \"Password\" = \"sip", "\"Password\" = \"sip");
    let options = BindOptions {
        map: read_map(&answered).unwrap(),
        ..plain()
    };
    let binding = bind("openvox", headings, &options).unwrap();
    assert_eq!(
        fields_of(&binding.columns),
        "number,display_name,-,user_id,sip_password"
    );
    // A translated column stays translated where it is mapped to the field that it has.
    let options = map("Disabled", Mapped::Field(Field::ENABLED));
    let binding = bind(
        "portsip",
        "Number,FirstName,AuthID,AuthPassword,Disabled",
        &options,
    )
    .unwrap();
    let values = read(&binding, "portsip", &["1", "Ann", "a", "b", "1"]);
    assert!(values.contains("enabled=off"), "{values}");
}

#[test]
fn blank_leaves_clear_empties_and_what_is_not_taken_stays() {
    let binding = bind(
        "openvox",
        "number,Vorname,hasvoicemail,record audio,sip password,email",
        &plain(),
    )
    .unwrap();
    let row = |cells: &[&str]| read(&binding, "openvox", cells);
    assert_eq!(
        row(&[" 0042 ", " ", "Ja", "Ja", " pass ", " <clear>"]),
        "number=0042|sip_password= pass |email=|voicemail=on|record_audio=on"
    );
    assert_eq!(
        row(&["+49", "", "vielleicht "]),
        "number=+49|voicemail=vielleicht "
    );
}

/// A sheet for a vendor, read from a file with this ending.
fn sheet_of(target: &str, ending: &str, text: &str) -> Sheet {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let options = ReadOptions {
        header: Header::Found(headings(manifest(target), &manifests(), &plain())),
        ..ReadOptions::default()
    };
    open(&Input::File(file.path().into()), &options)
        .unwrap()
        .remove(0)
}

/// Understands a sheet whose first line has its headings, of OpenVox UC where nothing else is said.
fn bind_sheet(sheet: &str) -> Result<Binding, ColumnError> {
    bind_sheet_for(sheet, AllowedActions::default())
}

/// Understands such a sheet for the actions that are allowed.
fn bind_sheet_for(sheet: &str, allowed: AllowedActions) -> Result<Binding, ColumnError> {
    let mut lines = sheet.lines();
    let cells = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
    let headings = cells(lines.next().unwrap());
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    let read = || Some(Sample::of_rows(rows.clone()));
    super::bind::bind(
        HeadingRow::new(&headings, &[], Some(1)),
        &read,
        manifest("openvox"),
        &manifests(),
        &BindOptions { allowed, ..plain() },
    )
}

/// Returns all answers that a sheet's questions offer; none where nothing is asked.
fn answers_of(sheet: &str) -> String {
    answers_in(bind_sheet(sheet))
}

fn answers_in(bound: Result<Binding, ColumnError>) -> String {
    match bound {
        Ok(_) => String::new(),
        Err(ColumnError::Unanswered { questions, .. }) => {
            let answers = questions
                .iter()
                .flat_map(|question| question.answers.clone());
            answers.collect::<Vec<_>>().join(" ")
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_bare_switch_behind_a_feature_is_asked() {
    for (sheet, asked) in [
        (
            "Ext;Name;Weiterleitung;Aktiv\n201;Ann;0171;nein",
            "Aktiv=enabled",
        ),
        (
            "Ext;Name;Rufumleitung sofort;Ziel;Aktiv\n201;Ann;nein;0171;nein",
            "Aktiv=enabled",
        ),
        (
            "Ext;Name;Voicemail;Active\n201;Ann;yes;no",
            "Active=enabled",
        ),
        (
            "Ext;Name;Door access;Active\n201;Ann;yes;no",
            "Active=enabled",
        ),
        ("Ext;Name;Fax;Aktiv\n201;Ann;901;nein", "Aktiv=enabled"),
        ("Ext;Name;VPN;Gesperrt\n201;Ann;ja;ja", "Gesperrt=enabled"),
        (
            "Ext;Name;Auslandsgespräche;gesperrt\n201;Ann;;ja",
            "gesperrt=enabled",
        ),
        ("Ext;Name;Aktiv\n201;Ann;nein", ""),
        ("Ext;Name;Abteilung;Aktiv\n201;Ann;Einkauf;nein", ""),
        ("Ext;Name;Fax;Nebenstelle aktiv\n201;Ann;901;nein", ""),
    ] {
        let answers = answers_of(sheet);
        assert_eq!(answers.is_empty(), asked.is_empty(), "{sheet}: {answers}");
        assert!(answers.contains(asked), "{sheet}: {answers}");
    }
}

#[test]
fn a_column_of_leavers_is_asked_also_where_nothing_is_deleted() {
    for (sheet, asked) in [
        ("Ext;Name;Left\n201;Ann;x\n202;Bo;", true),
        ("Ext;Name;Ausgetreten am\n201;Ann;31.01.2020\n202;Bo;", true),
        ("Ext;Name;Terminated\n201;Ann;yes\n202;Bo;no", true),
        ("Ext;Name;Terminated\n201;Ann;no\n202;Bo;", false),
    ] {
        assert_eq!(answers_of(sheet).contains("=-"), asked, "{sheet}");
    }
}

#[test]
fn a_password_beside_a_computer_or_a_machine_s_heading_is_asked() {
    for sheet in [
        "Extension;Name;PC;Passwort\n201;Ann;PC-17;tR7xkQ2mZp9w",
        "Extension;Name;Personalnr;Passwort;Rechner\n201;Ann;4711;tR7xkQ2mZp9w;PC17",
        "extension;firstName;password;language\n201;Ann;tR7xkQ2mZp9w;English",
    ] {
        assert!(answers_of(sheet).contains("=sip_password"), "{sheet}");
    }
    assert_eq!(
        answers_of("Ext;Name;Password;Mobile\n201;Ann;tR7xkQ2mZp9w;0171"),
        ""
    );
}

#[test]
fn the_real_name_wins_over_a_word_that_may_be_one() {
    let names = |sheet: &str| fields_of(&bind_sheet(sheet).unwrap().columns);
    for (sheet, expected) in [
        (
            "Ext;Name;Employee\n201;Ann Miller;10021",
            "number,display_name,-",
        ),
        (
            "Ext;Mitarbeiter;Name\n201;ja;Ann Miller",
            "number,-,display_name",
        ),
        (
            "Ext;Name;Display\n201;Ann Miller;Front desk",
            "number,display_name,-",
        ),
        (
            "Ext;First Name;Last Name;Display\n201;Ann;Miller;yes",
            "number,first_name,last_name,-",
        ),
        ("Ext;Mitarbeiter\n201;Ann Miller", "number,display_name"),
    ] {
        assert_eq!(names(sheet), expected, "{sheet}");
    }
    for sheet in [
        "Ext;Employee;Mobile\n201;10021;0171",
        "Ext;Display\n201;yes",
        "Ext;Nom;Name\n201;Martin;Anne",
        "Ext;Username;Email\n201;amiller;a@x.de",
    ] {
        assert!(answers_of(sheet).contains("=display_name"), "{sheet}");
    }
}

#[test]
fn a_telephone_in_a_product_s_sheet_may_be_the_number_where_the_number_counts_rows() {
    let sheet = "Site;Nachname;Tel.;Vorname;Number;SrvcAccessPwd\n\
                 A;Miller;2001;Ann;1;secret\nA;Lund;2002;Bo;2;secret";
    assert!(
        answers_of(sheet).contains("--map 'Tel.=number'"),
        "{}",
        answers_of(sheet)
    );
}

#[test]
fn turkish_words_match_with_their_marks_and_without() {
    for heading in ["Görünen ad", "gorunen ad", "GÖRÜNEN AD"] {
        assert_eq!(
            dictionary().common(heading),
            Some(Common::Field(Field::DISPLAY_NAME))
        );
    }
    assert_eq!(
        dictionary().common("Ön ad"),
        Some(Common::Field(Field::FIRST_NAME))
    );
}
