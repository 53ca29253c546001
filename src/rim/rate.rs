//! The pace of requests, as it is typed.

use crate::link::paced::RATE_MAX;
use std::str::FromStr;

/// Requests per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;

    /// Parses `20/s`, `300/min`, or `20`, which means `20/s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (count, seconds) = match text.split_once('/') {
            None => (text, 1.0),
            Some((count, "s")) => (count, 1.0),
            Some((count, "min" | "m")) => (count, 60.0),
            Some(_) => return Err(format!("{text:?} is no rate: write 20/s or 300/min")),
        };
        match count.trim().parse::<f64>() {
            Ok(count) if count > 0.0 && count / seconds <= RATE_MAX => Ok(Rate(count / seconds)),
            Ok(count) if count.is_finite() && count > 0.0 => {
                Err(format!("{text:?} is too fast: at most {RATE_MAX}/s"))
            }
            _ => Err(format!("{text:?} is no rate: write 20/s or 300/min")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_typed() {
        assert_eq!(
            ["20/s", "300/min", "0.5"].map(|text| text.parse()),
            [Ok(Rate(20.0)), Ok(Rate(5.0)), Ok(Rate(0.5))]
        );
        for wrong in ["0", "-1/s", "20/h", "inf", "NaN", "", "fast"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
