//! Numbers at random from a seed that is printed: for all tests and benchmarks.

#![allow(dead_code, reason = "not every program takes all of it")]
#![allow(
    clippy::print_stdout,
    clippy::panic,
    reason = "prints the seed, to repeat a failure; a test may fail"
)]

/// A stream of numbers that its seed fixes, the same on every machine (splitmix64).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random(u64);

impl Random {
    /// Prints the seed.
    pub(crate) fn new(seed: u64) -> Random {
        println!("seed {seed}");
        Random(seed)
    }

    /// Takes the seed from the environment's variable `name`, or 1, and prints it. A search for other ones sets it.
    pub(crate) fn from_environment(name: &str) -> Random {
        Random::from_environment_or(name, 1)
    }

    /// The same with another seed where the variable is not set.
    pub(crate) fn from_environment_or(name: &str, seed: u64) -> Random {
        let seed = from_environment(name).unwrap_or(seed);
        println!("{name}={seed}");
        Random(seed)
    }

    /// The next stream of its own: for a thread, or for a part that is to be repeated alone.
    pub(crate) fn split(&mut self) -> Random {
        Random(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 where the limit is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Is true once in `many` times.
    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    pub(crate) fn one<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    /// So many digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        let digit = |_| char::from(b'0' + self.below(10) as u8);
        (0..count).map(digit).collect()
    }
}

/// Reads the number in a variable of the environment, where it is set.
pub(crate) fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is {text:?}, and is to be a number"),
    }
}
