//! Defines the macro [`fields`], which declares a struct with optional fields and implements `Deserialize` for this
//! struct.

/// Declares a struct with optional fields, and implements `Deserialize` for the struct. A field that is absent or
/// `null` is `None`. `Deserialize` skips unknown fields, because a later version of this crate may add fields to a
/// snapshot.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident, $expecting:literal { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        struct $name {
            $($field: Option<$type>,)*
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct OfObject;

                impl<'de> serde::de::Visitor<'de> for OfObject {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut fields = $name::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match &*key {
                                $(
                                    stringify!($field) if fields.$field.is_some() => {
                                        return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                    }
                                    stringify!($field) => fields.$field = map.next_value()?,
                                )*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(fields)
                    }
                }

                deserializer.deserialize_map(OfObject)
            }
        }
    };
}
pub(super) use fields;
