use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::{Error, LitStr, Path};

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[circuit(..)]` says.
pub(crate) struct Circuit {
    pub(crate) name: LitStr,
    pub(crate) threshold: Option<u32>,
    pub(crate) cooldown: Option<Duration>,
    pub(crate) half_open_max: Option<u32>,
    pub(crate) trial_timeout: Option<Duration>,
    pub(crate) failure_if: Option<TokenStream>,
    pub(crate) open: Option<TokenStream>,
}

const OPTIONS: [&str; 8] =
    ["name", "threshold", "cooldown", "half_open_max", "trial_timeout", "failure_if", "open", "crate"];

impl Circuit {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        args.require("name", "`#[circuit]` needs a name: write `#[circuit(name = \"..\")]`", errors);
        let name = args.read("name", errors, args::name);
        let threshold = args.read("threshold", errors, args::count);
        let cooldown = args.read("cooldown", errors, args::duration);
        let half_open_max = args.read("half_open_max", errors, args::count);
        let trial_timeout = args.read("trial_timeout", errors, |key, value| match args::duration(key, value)? {
            Duration::ZERO => Err(Error::new_spanned(value, "`trial_timeout` must be longer than zero")),
            timeout => Ok(timeout),
        });
        let failure_if = args.read("failure_if", errors, args::function);
        let open = args.read("open", errors, args::function);
        let runtime = args.read("crate", errors, args::path);
        let circuit =
            name.map(|name| Self { name, threshold, cooldown, half_open_max, trial_timeout, failure_if, open });
        (circuit, runtime)
    }
}
