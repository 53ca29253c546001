//! Several fields of one row together.

use super::compiled::{CompiledField, ValueClass, View};
use super::passwords::weakness;
use super::vacant::is_vacant;
use crate::manifest::{
    Access, CrossRule, Manifest, is_dialled, is_emergency, is_name_alone, ungrouped,
};
use crate::model::{
    Care, Field, Finding, Forward, ForwardDestination, OfficeHours, Severity, TO_GENERATE,
};
use crate::sheet::{CLEAR, is_generate, is_placeholder, unescaped};
use std::borrow::Cow;

/// A rule that is switched on for the vendor.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) rule: CrossRule,
    pub(super) severity: Severity,
    pub(super) source: String,
}

/// One forward of the vendor, by the indices of its field rows.
#[derive(Debug)]
struct ForwardRows {
    switch: Option<u8>,
    to: u8,
    /// The extension that it goes to; where the vendor has no such field, the number serves.
    extension: Option<u8>,
    number: Option<u8>,
}

/// The rules about several fields, compiled.
#[derive(Debug)]
pub(super) struct FieldsTogether {
    facts: Vec<Fact>,
    forwards: Vec<ForwardRows>,
    office_hours: Vec<(u8, u8)>,
    pub(super) number: Option<u8>,
    pub(super) email: Option<u8>,
    sip_password: Option<u8>,
    /// All passwords.
    passwords: Vec<u8>,
    /// Given name and surname, where the vendor has no field for the whole name.
    name: Option<[u8; 2]>,
    display_name: Option<u8>,
    caller_id: Option<u8>,
    mobile: Option<u8>,
    voicemail: Option<u8>,
    voicemail_to_email: Option<u8>,
    pub(super) voicemail_pin: Option<u8>,
    voicemail_pin_required: Option<u8>,
    mobility: Option<u8>,
    ring_together: Option<u8>,
    monitor_allowed: Option<u8>,
    monitor_mode: Option<u8>,
    /// Fields that are kept with another one, each with that.
    kept: Vec<(u8, u8)>,
}

/// The input of the rules, and the list that their findings are added to.
struct RowCheck<'l, 'm, 'c> {
    fields: &'l [CompiledField<'m>],
    view: &'l View,
    text: &'l dyn Fn(&CompiledField<'m>) -> &'c str,
    touched: &'l dyn Fn(&CompiledField<'m>) -> bool,
    findings: &'l mut Vec<Finding>,
}

