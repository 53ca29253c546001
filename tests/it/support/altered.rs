//! A simulated PBX that answers some requests otherwise.

use super::fixture::{Rig, account};
use rowcall::sim::{Faults, Sim};
use rowcall::vendors::Vendor;
use rowcall::wire::{Pbx, RawRequest, Reply};
use std::collections::BTreeMap;

struct Altered<F> {
    inner: Box<dyn Pbx>,
    answer: F,
}

impl<F: FnMut(&mut dyn Pbx, &RawRequest) -> Reply + Send> Pbx for Altered<F> {
    fn answer(&mut self, heard: &RawRequest) -> Reply {
        (self.answer)(self.inner.as_mut(), heard)
    }

    fn expire_sessions(&mut self) {
        self.inner.expire_sessions();
    }

    fn numbers(&self) -> Vec<String> {
        self.inner.numbers()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        self.inner.stored(number, name)
    }

    fn live(&self, number: &str, name: &str) -> Option<String> {
        self.inner.live(number, name)
    }

    fn created(&self, number: &str) -> u32 {
        self.inner.created(number)
    }

    fn sign_ins(&self) -> u32 {
        self.inner.sign_ins()
    }
}

/// A vendor with a PBX for which `answer` answers; it has the PBX as it was.
pub(crate) fn altered(
    vendor: &'static Vendor,
    answer: impl FnMut(&mut dyn Pbx, &RawRequest) -> Reply + Send + 'static,
) -> Rig {
    let mut rig = Rig::new(vendor, &BTreeMap::new());
    rig.sim = Sim::new(altered_pbx(vendor, answer), Faults::default());
    rig
}

/// The PBX of [`altered`] alone.
pub(crate) fn altered_pbx(
    vendor: &Vendor,
    answer: impl FnMut(&mut dyn Pbx, &RawRequest) -> Reply + Send + 'static,
) -> Box<dyn Pbx> {
    let inner = (vendor.sim)(&account());
    Box::new(Altered { inner, answer })
}

/// Returns true if a request contains this text, in its address or its body.
pub(crate) fn contains(heard: &RawRequest, text: &str) -> bool {
    heard.target.contains(text) || String::from_utf8_lossy(&heard.body).contains(text)
}
