//! The rules about several fields or rows.

use crate::model::vocabulary;

vocabulary! {
    /// The rules about several fields or rows. The id in findings is the word in `vendor.toml`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum CrossRule {
        /// A forward that is on has a destination.
        ForwardNeedsTarget = "forward_needs_target",
        /// A forward to an extension names one, and not itself.
        ForwardNeedsExtension = "forward_needs_extension",
        /// A forward to a number names one.
        ForwardNeedsNumber = "forward_needs_number",
        /// A forward to the mobile has a mobile number to go to.
        ForwardNeedsMobile = "forward_needs_mobile",
        /// A forward to voicemail has a voicemail box to go to.
        ForwardNeedsVoicemail = "forward_needs_voicemail",
        /// A destination is filled in although the forward is off.
        ForwardOffWithTarget = "forward_off_with_target",
        /// A forward goes to a short emergency number.
        ForwardToEmergency = "forward_to_emergency",
        /// A forward goes to an extension that is neither in the sheet nor on the PBX.
        ForwardToUnknown = "forward_to_unknown",
        /// Forwards lead back to where they began.
        ForwardLoop = "forward_loop",
        /// Mobility needs a mobile number.
        MobilityNeedsMobile = "mobility_needs_mobile",
        /// Ringing together needs mobility.
        RingTogetherNeedsMobility = "ring_together_needs_mobility",
        /// Voicemail by e-mail needs an address and a voicemail box.
        VoicemailToEmailNeedsEmail = "voicemail_to_email_needs_email",
        /// A PIN that is asked for has to be set.
        PinRequiredNeedsPin = "pin_required_needs_pin",
        /// A voicemail box has a PIN.
        VoicemailNeedsPin = "voicemail_needs_pin",
        /// A monitor mode without leave to be monitored has no effect.
        MonitorModeWithoutLeave = "monitor_mode_without_leave",
        /// Office hours begin before they end, and both are given.
        OfficeHoursOrder = "office_hours_order",
        /// No two extensions share an e-mail address.
        DuplicateEmail = "duplicate_email",
        /// A SIP secret is not the extension's number.
        SecretIsNumber = "secret_is_number",
        /// A voicemail box has a number that the PBX takes for one.
        MailboxNumber = "mailbox_number",
        /// No two voicemail boxes have numbers that differ in the case of their letters alone.
        MailboxCase = "mailbox_case",
        /// A name that would be taken for a number has a number beside it.
        NameIsNumber = "name_is_number",
        /// A field that is kept together with another one has that one.
        KeptWith = "kept_with",
    }
}

impl CrossRule {
    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            CrossRule::ForwardNeedsTarget => "a forward that is on says where to",
            CrossRule::ForwardNeedsExtension => {
                "a forward to an extension names one, and not itself"
            }
            CrossRule::ForwardNeedsNumber => "a forward to a number names one",
            CrossRule::ForwardNeedsMobile => "a forward to the mobile has a mobile number to go to",
            CrossRule::ForwardNeedsVoicemail => {
                "a forward to voicemail has a voicemail box to go to"
            }
            CrossRule::ForwardOffWithTarget => "a forward that is off has no destination filled in",
            CrossRule::ForwardToEmergency => "a forward does not go to an emergency number",
            CrossRule::ForwardToUnknown => {
                "a forward goes to an extension that is in the sheet or on the PBX"
            }
            CrossRule::ForwardLoop => "forwards do not lead back to where they began",
            CrossRule::MobilityNeedsMobile => "mobility has a mobile number",
            CrossRule::RingTogetherNeedsMobility => "ringing together has mobility switched on",
            CrossRule::VoicemailToEmailNeedsEmail => {
                "voicemail by e-mail has an address and a voicemail box"
            }
            CrossRule::PinRequiredNeedsPin => "a PIN that is asked for is set",
            CrossRule::VoicemailNeedsPin => "a voicemail box has a PIN",
            CrossRule::MonitorModeWithoutLeave => "a monitor mode goes with leave to be monitored",
            CrossRule::OfficeHoursOrder => "office hours begin before they end, and both are given",
            CrossRule::DuplicateEmail => "no two extensions share an e-mail address",
            CrossRule::SecretIsNumber => "a SIP secret is not the extension's number",
            CrossRule::MailboxNumber => "the number of a voicemail box does not begin with * or #",
            CrossRule::MailboxCase => {
                "no two voicemail boxes have numbers that differ in the case of their letters alone"
            }
            CrossRule::NameIsNumber => {
                "a name that looks like a telephone number or a caller ID has a caller ID beside it"
            }
            CrossRule::KeptWith => "what the PBX keeps with another field has that field",
        }
    }
}
