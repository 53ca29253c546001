//! Small sheets on which a careful reader could be wrong: each is read as its owner means it, asked about, or invalid.

use rowcall::columns::{BindOptions, Binding, headings};
use rowcall::manifest::{Manifest, Purpose};
use rowcall::model::TO_GENERATE;
use rowcall::rules::Checker;
use rowcall::sheet::{Header, Input, ReadOptions, open};
use std::fs;

/// Of each row the values, `field=value`.
type Values = &'static [&'static [&'static str]];

/// The numbers of invalid rows, each with the rule that it breaks.
type Wrong = &'static [(&'static str, &'static str)];

/// A case: its subject, the vendor that it goes to, the sheet, and the right answer.
type HeadingCase = (&'static str, &'static str, &'static str, Right);

/// The right answer.
enum Right {
    /// These values of these numbers, `field=value`, and no row is invalid.
    Read(Values),
    /// These values, and these numbers are invalid, by rules that begin so.
    Rows(Values, Wrong),
    /// It is asked, about this heading.
    Ask(&'static str),
}
use Right::{Ask, Read, Rows};

const CASES: &[HeadingCase] = &[
    (
        "a column that counts rows beside the extension",
        "openvox",
        "ID,Name,Ext.,Secret\n1,Ann Muster,2001,tR7xkQ2mZp9w\n2,Bo Muster,2002,tR7xkQ2mZp9x\n",
        Read(&[
            &[
                "number=2001",
                "display_name=Ann Muster",
                "sip_password=tR7xkQ2mZp9w",
            ],
            &["number=2002", "display_name=Bo Muster"],
        ]),
    ),
    (
        "two values in the cells of one column",
        "openvox",
        "Nummer,Name,Email; Password\n2001,Ann Muster,ann@example.com; tR7xkQ2mZp9w\n",
        Ask("Email; Password"),
    ),
    (
        "an index without a heading beside an old and a new number",
        "openvox",
        ",Unit,Old VOIP,New VOIP,Display Name\n0,Board,5040,1000,Ann Muster\n1,Board,5043,1001,Bo Muster\n",
        Ask("New VOIP"),
    ),
    (
        "a column without a heading that most rows fill",
        "openvox",
        "Ext,Name,\n2001,Ann,tR7xkQ2mZp9w\n2002,Bo,tR7xkQ2mZp9x\n2003,Cy,\n",
        Ask("(C1)"),
    ),
    (
        "the number in a column without a heading",
        "openvox",
        ",Name,Email\n2001,Ann,a@example.com\n2002,Bo,b@example.com\n",
        Ask("(A1)"),
    ),
    (
        "two lists side by side",
        "openvox",
        "Ext,Name,,Ext,Name\n2001,Ann,,2003,Cy\n2002,Bo,,2004,Di\n",
        Ask("Ext (D1)"),
    ),
    (
        "two lists side by side that begin with the name",
        "openvox",
        "Name,Durchwahl,Name,Durchwahl\nAnn,2001,Cy,2003\nBo,2002,Di,2004\n",
        Ask("Name (C1)"),
    ),
    (
        "two lists side by side under different words",
        "openvox",
        "Nst.,Teilnehmer,Nebenstelle,Name\n201,Anna,203,Cid\n202,Ben,204,Dora\n",
        Ask("Nebenstelle"),
    ),
    (
        "two lists side by side whose numbers may be telephones",
        "openvox",
        "Name,Tel,Name,Tel\nAnna,201,Cid,203\nBen,202,Dora,204\n",
        Ask("Name (C1)"),
    ),
    (
        "two lists side by side whose headings are counted",
        "openvox",
        "Ext 1,Name 1,Ext 2,Name 2\n201,Anna,203,Cid\n202,Ben,204,Dora\n",
        Ask("Ext 2"),
    ),
    (
        "a telephone with its area code beside the extension is no second list",
        "openvox",
        "Ext,Name,Phone,Name of the group,Secret\n201,Anna,0301234567,Sales,tR7xkQ2mZp9w\n202,Ben,0301234568,Sales,tR7xkQ2mZp9x\n",
        Read(&[&["number=201", "display_name=Anna"]]),
    ),
    (
        "telephone numbers in the place of names",
        "openvox",
        "Ext,Name\n201,0171123456\n202,0171123457\n",
        Ask("Name"),
    ),
    (
        "a mailbox that has the extension's number",
        "openvox",
        "Ext,Name,Mailbox,Secret\n201,Anna,201,tR7xkQ2mZp9w\n202,Ben,202,tR7xkQ2mZp9x\n",
        Read(&[&["number=201", "display_name=Anna"]]),
    ),
    (
        "a forward that has numbers in the place of yes and no",
        "openvox",
        "Ext,Name,Forward busy\n201,Anna,202\n202,Ben,203\n",
        Ask("Forward busy"),
    ),
    (
        "addresses of those whom a word that nobody knows names",
        "openvox",
        "Ext,Name,Class teacher,Email\n201,Anna Berg,Ida Fuchs,ida@example.com\n202,Ben Cohn,Ora Dorn,ora.dorn@example.com\n",
        Ask("Email"),
    ),
    (
        "addresses of the persons beside a word that nobody knows",
        "openvox",
        "Ext,Name,Class teacher,Email,Secret\n201,Anna Berg,Ida Fuchs,anna@example.com,tR7xkQ2mZp9w\n202,Ben Cohn,Ora Dorn,b.cohn@example.com,tR7xkQ2mZp9x\n",
        Read(&[&["number=201", "email=anna@example.com"]]),
    ),
    (
        "the telephone at work of a contact, as short as an extension",
        "openvox",
        "Name,Business Phone,Assistant's Phone,Email\nAnna,201,299,a@example.com\nBen,202,298,b@example.com\n",
        Ask("Business Phone"),
    ),
    (
        "a column called No that counts rows",
        "openvox",
        "No,Name,Ext,Secret\n1,Anna,201,tR7xkQ2mZp9w\n2,Ben,202,tR7xkQ2mZp9x\n",
        Read(&[&["number=201", "display_name=Anna"], &["number=202"]]),
    ),
    (
        "numbers of somebody else in the column that counts rows",
        "openvox",
        "ID,Name,Ext.,Secret\n2001,Cy,2101,tR7xkQ2mZp9w\n2002,Di,2102,tR7xkQ2mZp9x\n",
        Read(&[
            &["number=2101", "display_name=Cy"],
            &["number=2102", "display_name=Di"],
        ]),
    ),
    (
        "a counter called a number beside a short word for the extension",
        "openvox",
        "Nummer;Name;Nebenst.\n1;Ann Muster;2001\n2;Bo Muster;2002\n",
        Ask("Nebenst."),
    ),
    (
        "a counter called a number beside a column of numbers that nobody knows",
        "openvox",
        "Number;Name;Anschluss\n1;Ann Muster;2001\n2;Bo Muster;2002\n3;Cy Muster;\n",
        Ask("Anschluss"),
    ),
    (
        "a number beside a telephone",
        "openvox",
        "Number,Phone,Name\n17,2001,Ann Muster\n18,2002,Bo Muster\n",
        Ask("Number"),
    ),
    (
        "the identity of an extension, or the number of its record",
        "ozeki",
        "Extension ID,Phone,Name\n1,2001,Ann Muster\n2,2002,Bo Muster\n",
        Ask("Phone"),
    ),
    (
        "Ozeki's word for the number beside a telephone",
        "ozeki",
        "ID;Name;Telefon\n1;Ann Muster;2001\n2;Bo Muster;2002\n",
        Ask("ID"),
    ),
    (
        "the telephone within the house",
        "ozeki",
        "ID;Name;Tel. intern\n1;Ann Muster;2001\n2;Bo Muster;2002\n",
        Ask("Tel. intern"),
    ),
    (
        "an extension that counts beside a telephone",
        "openvox",
        "Ext.,Name,Business Phone\n1,Ann Muster,2001\n2,Bo Muster,2002\n",
        Ask("Business Phone"),
    ),
    (
        "the number within the house beside the one from outside",
        "openvox",
        "Rufnummer;Durchwahl;Name;Typ\n101;11;Ann Muster;SIP\n102;12;Bo Muster;SIP\n",
        Ask("Rufnummer"),
    ),
    (
        "the same number under two words",
        "openvox",
        "Rufnummer;Durchwahl;Name;Kennwort\n2001;2001;Ann Muster;tR7xkQ2mZp9w\n2002;2002;Bo Muster;tR7xkQ2mZp9x\n",
        Read(&[&["number=2001", "sip_password=tR7xkQ2mZp9w"]]),
    ),
    (
        "a line that counts the buttons of a phone",
        "openvox",
        "Extension,Line,Name,Secret\n2001,1,Ann,tR7xkQ2mZp9w\n2002,1,Bo,tR7xkQ2mZp9x\n",
        Read(&[&["number=2001"]]),
    ),
    (
        "a PIN beside a number is no second number",
        "openvox",
        "Number,Name,PIN code,Secret\n2001,Ann,4711,tR7xkQ2mZp9w\n2002,Bo,4712,tR7xkQ2mZp9x\n",
        Read(&[&["number=2001", "display_name=Ann"]]),
    ),
    (
        "the number of a record in a sheet with a product's heading",
        "ozeki",
        "Number,VMEnabled,Anschluss,Name\n17,on,2001,Ann Muster\n20,on,2002,Bo Muster\n23,on,2003,Cy Muster\n",
        Ask("Anschluss"),
    ),
    (
        "ring groups, whose numbers are no extensions",
        "openvox",
        "extension,name,strategy,members\n600,Sales,ringall,2001;2002\n601,Support,hunt,2003\n",
        Ask("members"),
    ),
    (
        "surname and given name without a comma",
        "openvox",
        "Poste;Nom et prénom;Secret\n2001;Muster Ann;tR7xkQ2mZp9w\n2002;Muster Bo;tR7xkQ2mZp9x\n",
        Ask("Nom et prénom"),
    ),
    (
        "surname and given name, some with a comma",
        "openvox",
        "Poste;Nom et prénom;Secret\n2001;\"Muster, Ann\";tR7xkQ2mZp9w\n2002;Muster Bo;tR7xkQ2mZp9x\n",
        Rows(
            &[&["number=2001", "display_name=Ann Muster"]],
            &[("2002", "row.name_in_two")],
        ),
    ),
    (
        "a number beside a room, a day and a counter",
        "openvox",
        "Number,Name,Room,Since,Pos,Secret\n2001,Ann,101,2024-01-05,1,tR7xkQ2mZp9w\n2002,Bo,102,2024-02-06,2,tR7xkQ2mZp9x\n",
        Read(&[&["number=2001", "display_name=Ann"]]),
    ),
    (
        "an extension beside a telephone",
        "openvox",
        "Ext.,Name,Phone,Secret\n2001,Ann,030 1234-2001,tR7xkQ2mZp9w\n2002,Bo,030 1234-2002,tR7xkQ2mZp9x\n",
        Read(&[&["number=2001", "display_name=Ann"]]),
    ),
    (
        "the whole name beside the given name",
        "openvox",
        "Ext,First Name,Name\n2001,Ann,Ann Muster\n2002,Bo,\"Muster, Bo\"\n",
        Rows(
            &[
                &["number=2001", "display_name=Ann Muster"],
                &["number=2002", "display_name=Muster, Bo"],
            ],
            &[
                ("2001", "sip_password.required"),
                ("2002", "sip_password.required"),
            ],
        ),
    ),
    (
        "the whole name beside the given name in Polish",
        "portsip",
        "Ext,Imię,Name,Secret,Web Password\n2001,Ann,Ann Muster,tR7xkQ2mZp9w,Kw83hTqzLm\n",
        Read(&[&["number=2001", "first_name=Ann", "last_name=Muster"]]),
    ),
    (
        "the surname or the whole name beside the given name",
        "openvox",
        "Ext,First Name,Name\n2001,Ann,Ann Muster\n2002,Bo,Muster\n",
        Ask("Name"),
    ),
    (
        "another name of two words beside the given name",
        "openvox",
        "Ext,First Name,Name\n2001,Bob,Robert Smith\n2002,Bo,Berta Lund\n",
        Ask("Name"),
    ),
    (
        "the whole name beside the surname",
        "openvox",
        "Ext,Surname,Name,Secret\n2001,Muster,Ann Muster,tR7xkQ2mZp9w\n",
        Read(&[&["number=2001", "display_name=Ann Muster"]]),
    ),
    (
        "the given name beside the surname",
        "openvox",
        "Ext,Surname,Name,Secret\n2001,Muster,Ann,tR7xkQ2mZp9w\n",
        Ask("Name"),
    ),
    (
        "headings as people write them",
        "openvox",
        "Ext.,Name,E-Mail-Adresse,Tel. mobil,Secret\n2001,Ann,ann@example.com,0170,tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=2001",
            "display_name=Ann",
            "email=ann@example.com",
            "mobile=0170",
            "sip_password=tR7xkQ2mZp9w",
        ]]),
    ),
    (
        "English ones",
        "openvox",
        "Ext #,Full Name,E-mail,Cell #,SIP Secret\n2001,Ann,ann@example.com,0170,tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=2001",
            "display_name=Ann",
            "email=ann@example.com",
            "mobile=0170",
        ]]),
    ),
    (
        "German ones",
        "openvox",
        "Nebenstelle Nr.;Vor- und Nachname;E-Mail;Handy-Nr.;Passwort (SIP)\n2001;Ann;ann@example.com;0170;tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=2001",
            "display_name=Ann",
            "mobile=0170",
            "sip_password=tR7xkQ2mZp9w",
        ]]),
    ),
    (
        "marks beside headings",
        "portsip",
        "Extension*,First Name [Required],Last Name (Required),Email Address:,Secret*\n2001,Ann,Muster,ann@example.com,tR7xkQ2mZp9w\n",
        Rows(
            &[&[
                "number=2001",
                "first_name=Ann",
                "last_name=Muster",
                "email=ann@example.com",
                "sip_password=tR7xkQ2mZp9w",
            ]],
            &[("2001", "web_password.required")],
        ),
    ),
    (
        "a name beside a given name",
        "portsip",
        "Vorname;Name;Durchwahl;E-Mail;Kennwort;Portalpasswort\nAnn;Muster;2001;ann@example.com;tR7xkQ2mZp9w;Kw83hTqzLm\n",
        Read(&[&["number=2001", "first_name=Ann", "last_name=Muster"]]),
    ),
    (
        "two names for a vendor that has one",
        "openvox",
        "number,first_name,last_name,sip_password\n2001,Ann,Muster,tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=2001",
            "display_name=Ann Muster",
            "first_name=",
            "last_name=",
        ]]),
    ),
    (
        "one name for a vendor that has two",
        "portsip",
        "number,name,sip_password,web_password\n2001,Ann Muster,tR7xkQ2mZp9w,Kw83hTqzLm\n",
        Ask("name"),
    ),
    (
        "one name for a vendor that has two, beside an address that shows its order",
        "portsip",
        "number,name,email,sip_password,web_password\n2001,Ann Muster,ann.muster@example.com,tR7xkQ2mZp9w,Kw83hTqzLm\n",
        Read(&[&[
            "number=2001",
            "first_name=Ann",
            "last_name=Muster",
            "display_name=",
        ]]),
    ),
    (
        "a name beside a given name, for a vendor that has one",
        "openvox",
        "Vorname;Name;Durchwahl;E-Mail;Kennwort\nAnn;Muster;2001;ann@example.com;tR7xkQ2mZp9w\n",
        Read(&[&["number=2001", "display_name=Ann Muster"]]),
    ),
    (
        "PortSIP v22's own template",
        "portsip",
        "name,enabled,password,extension_number,extension_password,email,display_name\namuster,TRUE,WebPw72hhTq2z,0101,SipPw72hhTq2z,ann@example.com,Ann Muster\n",
        Read(&[&[
            "number=0101",
            "sip_password=SipPw72hhTq2z",
            "web_password=WebPw72hhTq2z",
            "email=ann@example.com",
        ]]),
    ),
    (
        "a password that may be for the web",
        "portsip",
        "name,enabled,password,extension_number,email,display_name\namuster,TRUE,WebPw72hhTq2z,0101,ann@example.com,Ann Muster\n",
        Ask("password"),
    ),
    (
        "a password beside an account",
        "openvox",
        "Number,First Name,Last Name,User ID,Password\n2001,Ann,Muster,ann,tR7xkQ2mZp9w\n",
        Ask("Password"),
    ),
    (
        "a row that asks to be deleted",
        "openvox",
        "action,extension,name,devinfo_secret,password\nadd,12345,Ann Muster,tR7xkQ2mZp9w,UserPw72hhT\ndel,12346,Leaver,tR7xkQ2mZp9x,UserPw72hhS\n",
        Rows(
            &[
                &[
                    "number=12345",
                    "sip_password=tR7xkQ2mZp9w",
                    "display_name=Ann Muster",
                ],
                &["number=12346"],
            ],
            &[("12346", "row.action")],
        ),
    ),
    (
        "FreePBX's word for: make one up",
        "openvox",
        "extension,name,tech,secret\n1001,Ann Muster,pjsip,REGEN\n1002,Bo Muster,pjsip,REGEN\n",
        Read(&[&[
            "number=1001",
            "sip_password=<generate>",
            "display_name=Ann Muster",
        ]]),
    ),
    (
        "FreePBX's defaults and caller IDs",
        "openvox",
        "extension,name,description,tech,secret,outboundcid,ringtimer,voicemail_enable,voicemail_vmpwd,voicemail_email\n1001,Ann Muster,Ann Muster,pjsip,REGEN,\"\"\"Ann Muster\"\" <15550100>\",0,yes,1234,ann@example.com\n1002,Bo Muster,Bo Muster,pjsip,REGEN,,0,no,,\n",
        Read(&[
            &[
                "number=1001",
                "caller_id=15550100",
                "voicemail=on",
                "voicemail_pin=1234",
                "email=ann@example.com",
                "ring_timeout=",
            ],
            &["number=1002", "voicemail=off"],
        ]),
    ),
    (
        "FreePBX's id, which says the number again",
        "openvox",
        "extension,id,name,secret\n2001,2001,Ann,tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=2001",
            "display_name=Ann",
            "sip_password=tR7xkQ2mZp9w",
        ]]),
    ),
    (
        "FusionPBX's export",
        "openvox",
        "extension_uuid,domain_uuid,extension,password,accountcode,effective_caller_id_name,user_context,toll_allow,hold_music\n5b3d,6b3d,1001,tR7xkQ2mZp9w,example.com,Ann Muster,example.com,,\n",
        Read(&[&[
            "number=1001",
            "display_name=Ann Muster",
            "sip_password=tR7xkQ2mZp9w",
        ]]),
    ),
    (
        "Webex's export, which has no SIP password",
        "openvox",
        "First Name,Last Name,Display Name,User ID/Email (Required),Directory Number,Direct Line,Calendar Service,Meeting 25 Party,Spark Call,Spark Message\nFirst0,Last0,First0 Last0,firstlast0@example.com,5001,,true,true,true,true\n",
        Rows(
            &[&[
                "number=5001",
                "display_name=First0 Last0",
                "email=firstlast0@example.com",
            ]],
            &[("5001", "sip_password.required")],
        ),
    ),
    (
        "Yeastar's CSV, whose user name is the number",
        "openvox",
        "type,username,registerpassword,fullname,callerid,registername,maxregistrations,loginpassword,email,mobile,hasvoicemail,vmsecret,enablevmtoemail\nSIP,0101,tR7xkQ2mZp9wQ8vbn,Ann Muster,0101,0101,2,Kw83hTqzLm9,ann@example.com,0170000000,on,047110,off\n",
        Read(&[&[
            "number=0101",
            "display_name=Ann Muster",
            "sip_password=tR7xkQ2mZp9wQ8vbn",
            "voicemail_pin=047110",
        ]]),
    ),
    (
        "Vodia's CSV",
        "portsip",
        "#alias;first_name;last_name;position;cell;email;mac;mb_pin;web_pass;password\n40;Ann;Muster;Clerk;+491700000000;ann@example.com;000413aabbcc;4711;WebPw72hhTq2z;tR7xkQ2mZp9w\n",
        Read(&[&[
            "number=40",
            "first_name=Ann",
            "last_name=Muster",
            "sip_password=tR7xkQ2mZp9w",
            "web_password=WebPw72hhTq2z",
            "voicemail_pin=4711",
        ]]),
    ),
    (
        "a small sheet with a word of Vodia's",
        "openvox",
        "number,alias,first_name,last_name,email,password\n2001,Annie,Ann,Muster,ann@example.com,tR7xkQ2mZp9w\n",
        Read(&[&["number=2001", "sip_password=tR7xkQ2mZp9w"]]),
    ),
    (
        "two columns that are not read with one heading",
        "openvox",
        "number,name,secret,Phone Type,Phone Type\n2001,Ann,tR7xkQ2mZp9w,Work,Home\n",
        Read(&[&["number=2001", "display_name=Ann"]]),
    ),
    (
        "Ozeki's own names",
        "ozeki",
        "ID,UserID,AuthorizationName,Username,Password,Enabled\n2001,user1,2001,2001,tR7xkQ2mZp9w,true\n",
        Read(&[&[
            "number=2001",
            "user_id=user1",
            "sip_auth_name=2001",
            "sip_username=2001",
            "sip_password=tR7xkQ2mZp9w",
            "enabled=on",
        ]]),
    ),
    (
        "what another program shows in the place of passwords",
        "openvox",
        "number,sip_password\n2000,xK7mRtQ2Zp9w\n2001,********\n2002,••••••••\n2003,xxxxxxxx\n2004,<hidden>\n",
        Rows(
            &[&["number=2000", "sip_password=xK7mRtQ2Zp9w"]],
            &[
                ("2001", "sip_password.mask"),
                ("2002", "sip_password.mask"),
                ("2003", "sip_password.mask"),
                ("2004", "sip_password.mask"),
            ],
        ),
    ),
    (
        "passwords under a word that nobody knows beside a number that nobody knows",
        "openvox",
        "Nebenstellex;Nmae;Heslo\n2001;Ann;tR7xkQ2mZp9w\n2002;Bo;tR7xkQ2mZp9x\n",
        Ask("Nebenstellex"),
    ),
];

