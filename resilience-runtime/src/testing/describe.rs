//! Describes the layers of a decorated function.

use std::fmt::{self, Display};

use crate::base::function::{Function, Position, functions};
use crate::base::nearest::suggestion;
use crate::registry::declared::all;
use crate::registry::kinds;
use crate::registry::registry::settings_of;

/// Returns the layers of a decorated function, with their settings.
///
/// `function` is the path of the function, such as `shop::orders::submit`, or the end of the path, such as `submit`.
/// The path of a method contains its module, but not its type. If several functions have the path, such as methods of
/// different types, add the line of the topmost attribute: `shop::orders::submit:17`.
///
/// The settings are the values in force. These values come from all attributes and builders with the name of the layer,
/// and from changes at run time. The description leaves out options that are not set. It also leaves out options with a
/// function, such as `failure_if`, and options with an expression that each call evaluates. If a layer comes from the
/// option `with`, the description contains no settings of the layer.
///
/// # Panics
///
/// Panics if no decorated function has the path, or if several decorated functions have the path.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, retry, testing};
///
/// #[retry(max = 4, delay = 0.1)]
/// #[circuit(name = "describe_example", threshold = 5, cooldown = 30)]
/// async fn submit_order() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// let stack = testing::describe("submit_order");
/// assert_eq!(stack.layers[0].attribute, "retry");
/// assert_eq!(
///     stack.to_string(),
///     "retry(max = 4, delay = 100ms)\ncircuit(name = \"describe_example\", threshold = 5, cooldown = 30s)"
/// );
/// ```
#[track_caller]
pub fn describe(function: &str) -> Stack {
    let function = find(function);
    let attributes = function.attributes.iter().enumerate();
    Stack { layers: attributes.map(|(index, attribute)| layer(function, index, attribute)).collect() }
}

#[track_caller]
fn find(wanted: &str) -> &'static Function {
    let ends = |path: &str| path.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"));
    let is_wanted = |function: &&Function| function.path() == wanted || function.path_and_line() == wanted;
    let mut found: Vec<_> = functions().filter(is_wanted).collect();
    if found.is_empty() {
        found = functions().filter(|function| ends(&function.path()) || ends(&function.path_and_line())).collect();
    }
    match found[..] {
        [function] => function,
        [] => {
            let paths: Vec<_> = functions().map(Function::path).collect();
            let ends = paths.iter().filter_map(|path| path.rsplit("::").next());
            let suggestion = suggestion(wanted, paths.iter().map(String::as_str).chain(ends));
            panic!(
                "no decorated function has the path `{}`:{suggestion} write a path such as `shop::orders::submit`",
                wanted.escape_debug()
            )
        }
        [..] => {
            let mut paths: Vec<_> = found.iter().map(|function| function.path_and_line()).collect();
            paths.sort_unstable();
            panic!(
                "{} functions have the path `{}`: write one of {}",
                found.len(),
                wanted.escape_debug(),
                paths.join(", ")
            )
        }
    }
}

fn layer(function: &'static Function, index: usize, attribute: &'static str) -> LayerDescription {
    let is_here = |position: Option<Position>| {
        position.is_some_and(|position| position.is_in(function) && position.index == index)
    };
    let circuit = all().find(|circuit| is_here(circuit.position));
    let circuit = circuit.map(|circuit| (Some(circuit.name), settings_of(&circuit)));
    let other = || kinds::all().find(|layer| is_here(layer.position().0));
    let found = circuit.or_else(|| other().map(|layer| (layer.position().1, layer.settings())));
    let is_held = found.is_none();
    let (name, settings) = found.unwrap_or_default();
    let settings = settings.into_iter().map(|(option, value)| (option, value.to_string())).collect();
    LayerDescription { attribute, name: name.map(str::to_owned), settings, is_held }
}

/// Describes the layers of a decorated function. [`describe`] returns this value.
///
/// The method `to_string` returns a line for each layer, such as `retry(max = 3, delay = 100ms)`.
///
/// ```
/// use resilience_runtime::{retry, testing, timeout};
///
/// #[retry(max = 4)]
/// #[timeout(5)]
/// async fn send_mail() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stack = testing::describe("send_mail");
/// let attributes: Vec<_> = stack.layers.iter().map(|layer| layer.attribute).collect();
/// assert_eq!(attributes, ["retry", "timeout"]);
/// assert_eq!(stack.to_string(), "retry(max = 4)\ntimeout(timeout = 5s)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// The layers. The outermost layer comes first.
    pub layers: Vec<LayerDescription>,
}

/// Describes a layer of a decorated function, with its settings.
///
/// ```
/// use resilience_runtime::{bulkhead, testing};
///
/// #[bulkhead(name = "printer", max = 2)]
/// async fn print_page() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let layer = &testing::describe("print_page").layers[0];
/// assert_eq!((layer.attribute, layer.name.as_deref(), layer.is_held), ("bulkhead", Some("printer"), false));
/// assert_eq!(layer.settings, [("max", "2".to_owned())]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerDescription {
    /// Name of the attribute, such as `retry`.
    pub attribute: &'static str,
    /// Value of the option `name`, or `None` if the attribute does not set this option.
    pub name: Option<String>,
    /// Options that are set, with the values in force as text.
    pub settings: Vec<(&'static str, String)>,
    /// Whether the layer comes from the option `with`. The field `settings` is then empty.
    pub is_held: bool,
}

impl Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, layer) in self.layers.iter().enumerate() {
            write!(f, "{}{layer}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl Display for LayerDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.is_held.then(|| "with = ..".to_owned());
        let name = self.name.as_ref().map(|name| format!("name = {name:?}"));
        let settings = self.settings.iter().map(|(option, value)| format!("{option} = {value}"));
        let options: Vec<_> = held.into_iter().chain(name).chain(settings).collect();
        f.write_str(self.attribute)?;
        if options.is_empty() { Ok(()) } else { write!(f, "({})", options.join(", ")) }
    }
}

/// Asserts that a decorated function has the given layers, with the given settings.
///
/// The first argument is the path of the function, as for [`testing::describe`](crate::testing::describe()). The second
/// argument is the expected text of the [`Stack`], with a line for each layer. The comparison ignores empty lines, and
/// spaces at the beginning and the end of a line.
///
/// # Panics
///
/// Panics if the layers or the settings differ, or if `describe` panics.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{assert_stack, circuit, timeout};
///
/// #[timeout(5)]
/// #[circuit(name = "stack_example")]
/// async fn charge_card() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// assert_stack!("charge_card", r#"
///     timeout(timeout = 5s)
///     circuit(name = "stack_example")
/// "#);
/// ```
#[macro_export]
macro_rules! assert_stack {
    ($function:expr, $layers:expr $(,)?) => {
        $crate::testing::__assert_stack(&$function, &$layers)
    };
}

#[doc(hidden)]
#[track_caller]
pub fn __assert_stack(function: &str, expected: &str) {
    let lines = expected.lines().map(str::trim).filter(|line| !line.is_empty());
    let expected = lines.collect::<Vec<_>>().join("\n");
    let stack = describe(function).to_string();
    assert!(stack == expected, "the layers of `{function}` are\n{stack}\n\nexpected\n{expected}");
}
