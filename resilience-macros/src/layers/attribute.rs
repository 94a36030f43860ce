//! Defines [`Attribute`], an entry in the table of all attributes of this library.

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::emit::layer::Layer;
use crate::error::Errors;

pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// The function that parses the options of the attribute. The first parameter is the span of the attribute.
    pub(crate) parse: fn(Span, TokenStream, &mut Errors) -> Parsed,
}

/// The result of parsing an attribute. The first element of the tuple is the parsed attribute, or `None` if a required
/// option is missing or invalid. The second element is the path in the option `crate`, or `None` if the attribute does
/// not contain this option.
pub(crate) type Parsed = (Option<Box<dyn Layer>>, Option<Path>);

pub(super) fn parsed(layer: Option<impl Layer + 'static>, runtime: Option<Path>) -> Parsed {
    (layer.map(|layer| Box::new(layer) as Box<dyn Layer>), runtime)
}
