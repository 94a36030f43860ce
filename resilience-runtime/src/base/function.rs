//! Describes a decorated function: its path, and the positions of its layers.
#![allow(missing_docs)] // no docs needed: the hidden module `__private` exports these items

use std::panic::Location;
use std::ptr;

use once_cell::race::OnceBox;

/// A decorated function. The generated code of each decorated function contains a static variable of this type.
#[derive(Debug)]
pub struct Function {
    func: &'static str,
    module: &'static str,
    #[cfg_attr(not(feature = "test-util"), expect(dead_code, reason = "for `testing::describe`"))]
    place: &'static Location<'static>,
    /// The names of the attributes, such as `retry`. The outermost attribute comes first.
    #[cfg_attr(not(feature = "test-util"), expect(dead_code, reason = "for `testing::describe`"))]
    pub(crate) attributes: &'static [&'static str],
    names: OnceBox<Vec<String>>,
}

/// A reference to a decorated function. The crate `inventory` collects all values of this type at link time.
#[derive(Debug)]
pub struct DeclaredFunction(&'static Function);

inventory::collect!(DeclaredFunction);

/// The position of a layer (attribute) among all attributes of a function.
#[derive(Clone, Copy, Debug)]
#[allow(unreachable_pub)] // the public declaration types have a field of this type
pub struct Position {
    pub(crate) function: &'static Function,
    /// The number of attributes above the layer.
    #[cfg_attr(not(feature = "test-util"), expect(dead_code, reason = "for `testing::describe`"))]
    pub(crate) index: usize,
}

impl Position {
    pub(crate) fn is_in(&self, function: &Function) -> bool {
        ptr::eq(self.function, function)
    }
}

impl Function {
    #[track_caller]
    pub const fn new(func: &'static str, module: &'static str, attributes: &'static [&'static str]) -> Self {
        Self { func, module, place: Location::caller(), attributes, names: OnceBox::new() }
    }

    pub const fn declared(&'static self) -> DeclaredFunction {
        DeclaredFunction(self)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.func
    }

    /// Returns the path of the function, such as `shop::orders::submit`.
    pub(crate) fn path(&self) -> String {
        format!("{}::{}", self.module, self.func)
    }

    /// Returns the path of the function and the line of its topmost attribute, such as `shop::orders::submit:17`.
    #[cfg(feature = "test-util")]
    pub(crate) fn path_and_line(&self) -> String {
        format!("{}:{}", self.path(), self.place.line())
    }

    /// Returns the names by which a fault can select the function. The first call runs `find` and stores the names.
    /// Later calls return the stored names.
    pub(crate) fn names(&self, find: impl FnOnce() -> Vec<String>) -> &[String] {
        self.names.get_or_init(|| Box::new(find()))
    }
}

/// Returns all decorated functions of the program.
pub(crate) fn functions() -> impl Iterator<Item = &'static Function> {
    inventory::iter::<DeclaredFunction>.into_iter().map(|declared| declared.0)
}
