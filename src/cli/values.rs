//! Values as they are typed, held to what there is.

use crate::columns::products;
use crate::sheet::Encoding;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// A day's beginning in UTC, or the moment that is written.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    // A date's own reader passes over a time behind it.
    let day = Some(text).filter(|text| text.len() == "2026-11-01".len());
    let begins = day.and_then(|day| day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok());
    begins
        .map(|begins| begins.timestamp())
        .ok_or_else(|| format!("{text:?} is no day: write 2026-11-01, or 2026-11-01T02:00:00Z"))
}

pub(super) fn vendor(text: &str) -> Result<String, String> {
    match crate::vendors::vendor(text) {
        Some(vendor) => Ok(vendor.id.to_owned()),
        None => {
            let known: Vec<&str> = crate::vendors::VENDORS
                .iter()
                .map(|vendor| vendor.id)
                .collect();
            Err(format!(
                "there is no vendor {text:?}; there are: {}",
                known.join(", ")
            ))
        }
    }
}

pub(super) fn vendor_or_product(text: &str) -> Result<String, String> {
    let product = products()
        .iter()
        .find(|product| product.id == text && !product.is_vendor());
    match product {
        Some(product) => Ok(product.id.clone()),
        None => vendor(text).map_err(|error| {
            let known: Vec<&str> = products()
                .iter()
                .filter(|product| !product.is_vendor())
                .map(|product| product.id.as_str())
                .collect();
            format!("{error}, {}", known.join(", "))
        }),
    }
}

pub(super) fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| {
        format!(
            "{text:?} is no encoding that is read; there are: utf-8, utf-16le, utf-16be, windows-1250, windows-1251, windows-1252, windows-1254, mac-roman, cp437, cp850, cp852, cp866, and those of web pages"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_read_as_they_are_typed() {
        let read = |text: &str| moment(text).map(|moment| moment.to_string());
        assert_eq!(read("2026-11-01").as_deref(), Ok("2026-11-01T00:00:00Z"));
        assert_eq!(
            read("2026-11-01T02:00:00+01:00").as_deref(),
            Ok("2026-11-01T01:00:00Z")
        );
        for wrong in [
            "",
            "yesterday",
            "2026-13-01",
            "1.11.2026",
            "2026-11-01T02:00",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
