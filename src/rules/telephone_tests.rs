//! Telephone numbers in cells: words beside them, zeros that are lost, letters among the digits.

use super::cell_tests::{PORTSIP, found, of_cell};

#[test]
fn words_beside_a_telephone_number_are_said_at_any_vendor() {
    for (text, is_found) in [
        ("0171 5550001 (privat)", true),
        ("m: 0171 5550001 mobil", true),
        ("keine", true),
        ("s. Liste", true),
        ("Ja", true),
        ("x123", true),
        ("O171123456", true),
        ("0171l23456", true),
        ("0171-XXXXXXX", true),
        ("0171123456 0172123456", true),
        ("0171p12", false),
        ("0171 5550001", false),
        ("+49 (0)171/555-0001", false),
        ("0171 5550001 p 12", false),
    ] {
        let headings = ["number", "sip_password", "web_password", "mobile"];
        let row = ["2001", "tR7xkQ2mZp9w", "Kw83hTqzLm", text];
        let told = found(PORTSIP, &headings, &[&row], None).remove(0).0;
        assert_eq!(!told.is_empty(), is_found, "{text}: {told:?}");
        // A breach of the vendor's own rule is enough.
        assert!(!of_cell("mobile", text, None).contains(&"warning damage.phone".to_owned()));
    }
}

#[test]
fn a_telephone_number_without_its_zero_is_proposed_with_it_by_the_country() {
    let of = |heading: &str, text: &str, country| {
        let headings = ["number", "sip_password", "web_password", heading];
        let row = ["2001", "tR7xkQ2mZp9w", "Kw83hTqzLm", text];
        match heading {
            "home_phone" => found(PORTSIP, &headings, &[&row], country).remove(0).0,
            _ => of_cell(heading, text, country),
        }
    };
    for heading in [
        "mobile",
        "home_phone",
        "forward_busy_number",
        "forward_no_answer_number",
    ] {
        let is_mobile = heading == "mobile";
        for (text, country, is_found) in [
            ("1715550001", "DE", true),
            ("305550001", "DE", !is_mobile),
            ("612345678", "FR", true),
            ("145678901", "FR", !is_mobile),
            ("5550001", "DE", false),
            ("0305550001", "DE", false),
            ("4930555000", "DE", false),
            ("2005", "DE", false),
            ("2125550100", "US", false),
        ] {
            let told = of(heading, text, Some(country));
            let is_told = told.contains(&"warning damage.lost_zero".to_owned());
            assert_eq!(is_told, is_found, "{heading} {text} {country}: {told:?}");
            let without = of(heading, text, None);
            assert!(
                !without.contains(&"warning damage.lost_zero".to_owned()),
                "{without:?}"
            );
        }
    }
}

#[test]
fn a_caller_id_without_a_digit_or_with_a_letter_among_them_is_said() {
    let said = ["warning damage.phone"];
    for text in ["keins", "Ja", "O171123456", "0171l23456"] {
        assert_eq!(of_cell("caller_id", text, None), said, "{text}");
    }
    for text in ["anonymous", "a2001", "2001", "0171123456"] {
        assert_eq!(of_cell("caller_id", text, None), [""; 0], "{text}");
    }
}

#[test]
fn a_caller_id_with_signs_is_proposed_as_it_is_dialled_or_said_without_a_country() {
    for text in ["030/1234-101", "+49 (0)30 1234101", "(030) 1234 101"] {
        for country in [Some("DE"), None] {
            let told = of_cell("caller_id", text, country).concat();
            // Without a country the breach of the vendor's own rule is enough.
            let rule = if country.is_some() {
                "damage.phone"
            } else {
                "caller_id.only"
            };
            assert!(
                told.starts_with(&format!("warning {rule}")),
                "{text}: {told}"
            );
            assert_eq!(told.ends_with("→ 0301234101"), country.is_some());
            let headings = ["number", "sip_password", "web_password", "caller_id"];
            let row = ["2001", "tR7xkQ2mZp9w", "Kw83hTqzLm", text];
            let told = found(PORTSIP, &headings, &[&row], country).remove(0).0;
            assert!(told.concat().starts_with("warning damage.phone"));
        }
    }
    for text in ["0301234101", "2001"] {
        assert_eq!(of_cell("caller_id", text, Some("DE")), [""; 0], "{text}");
    }
}
