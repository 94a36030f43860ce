//! The attributes of the family, each in one file or folder: its options, its facts and its tokens.
//!
//! A new attribute takes a file with its `ATTRIBUTE` here, a `mod` line below, and its name in `attributes!` in `lib.rs`.

pub(crate) mod bulkhead;
pub(crate) mod circuit;
pub(crate) mod fallback;
mod guard;
pub(crate) mod hedge;
mod limits;
pub(crate) mod rate_limit;
pub(crate) mod retry;
mod settings;
pub(crate) mod timeout;

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::emit::layer::Layer;
use crate::error::Errors;

/// One attribute of the family.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// Reads the options of an attribute that has this span.
    pub(crate) parse: fn(Span, TokenStream, &mut Errors) -> Parsed,
}

/// The layer if its options can be read, and the path of the runtime if the attribute has one.
pub(crate) type Parsed = (Option<Box<dyn Layer>>, Option<Path>);

/// Boxes the layer that an attribute has read.
fn parsed(layer: Option<impl Layer + 'static>, runtime: Option<Path>) -> Parsed {
    (layer.map(|layer| Box::new(layer) as Box<dyn Layer>), runtime)
}
