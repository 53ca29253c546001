//! Shards: the part of all targets that one process takes.

use crate::digest::sha256_hex;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The variables with the number of a process: of Kubernetes' indexed jobs, Slurm's arrays and AWS Batch's arrays.
const VARIABLES: [&str; 3] = [
    "JOB_COMPLETION_INDEX",
    "SLURM_ARRAY_TASK_ID",
    "AWS_BATCH_JOB_ARRAY_INDEX",
];

/// The most shards that can be asked for.
const SHARDS_MAX: u32 = 100_000;

/// One of several equal parts of all targets. A target stays in its shard whatever other targets come and go, because
/// its name alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 0.
    pub index: u32,
    /// The number of shards.
    pub of: u32,
}

impl Shard {
    /// Returns true if the target of this name is in it.
    pub fn has(self, target: &str) -> bool {
        hash(target) % u64::from(self.of) == u64::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// A shard as it is typed: `3/50`, or `auto/50` for the number that a job's engine gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    Fixed(Shard),
    /// The one whose number is in a variable, of so many.
    Auto(u32),
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<ShardChoice, String> {
        let wrong = || {
            format!(
                "{text:?} is no shard: write 3/50 for the fourth of 50, or auto/50; at most {SHARDS_MAX}"
            )
        };
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let of = of.parse().ok().filter(|of| (1..=SHARDS_MAX).contains(of));
        let of = of.ok_or_else(wrong)?;
        if index == "auto" {
            return Ok(ShardChoice::Auto(of));
        }
        let index = index.parse().ok().filter(|index| *index < of);
        let index = index.ok_or_else(wrong)?;
        Ok(ShardChoice::Fixed(Shard { index, of }))
    }
}

impl ShardChoice {
    /// Returns the shard; `variable` reads the environment.
    ///
    /// # Errors
    /// None of the engines' variables is set, several are, or its number is not below the number of shards.
    pub fn resolve(self, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
        let of = match self {
            ShardChoice::Fixed(shard) => return Ok(shard),
            ShardChoice::Auto(of) => of,
        };
        let set = VARIABLES.map(|name| (name, variable(name)));
        let set: Vec<(&str, String)> = set
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        match set.as_slice() {
            [] => Err(format!(
                "--shard auto/{of}: none of the variables {} is set",
                VARIABLES.join(", ")
            )),
            [(name, value)] => {
                let index = value.parse().ok().filter(|index| *index < of);
                let index = index.ok_or_else(|| {
                    format!(
                        "--shard auto/{of}: {name} is {value:?}, and shards are 0 to {}",
                        of - 1
                    )
                })?;
                Ok(Shard { index, of })
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "--shard auto/{of}: several variables give a number: {}",
                    names.join(", ")
                ))
            }
        }
    }
}

/// Puts targets into the order in which they are begun: by a hash of their names, so that those of one site, which may
/// all be out of reach, do not stand together.
pub fn in_order(names: &mut [String]) {
    names.sort_by_cached_key(|name| hash(name));
}

/// The first 64 bits of the SHA-256 of a name.
fn hash(name: &str) -> u64 {
    let digits = sha256_hex(name.as_bytes());
    let first = digits.get(..16).unwrap_or_default();
    u64::from_str_radix(first, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str) -> Shard {
        match text.parse() {
            Ok(ShardChoice::Fixed(shard)) => shard,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_target_is_in_one_shard_and_stays_there() {
        let names: Vec<String> = (0..10_000).map(|n| format!("customer-{n}")).collect();
        let mut sizes = [0; 50];
        for name in &names {
            let holders: Vec<u32> = (0..50)
                .filter(|index| {
                    Shard {
                        index: *index,
                        of: 50,
                    }
                    .has(name)
                })
                .collect();
            let [one] = holders.as_slice() else {
                panic!("{name} is in {holders:?}");
            };
            sizes[*one as usize] += 1;
        }
        assert!(
            sizes.iter().all(|size| (140..=260).contains(size)),
            "{sizes:?}"
        );
        // A contract: another hash would move every target to another shard's night.
        assert!(shard("18/50").has("hq"), "{}", hash("hq") % 50);
        assert!(shard("0/1").has("hq"));
    }

    #[test]
    fn a_shard_is_typed_or_comes_from_exactly_one_engine() {
        for wrong in [
            "", "3", "50/50", "-1/4", "1/0", "a/4", "1/100001", "auto", "auto/0",
        ] {
            let error = wrong.parse::<ShardChoice>().unwrap_err();
            assert!(error.contains("is no shard"), "{wrong}: {error}");
        }
        let auto: ShardChoice = "auto/4".parse().unwrap();
        let resolve = |set: &[(&str, &str)]| {
            let find = |name: &str| set.iter().find(|(known, _)| *known == name);
            auto.resolve(|name| find(name).map(|(_, value)| (*value).to_owned()))
        };
        for name in VARIABLES {
            assert_eq!(resolve(&[(name, "3")]), Ok(Shard { index: 3, of: 4 }));
            let error = resolve(&[(name, "4")]).unwrap_err();
            assert!(error.contains(name) && error.contains("0 to 3"), "{error}");
        }
        assert!(resolve(&[]).unwrap_err().contains("none of"));
        let two = [(VARIABLES[0], "1"), (VARIABLES[2], "1")];
        assert!(resolve(&two).unwrap_err().contains("several"));
    }

    #[test]
    fn targets_of_one_site_do_not_stand_together() {
        let mut names: Vec<String> = (0..16)
            .map(|n| format!("aaa-dead-{n:02}"))
            .chain((0..300).map(|n| format!("site-{n:03}")))
            .collect();
        in_order(&mut names);
        let first = names.iter().take(64);
        let dead = first.filter(|name| name.starts_with("aaa")).count();
        assert!(dead < 10, "{dead} of the first 64");
    }
}