#[test]
fn small_sheets_are_read_as_their_owners_mean_them() {
    let folder = tempfile::tempdir().unwrap();
    let vendors = ["openvox", "ozeki", "portsip"].map(|vendor| {
        let text = fs::read_to_string(format!("src/vendors/{vendor}/vendor.toml")).unwrap();
        Manifest::parse(&text).unwrap()
    });
    let all: Vec<&Manifest> = vendors.iter().collect();
    for (what, target, text, right) in CASES {
        let target = all
            .iter()
            .find(|vendor| vendor.vendor.id == *target)
            .unwrap();
        let path = folder.path().join("sheet.csv");
        fs::write(&path, text).unwrap();
        let bind = BindOptions::default();
        let options = ReadOptions {
            header: Header::Found(headings(target, &all, &bind)),
            ..ReadOptions::default()
        };
        let sheet = open(&Input::File(path), &options).unwrap().remove(0);
        let binding = match (Binding::bind_sheet(&sheet, target, &all, &bind), right) {
            (Ok(_), Ask(heading)) => panic!("{what}: nothing is asked about {heading}"),
            (Err(error), Ask(heading)) => {
                let error = error.to_string();
                assert!(!error.contains("tR7xkQ2mZp9"), "{what}: {error}");
                assert!(
                    error.contains(&format!("--map '{heading}=")),
                    "{what}: {error}"
                );
                continue;
            }
            (binding, _) => binding.unwrap_or_else(|error| panic!("{what}: {error}")),
        };
        let checker = Checker::new(target, &binding);
        let (mut records, mut invalid) = (vec![], vec![]);
        for batch in sheet.batches() {
            let read = batch.unwrap().rows(|row| {
                let mut findings = vec![];
                checker.row(&row, Purpose::Create, None, &mut findings, &mut vec![]);
                let record = binding.extension(&row.cells, target);
                let error = findings.iter().find(|finding| finding.is_error());
                invalid.extend(
                    error.map(|finding| (record.number().to_owned(), finding.rule.to_string())),
                );
                records.push(record);
            });
            read.unwrap();
        }
        let (values, wrong): (_, Wrong) = match right {
            Read(values) => (values, &[]),
            Rows(values, wrong) => (values, wrong),
            Ask(_) => continue,
        };
        for (record, values) in records.iter().zip(*values) {
            for value in *values {
                let (field, text) = value.split_once('=').unwrap();
                let held = record.iter().find(|(known, _)| known.name() == field);
                let held = match held.map_or("", |(_, text)| text.reveal()) {
                    TO_GENERATE => "<generate>",
                    held => held,
                };
                assert_eq!(held, text, "{what}: {field}");
            }
        }
        let invalid: Vec<(&str, &str)> = invalid
            .iter()
            .map(|(number, rule)| (number.as_str(), rule.as_str()))
            .collect();
        assert_eq!(invalid, wrong, "{what}");
    }
}
