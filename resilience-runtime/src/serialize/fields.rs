//! Defines the macro that implements `Serialize` for structs.

/// Implements `Serialize` for structs. Each field is serialized under its name, in the order of the macro call. The
/// generated code destructures the struct without `..`, so the compiler rejects a macro call that leaves out a field.
/// An expression after `=>` is serialized in place of the field.
macro_rules! serialize {
    ($($type:ident { $($(#[$cfg:meta])? $field:ident $(=> $value:expr)?,)* })*) => {
        $(
            impl ::serde::ser::Serialize for $type {
                fn serialize<S: ::serde::ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use ::serde::ser::SerializeStruct as _;
                    let Self { $($(#[$cfg])? $field,)* } = self;
                    let fields = [$($(#[$cfg])? stringify!($field),)*].len();
                    let mut fields = serializer.serialize_struct(stringify!($type), fields)?;
                    $(
                        $(#[$cfg])?
                        fields.serialize_field(
                            stringify!($field),
                            $crate::serialize::fields::serialize!(@value $field $(=> $value)?),
                        )?;
                    )*
                    fields.end()
                }
            }
        )*
    };
    (@value $field:ident) => { $field };
    (@value $field:ident => $value:expr) => { &$value };
}
pub(crate) use serialize;
