//! Defines [`Attribute`], an entry in the table of all attributes of this library.

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::emit::layer::Layer;
use crate::error::Errors;

/// An attribute of this library, such as `#[retry]`.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// The function that parses the options of the attribute. The first argument is the span of the attribute.
    pub(crate) parse: fn(Span, TokenStream, &mut Errors) -> Parsed,
}

/// The result of parsing an attribute: the layer with its options, and the path in the option `crate`, if there is one.
/// The layer is `None` if a required option is missing or cannot be read.
pub(crate) type Parsed = (Option<Box<dyn Layer>>, Option<Path>);

pub(super) fn parsed(layer: Option<impl Layer + 'static>, runtime: Option<Path>) -> Parsed {
    (layer.map(|layer| Box::new(layer) as Box<dyn Layer>), runtime)
}
