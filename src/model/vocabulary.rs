//! Enums whose members are words in files and reports.

/// Declares an enum whose members are words in files, reports and configurations: each word stands once. A last member
/// may stand for all words of another such enum.
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$of_member:meta])* $member:ident = $word:literal,)*
            $(.. $(#[$of_others:meta])* $others:ident($inner:ty),)?
        }
    ) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$of_member])* $member,)*
            $($(#[$of_others])* $others($inner),)?
        }

        impl $name {
            /// Every member with a word of its own, in this order.
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$member),*];

            /// Finds the member of a word; `None` where the word is not known.
            pub fn named(word: &str) -> Option<$name> {
                let found = $name::ALL.into_iter().find(|member| member.word() == word);
                $(let found = found.or_else(|| <$inner>::named(word).map($name::$others));)?
                found
            }

            /// The word in files and reports.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$member => $word,)*
                    $($name::$others(inner) => inner.word(),)?
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let word = String::deserialize(deserializer)?;
                let unknown = || serde::de::Error::unknown_variant(&word, &[$($word),*]);
                $name::named(&word).ok_or_else(unknown)
            }
        }
    };
}

pub(crate) use vocabulary;
