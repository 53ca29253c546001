//! Cells that programs like to change, at random from a seed that is printed.

/// A stream of numbers that a seed fixes.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        println!("seed {seed}");
        Random(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn digits(&mut self) -> String {
        let digits = 1 + self.below(24);
        (0..digits)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    /// A cell: a number with zeros before it, a telephone number, what looks like a formula, a date, a switch, long
    /// digits, or a text of characters that separate, quote, break or hide.
    pub(crate) fn cell(&mut self) -> String {
        const WHOLE: [&str; 24] = [
            "",
            "",
            "0042",
            "007",
            "+49",
            "=1+1",
            "-5",
            "@home",
            "1e5",
            "12E3",
            "0x1F",
            "1/2",
            "3-4",
            "01.03.2024",
            "2024-03-01",
            "09:05",
            "TRUE",
            "false",
            "#N/A",
            "NULL",
            "100%",
            "1,5",
            "<clear>",
            "_x0041_",
        ];
        const PARTS: [&str; 26] = [
            " ", "  ", ",", ";", "\t", "|", "\"", "'", "\n", "=", "+", "-", "@", "<b>", "&amp;",
            "ä", "é", "ß", "€", "日本", "😀", "\u{a0}", "\u{301}", "\u{200b}", "_x000D_", "\\",
        ];
        match self.below(6) {
            0 => self.one(&WHOLE).to_owned(),
            1 => format!("00{}", self.digits()),
            2 => format!("+49{}", self.digits()),
            3 => self.digits(),
            4 => format!("n{}", self.digits()),
            _ => {
                let parts = 1 + self.below(8);
                let mut text = String::new();
                for _ in 0..parts {
                    text.push_str(self.one(&PARTS));
                    text.push((b'a' + self.below(26) as u8).into());
                }
                text
            }
        }
    }
}
