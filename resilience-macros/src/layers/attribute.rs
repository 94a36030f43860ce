//! The entry of an attribute in the table of the family.

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::emit::layer::Layer;
use crate::error::Errors;

/// One attribute of the family.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// Parses the options of an attribute; the span is the attribute's own.
    pub(crate) parse: fn(Span, TokenStream, &mut Errors) -> Parsed,
}

/// The layer, or `None` if its options cannot be read, and the path of the runtime if the attribute contains one.
pub(crate) type Parsed = (Option<Box<dyn Layer>>, Option<Path>);

/// Boxes the layer of an attribute.
pub(super) fn parsed(layer: Option<impl Layer + 'static>, runtime: Option<Path>) -> Parsed {
    (layer.map(|layer| Box::new(layer) as Box<dyn Layer>), runtime)
}