impl FieldsTogether {
    pub(super) fn new(manifest: &Manifest, fields: &[CompiledField<'_>]) -> FieldsTogether {
        let at = |field: Field| {
            let mut known = (0u8..).zip(fields);
            known
                .find(|(_, compiled)| {
                    compiled.row.name == field && compiled.row.access != Access::ReadOnly
                })
                .map(|(index, _)| index)
        };
        let facts = manifest.cross.iter().map(|row| Fact {
            rule: row.rule,
            severity: row.severity,
            source: manifest.source_words(&row.source),
        });
        let forwards = Forward::all().filter_map(|forward| {
            Some(ForwardRows {
                switch: forward.switch.and_then(at),
                to: at(forward.to)?,
                extension: forward
                    .extension
                    .and_then(at)
                    .or_else(|| at(forward.number)),
                number: at(forward.number),
            })
        });
        let office_hours =
            OfficeHours::all().filter_map(|hours| Some((at(hours.from)?, at(hours.to)?)));
        FieldsTogether {
            facts: facts.collect(),
            forwards: forwards.collect(),
            office_hours: office_hours.collect(),
            number: at(manifest.key()),
            email: at(Field::EMAIL),
            sip_password: at(Field::SIP_PASSWORD),
            passwords: manifest
                .field
                .iter()
                .filter(|row| row.name.def().care == Care::Password)
                .filter_map(|row| at(row.name))
                .collect(),
            name: match at(Field::DISPLAY_NAME) {
                None => at(Field::FIRST_NAME)
                    .zip(at(Field::LAST_NAME))
                    .map(<[u8; 2]>::from),
                Some(_) => None,
            },
            display_name: at(Field::DISPLAY_NAME),
            caller_id: at(Field::CALLER_ID),
            mobile: at(Field::MOBILE),
            voicemail: at(Field::VOICEMAIL),
            voicemail_to_email: at(Field::VOICEMAIL_TO_EMAIL),
            voicemail_pin: at(Field::VOICEMAIL_PIN),
            voicemail_pin_required: at(Field::VOICEMAIL_PIN_REQUIRED),
            mobility: at(Field::MOBILITY),
            ring_together: at(Field::MOBILITY_RING_TOGETHER),
            monitor_allowed: at(Field::MONITOR_ALLOWED),
            monitor_mode: at(Field::MONITOR_MODE),
            kept: manifest
                .field
                .iter()
                .filter_map(|row| Some((at(row.name)?, at(row.kept_with?)?)))
                .collect(),
        }
    }

    /// The rule, where it is switched on.
    pub(super) fn fact(&self, rule: CrossRule) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.rule == rule)
    }

    /// Appends every finding about the fields of a row or record together, as all of it is given.
    pub(super) fn check_given<'m, 'c>(
        &self,
        fields: &[CompiledField<'m>],
        view: &View,
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        findings: &mut Vec<Finding>,
    ) {
        self.check(fields, view, text, &|_| true, findings);
        self.vacant_name(fields, text, findings);
        self.weak_passwords(fields, view, text, findings);
    }

    /// Appends every breach of which a touched field is part.
    pub(super) fn check<'m, 'c>(
        &self,
        fields: &[CompiledField<'m>],
        view: &View,
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        touched: &dyn Fn(&CompiledField<'m>) -> bool,
        findings: &mut Vec<Finding>,
    ) {
        if self.facts.is_empty() {
            return;
        }
        let mut check = RowCheck {
            fields,
            view,
            text,
            touched,
            findings,
        };
        for forward in &self.forwards {
            self.forward(forward, &mut check);
        }
        self.mobility(&mut check);
        self.voicemail(&mut check);
        self.monitor(&mut check);
        for (from, to) in &self.office_hours {
            self.office_hours(*from, *to, &mut check);
        }
        self.secret_is_number(&mut check);
        self.mailbox_number(&mut check);
        self.name_is_number(&mut check);
        for (field, with) in &self.kept {
            self.kept_with(*field, *with, &mut check);
        }
    }

    /// Appends a finding where a name in two parts names nobody; each part alone may be one of a name.
    fn vacant_name<'m, 'c>(
        &self,
        fields: &[CompiledField<'m>],
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        findings: &mut Vec<Finding>,
    ) {
        let compiled = |index: u8| fields.get(usize::from(index));
        let Some([Some(first), Some(last)]) = self.name.map(|name| name.map(compiled)) else {
            return;
        };
        let is_none = |text: &str| text == CLEAR || is_placeholder(text);
        let part = |compiled| {
            Some(text(compiled))
                .filter(|text| !is_none(text))
                .unwrap_or_default()
        };
        let (first_part, last_part) = (part(first), part(last));
        let (compiled, name) = match (first_part.is_empty(), last_part.is_empty()) {
            (true, _) => (last, Cow::Borrowed(last_part)),
            (_, true) => (first, Cow::Borrowed(first_part)),
            _ => (first, Cow::Owned(format!("{first_part} {last_part}"))),
        };
        if is_vacant(&name) {
            findings.push(compiled.vacant(&name));
        }
    }

    /// The field rows of all passwords.
    pub(super) fn passwords(&self) -> impl Iterator<Item = u8> + '_ {
        self.passwords.iter().copied()
    }

    /// Appends a finding for each given password that is easy to guess, where nothing else was found about it.
    fn weak_passwords<'m, 'c>(
        &self,
        fields: &[CompiledField<'m>],
        view: &View,
        text: &dyn Fn(&CompiledField<'m>) -> &'c str,
        findings: &mut Vec<Finding>,
    ) {
        let compiled = |index: u8| fields.get(usize::from(index));
        let number = self.number.and_then(compiled).map(text);
        for index in &self.passwords {
            let is_given = view[usize::from(*index)] == ValueClass::Text;
            let Some(compiled) = compiled(*index).filter(|_| is_given) else {
                continue;
            };
            let password = text(compiled);
            if password.is_empty() || password == TO_GENERATE || is_generate(password) {
                continue;
            }
            let why = match number == Some(password) {
                true => {
                    let is_reported = self.sip_password == Some(*index)
                        && self.fact(CrossRule::SecretIsNumber).is_some();
                    (!is_reported).then_some("is the number")
                }
                false => weakness(&unescaped(password)),
            };
            findings.extend(why.map(|why| compiled.weak(why)));
        }
    }

    /// The extensions that the row's active forwards go to: each with the field row that names it.
    pub(super) fn targets(&self, class: impl Fn(u8) -> ValueClass) -> impl Iterator<Item = u8> {
        self.forwards
            .iter()
            .filter(move |forward| {
                let active = forward
                    .switch
                    .is_none_or(|switch| class(switch) == ValueClass::On);
                active
                    && class(forward.to) == ValueClass::Destination(ForwardDestination::Extension)
            })
            .filter_map(|forward| forward.extension)
    }

    fn forward(&self, forward: &ForwardRows, check: &mut RowCheck<'_, '_, '_>) {
        let ForwardRows {
            switch,
            to,
            extension,
            number,
        } = *forward;
        match switch.map_or(ValueClass::On, |switch| check.at(switch)) {
            ValueClass::On => (),
            ValueClass::Off | ValueClass::Blank => {
                self.off_with_target(forward, check);
                return;
            }
            _ => return,
        }
        let mobile = check.maybe(self.mobile);
        match check.at(to) {
            ValueClass::Blank => self.needs_target(switch, to, number, check),
            ValueClass::Destination(ForwardDestination::Extension) => {
                if let Some(extension) = extension {
                    self.to_extension(to, extension, check);
                }
            }
            ValueClass::Destination(ForwardDestination::Number) => {
                let Some(number) = number else { return };
                self.needs_number(number, to, check);
                self.emergency(number, to, check);
            }
            ValueClass::Destination(ForwardDestination::Mobile) => {
                let own = number.map_or(ValueClass::Blank, |number| check.at(number));
                if (mobile, own) == (ValueClass::Blank, ValueClass::Blank) {
                    self.needs_mobile(to, check);
                }
                if let Some(number) = number {
                    self.emergency(number, to, check);
                }
            }
            ValueClass::Destination(ForwardDestination::Voicemail) => {
                self.needs_voicemail(to, check)
            }
            _ => (),
        }
    }

    fn needs_target(
        &self,
        switch: Option<u8>,
        to: u8,
        number: Option<u8>,
        check: &mut RowCheck<'_, '_, '_>,
    ) {
        let Some(switch) = switch else {
            return self.number_alone(to, number, check);
        };
        let message = format!(
            "{} is on, but {} does not say where to",
            check.name(switch),
            check.name(to)
        );
        self.breach(
            CrossRule::ForwardNeedsTarget,
            &[to, switch],
            message,
            "say where calls go, or switch the forward off",
            check,
        );
    }

    /// A number for a forward that goes nowhere, at a vendor where a destination is enough to switch it on.
    fn number_alone(&self, to: u8, number: Option<u8>, check: &mut RowCheck<'_, '_, '_>) {
        let Some(number) = number.filter(|number| check.at(*number) == ValueClass::Text) else {
            return;
        };
        let message = format!(
            "{} is filled in, but {} does not say where calls go: nothing is forwarded",
            check.name(number),
            check.name(to)
        );
        self.breach(
            CrossRule::ForwardOffWithTarget,
            &[number, to],
            message,
            "say where calls go, in a word of the PBX's own",
            check,
        );
    }

    fn needs_number(&self, number: u8, to: u8, check: &mut RowCheck<'_, '_, '_>) {
        if check.at(number) != ValueClass::Blank {
            return;
        }
        let message = format!(
            "{} says number, but {} is blank",
            check.name(to),
            check.name(number)
        );
        self.breach(
            CrossRule::ForwardNeedsNumber,
            &[number, to],
            message,
            "fill in the number",
            check,
        );
    }

    fn needs_mobile(&self, to: u8, check: &mut RowCheck<'_, '_, '_>) {
        let Some(field) = self.mobile else { return };
        let message = format!(
            "{} says mobile, but {} is blank",
            check.name(to),
            check.name(field)
        );
        self.breach(
            CrossRule::ForwardNeedsMobile,
            &[field, to],
            message,
            "fill in the mobile number",
            check,
        );
    }

    fn needs_voicemail(&self, to: u8, check: &mut RowCheck<'_, '_, '_>) {
        let Some(voicemail) = self.voicemail else {
            return;
        };
        if !matches!(check.at(voicemail), ValueClass::Off | ValueClass::Blank) {
            return;
        }
        let message = format!(
            "{} says voicemail, but {} is not on",
            check.name(to),
            check.name(voicemail)
        );
        self.breach(
            CrossRule::ForwardNeedsVoicemail,
            &[to, voicemail],
            message,
            "switch voicemail on, or forward elsewhere",
            check,
        );
    }

    fn off_with_target(&self, forward: &ForwardRows, check: &mut RowCheck<'_, '_, '_>) {
        let Some(switch) = forward.switch else { return };
        let destination = [Some(forward.to), forward.extension, forward.number];
        let filled = destination
            .into_iter()
            .flatten()
            .find(|index| !matches!(check.at(*index), ValueClass::Blank | ValueClass::Unknown));
        if let Some(filled) = filled {
            let message = format!(
                "{} is filled in, but {} is not on",
                check.name(filled),
                check.name(switch)
            );
            let has_column = |index| {
                check
                    .compiled(index)
                    .is_some_and(|compiled| compiled.column.is_some())
            };
            let unswitched = has_column(filled) && !has_column(switch);
            let hint = match unswitched {
                true => format!(
                    "no column switches it on: add {} with on{}, or it never rings",
                    check.name(switch),
                    match check.at(forward.to) {
                        ValueClass::Blank => format!(", and {}", check.name(forward.to)),
                        _ => String::new(),
                    }
                ),
                false => "it has no effect until the forward is switched on".to_owned(),
            };
            let before = check.findings.len();
            self.breach(
                CrossRule::ForwardOffWithTarget,
                &[filled, switch],
                message,
                &hint,
                check,
            );
            for finding in check
                .findings
                .iter_mut()
                .skip(before)
                .filter(|_| unswitched)
            {
                finding.severity = finding.severity.max(Severity::Warning);
            }
        }
    }

    fn to_extension(&self, to: u8, extension: u8, check: &mut RowCheck<'_, '_, '_>) {
        let own = self.number.map_or("", |number| check.text(number));
        let (message, hint) = match check.at(extension) {
            ValueClass::Blank => (
                format!(
                    "{} says extension, but {} is blank",
                    check.name(to),
                    check.name(extension)
                ),
                "fill in the extension",
            ),
            ValueClass::Text if !own.is_empty() && check.text(extension) == own => (
                format!(
                    "{} {} is the extension itself",
                    check.name(extension),
                    check.quoted(extension)
                ),
                "forward to another extension, or switch the forward off",
            ),
            _ => return,
        };
        let mut parts = vec![extension, to];
        parts.extend(self.number);
        self.breach(
            CrossRule::ForwardNeedsExtension,
            &parts,
            message,
            hint,
            check,
        );
    }

    fn emergency(&self, number: u8, to: u8, check: &mut RowCheck<'_, '_, '_>) {
        if check.at(number) == ValueClass::Text && is_emergency(check.text(number)) {
            let message = format!(
                "{} {} may be an emergency number",
                check.name(number),
                check.quoted(number)
            );
            self.breach(
                CrossRule::ForwardToEmergency,
                &[number, to],
                message,
                "check that calls are meant to go there",
                check,
            );
        }
    }

    fn mobility(&self, check: &mut RowCheck<'_, '_, '_>) {
        let mobility = check.maybe(self.mobility);
        if let (Some(mobile), Some(switch)) = (self.mobile, self.mobility)
            && (mobility, check.at(mobile)) == (ValueClass::On, ValueClass::Blank)
        {
            let message = format!(
                "{} is on, but {} is blank",
                check.name(switch),
                check.name(mobile)
            );
            self.breach(
                CrossRule::MobilityNeedsMobile,
                &[mobile, switch],
                message,
                "fill in the mobile number, or switch mobility off",
                check,
            );
        }
        if let (Some(together), Some(switch)) = (self.ring_together, self.mobility)
            && check.at(together) == ValueClass::On
            && matches!(mobility, ValueClass::Off | ValueClass::Blank)
        {
            let message = format!(
                "{} is on, but {} is not",
                check.name(together),
                check.name(switch)
            );
            self.breach(
                CrossRule::RingTogetherNeedsMobility,
                &[together, switch],
                message,
                "switch mobility on too",
                check,
            );
        }
    }

    fn voicemail(&self, check: &mut RowCheck<'_, '_, '_>) {
        if check.maybe(self.voicemail_to_email) == ValueClass::On
            && let Some(switch) = self.voicemail_to_email
        {
            let lacks_box = matches!(
                check.maybe(self.voicemail),
                ValueClass::Off | ValueClass::Blank
            );
            let lacks_email = check.maybe(self.email) == ValueClass::Blank;
            let lacking = [(self.email, lacks_email), (self.voicemail, lacks_box)];
            let lacking = lacking
                .into_iter()
                .filter_map(|(index, lacks)| index.filter(|_| lacks));
            if let Some(first) = lacking.clone().next() {
                let lacking: Vec<u8> = lacking.collect();
                let names: Vec<&str> = lacking.iter().map(|index| check.name(*index)).collect();
                let message = format!(
                    "{} is on, but it needs {} as well",
                    check.name(switch),
                    names.join(" and ")
                );
                let parts = [&[first, switch], lacking.as_slice()].concat();
                self.breach(
                    CrossRule::VoicemailToEmailNeedsEmail,
                    &parts,
                    message,
                    "fill in the address and switch voicemail on, or leave voicemail by e-mail off",
                    check,
                );
            }
        }
        let reasons = [
            (self.voicemail_pin_required, CrossRule::PinRequiredNeedsPin),
            (self.voicemail, CrossRule::VoicemailNeedsPin),
        ];
        for (reason, rule) in reasons {
            let (Some(required), Some(pin)) = (reason, self.voicemail_pin) else {
                continue;
            };
            if (check.at(required), check.at(pin)) != (ValueClass::On, ValueClass::Blank) {
                continue;
            }
            let message = format!(
                "{} is on, but {} is blank",
                check.name(required),
                check.name(pin)
            );
            self.breach(rule, &[pin, required], message, "fill in a PIN", check);
        }
    }

    fn monitor(&self, check: &mut RowCheck<'_, '_, '_>) {
        let (Some(mode), Some(allowed)) = (self.monitor_mode, self.monitor_allowed) else {
            return;
        };
        let set = !matches!(
            check.at(mode),
            ValueClass::Blank | ValueClass::Unknown | ValueClass::Disabled
        );
        if set && matches!(check.at(allowed), ValueClass::Off | ValueClass::Blank) {
            let message = format!(
                "{} has no effect while {} is not on",
                check.name(mode),
                check.name(allowed)
            );
            self.breach(
                CrossRule::MonitorModeWithoutLeave,
                &[mode, allowed],
                message,
                "allow monitoring, or set the mode to disabled",
                check,
            );
        }
    }

    fn office_hours(&self, from: u8, to: u8, check: &mut RowCheck<'_, '_, '_>) {
        let message = match (check.at(from), check.at(to)) {
            (ValueClass::Text, ValueClass::Blank) => {
                format!(
                    "{} is given, but {} is not",
                    check.name(from),
                    check.name(to)
                )
            }
            (ValueClass::Blank, ValueClass::Text) => {
                format!(
                    "{} is given, but {} is not",
                    check.name(to),
                    check.name(from)
                )
            }
            (ValueClass::Text, ValueClass::Text) => {
                let time = |index: u8| {
                    let compiled = check.compiled(index);
                    compiled.and_then(|compiled| compiled.row.normalise(check.text(index)))
                };
                if time(from) < time(to) {
                    return;
                }
                format!(
                    "{} {} is not before {} {}",
                    check.name(from),
                    check.quoted(from),
                    check.name(to),
                    check.quoted(to)
                )
            }
            _ => return,
        };
        self.breach(
            CrossRule::OfficeHoursOrder,
            &[to, from],
            message,
            "give both times, the earlier one first",
            check,
        );
    }

    fn secret_is_number(&self, check: &mut RowCheck<'_, '_, '_>) {
        let (Some(secret), Some(number)) = (self.sip_password, self.number) else {
            return;
        };
        if check.at(secret) == ValueClass::Text && check.text(secret) == check.text(number) {
            let message = format!("{} is the {}", check.name(secret), check.name(number));
            let parts = [secret, number];
            self.breach(
                CrossRule::SecretIsNumber,
                &parts,
                message,
                "choose another one",
                check,
            );
        }
    }

    fn mailbox_number(&self, check: &mut RowCheck<'_, '_, '_>) {
        let (Some(pin), Some(number)) = (self.voicemail_pin, self.number) else {
            return;
        };
        if check.at(pin) == ValueClass::Text && check.text(number).starts_with(['*', '#']) {
            let message = format!(
                "{} begins with * or #, and the PBX knows no voicemail box of such a number",
                check.name(number)
            );
            let hint = format!(
                "leave {} blank, or give the row another number",
                check.name(pin)
            );
            self.breach(
                CrossRule::MailboxNumber,
                &[pin, number],
                message,
                &hint,
                check,
            );
        }
    }

    fn name_is_number(&self, check: &mut RowCheck<'_, '_, '_>) {
        let [Some(name), Some(caller_id), Some(number)] =
            [self.display_name, self.caller_id, self.number]
        else {
            return;
        };
        if self.fact(CrossRule::NameIsNumber).is_none()
            || check.at(name) != ValueClass::Text
            || check.at(caller_id) == ValueClass::Unknown
            || !matches!(check.text(caller_id).trim(), "" | CLEAR)
            || is_name_alone(check.text(name).trim())
        {
            return;
        }
        // It is filled from the number, where that may be one.
        let compiled = check.compiled(caller_id);
        if compiled.is_some_and(|it| it.row.filled(check.text(number)).is_some()) {
            return;
        }
        let (about, beside) = (check.name(name), check.name(caller_id));
        let message = match is_dialled(&ungrouped(check.text(name))) {
            true => format!(
                "{about} looks like a telephone number, and without {beside} the PBX would take it for one"
            ),
            false => format!(
                "{about} is written as a caller ID is, in quotes or with < and >, and without {beside} the PBX would not keep it as it is"
            ),
        };
        let hint = format!(
            "give the row a {}, or another {}",
            check.name(caller_id),
            check.name(name)
        );
        let parts = [name, caller_id, number];
        self.breach(CrossRule::NameIsNumber, &parts, message, &hint, check);
    }

    fn kept_with(&self, field: u8, with: u8, check: &mut RowCheck<'_, '_, '_>) {
        if (check.at(field), check.at(with)) != (ValueClass::Text, ValueClass::Blank) {
            return;
        }
        let (field_name, with_name) = (check.name(field), check.name(with));
        let message =
            format!("{field_name} is kept together with {with_name}, and there is no {with_name}");
        let hint = format!("give it a {with_name}, or no {field_name}");
        self.breach(CrossRule::KeptWith, &[field, with], message, &hint, check);
    }

    /// Appends a breach of a rule that is switched on; the first part is the field that it is about.
    fn breach(
        &self,
        rule: CrossRule,
        parts: &[u8],
        message: String,
        hint: &str,
        check: &mut RowCheck<'_, '_, '_>,
    ) {
        let Some(fact) = self.fact(rule) else { return };
        let mut fields = parts.iter().filter_map(|index| check.compiled(*index));
        if !fields.clone().any(|compiled| (check.touched)(compiled)) {
            return;
        }
        let Some(about) = fields.next() else { return };
        let mut finding = FieldsTogether::finding(fact, about, message, hint);
        finding.column = finding
            .column
            .or_else(|| fields.find_map(|compiled| compiled.column));
        check.findings.push(finding);
    }

    /// A breach of a rule about several fields or rows.
    pub(super) fn finding(
        fact: &Fact,
        compiled: &CompiledField<'_>,
        message: String,
        hint: &str,
    ) -> Finding {
        Finding::new(fact.rule.word(), fact.severity, message)
            .about(Some(compiled.row.name), compiled.column)
            .hint(hint)
            .source(fact.source.clone())
    }
}

impl<'l, 'm, 'c> RowCheck<'l, 'm, 'c> {
    fn compiled(&self, index: u8) -> Option<&'l CompiledField<'m>> {
        self.fields.get(usize::from(index))
    }

    fn at(&self, index: u8) -> ValueClass {
        self.view[usize::from(index)]
    }

    fn maybe(&self, index: Option<u8>) -> ValueClass {
        index.map_or(ValueClass::Unknown, |index| self.at(index))
    }

    fn text(&self, index: u8) -> &'c str {
        self.compiled(index).map_or("", self.text)
    }

    fn name(&self, index: u8) -> &'static str {
        self.compiled(index)
            .map_or("", |compiled| compiled.row.name.name())
    }

    fn quoted(&self, index: u8) -> String {
        self.compiled(index).map_or_else(String::new, |compiled| {
            compiled.quoted((self.text)(compiled))
        })
    }
}
