//! Real PBXes from Debian's packages, and the judges that the tests bring to them.

use crate::support::asterisk::{Asterisk, NEWEST, V16};
use crate::support::kamailio::Kamailio;
use crate::support::telephone::Telephone;

/// So many telephones with secrets.
fn telephones(count: usize) -> Vec<(String, String)> {
    let telephone = |row| (format!("0{}", 4000 + row), format!("tR7xk{row}Q2mZp9w"));
    (0..count).map(telephone).collect()
}

/// The judge of the other tests is right itself: with an endpoint that has no secret any telephone gets in, with a secret
/// only the one that knows it, and with neither nobody.
#[test]
fn a_telephone_tells_an_open_endpoint_from_a_closed_one() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = Asterisk::start(packages) else {
            return;
        };
        let telephone = Telephone::new(asterisk.sip());
        assert_eq!(telephone.register("2002", "right", 60), Some(401));
        let user = [
            ("auth_type", "userpass"),
            ("username", "2002"),
            ("password", "right"),
        ];
        asterisk.put("auth", "2002", &user);
        asterisk.put(
            "aor",
            "2002",
            &[("max_contacts", "1"), ("remove_existing", "yes")],
        );
        let endpoint = [
            ("auth", "2002"),
            ("aors", "2002"),
            ("disallow", "all"),
            ("allow", "alaw"),
        ];
        asterisk.put("endpoint", "2002", &endpoint);
        assert_eq!(telephone.register("2002", "right", 60), Some(200));
        assert_eq!(telephone.register("2002", "wrong", 60), Some(401));
        asterisk.put("endpoint", "2002", &[("auth", "")]);
        assert_eq!(telephone.register("2002", "wrong", 60), Some(200));
    }
}

/// A kill loses nothing that was on the disk, and the database shows what the interface does.
#[test]
fn a_real_asterisk_has_the_same_objects_after_a_kill_and_a_restart() {
    for packages in [NEWEST, V16] {
        let Some(mut asterisk) = Asterisk::start(packages) else {
            return;
        };
        for (number, secret) in telephones(5) {
            let user = [
                ("auth_type", "userpass"),
                ("username", &number),
                ("password", &secret),
            ];
            asterisk.put("auth", &number, &user);
        }
        let objects = asterisk.objects();
        assert_eq!(objects.len(), 5);
        for (name, object) in &objects {
            let (kind, number) = name.split_once('/').unwrap();
            let shown = asterisk.get(kind, number).unwrap();
            let kept = object.iter().filter(|(name, _)| !name.starts_with('@'));
            for (attribute, text) in kept {
                assert_eq!(shown.get(attribute), Some(text), "{name}");
            }
        }
        asterisk.kill();
        asterisk.revive();
        assert_eq!(asterisk.objects(), objects);
        asterisk.restart();
        assert_eq!(asterisk.objects(), objects);
    }
}

#[test]
fn a_real_kamailio_lets_in_its_subscribers_and_nobody_else() {
    let subscribers = telephones(20);
    let Some(kamailio) = Kamailio::start(&subscribers) else {
        return;
    };
    let telephone = Telephone::new(kamailio.sip());
    for (user, secret) in &subscribers {
        assert_eq!(telephone.register(user, secret, 60), Some(200), "{user}");
        assert_eq!(telephone.register(user, "wrong", 60), Some(401), "{user}");
    }
    assert_eq!(telephone.register("4000", "wrong", 60), Some(401));
}
