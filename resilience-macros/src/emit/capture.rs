//! Generates the dead code that determines how the `async` block of the body captures each argument.
//!
//! For example, a block that contains `let _ = &mut argument;` borrows the argument uniquely, even if the statement
//! never runs.
//!
//! A body that runs at most once takes ownership of its arguments. A body that may run again borrows each argument
//! uniquely (`&mut`), unless the function has a hedge. With a shared borrow (`&`), an argument that is `Send` but not
//! `Sync` would make the future `!Send`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Pat, PatIdent, Receiver, Signature, Token};

use super::arguments::{Lent, Patterns, cfgs, names, patterns};
use crate::error::Errors;
use crate::parse::async_trait::Moved;
use crate::parse::function::Function;
use crate::parse::pattern::{Bound, bindings};
use crate::parse::shell::Shell;
use crate::parse::suggestion::suggest;
use crate::tokens::{assigns, uses};

#[derive(Default)]
pub(crate) struct Captures {
    /// Statements such as `let mut name = name;` at the beginning of the new function body. Each statement declares a
    /// variable as `mut`. The statement is necessary if Rust allows no `mut` before this variable in the pattern of the
    /// argument, or if the function has the attribute `#[instrument]`.
    pub(crate) rebound: TokenStream,
    /// Statements in dead code at the beginning of the `async` block. Each statement borrows or moves an argument, so
    /// that the block captures the argument. The block captures the arguments in the order of these statements, and
    /// drops owned arguments in this order.
    pub(crate) borrows: Vec<TokenStream>,
    /// The arguments that become local variables of the `async` block.
    pub(super) owned: Vec<OwnedArgument>,
    /// Whether the `async` block borrows arguments, and is therefore not an `async move` block. For example, the
    /// function in `failure_if` may use an argument after the body has run. The expansion needs this field only for a
    /// body that runs at most once.
    pub(crate) lends: bool,
    /// The arguments in the option `clone(..)`.
    clones: Vec<ClonedArgument>,
    pub(super) again: Vec<Again>,
    /// Whether attempts run at the same time, as in a hedge. If the field is `true`, the body borrows no argument
    /// uniquely (`&mut`).
    shared: bool,
    /// Whether `#[instrument]` wraps the body in an `async` block. The errors of rustc do not name an argument that
    /// this block captures. The expansion therefore moves the argument into a local variable before this block.
    names_locals: bool,
    /// The arguments that the body may change, although concurrent attempts share these arguments. The macro reports a
    /// compile error at each of these names.
    refused: Vec<(Ident, Refused)>,
}

/// An argument that a layer (attribute) may need again after the body has used the argument. The decorated function
/// takes the argument by value.
pub(super) struct Again {
    pub(super) cfgs: Vec<TokenStream>,
    pub(super) name: Ident,
}

/// An argument that becomes a local variable of the `async` block. For a function that is not `async`, the argument
/// becomes a parameter of a closure.
pub(super) struct OwnedArgument {
    pub(super) name: Ident,
    /// The user's `mut` before the argument. Only the local variable needs this `mut`, because only the body changes
    /// the argument.
    pub(super) is_mut: Option<Token![mut]>,
    pub(super) cfgs: Vec<TokenStream>,
    /// Whether the argument is one variable of a pattern, such as `a` in `(a, b): (u32, u32)`.
    pub(super) is_part: bool,
}

struct ClonedArgument {
    ident: Ident,
    /// The span of the user's `mut` before the argument.
    is_mut: Option<Span>,
    cfgs: Vec<TokenStream>,
    /// The span of the name in the option `clone(..)`.
    at: Span,
}

/// The reason why concurrent attempts cannot share an argument.
#[derive(Clone, Copy)]
enum Refused {
    /// The argument is declared `mut`.
    Mut,
    MutSelf,
    /// The argument is a `&mut` borrow.
    Unique,
}

impl Refused {
    fn message(self, name: &Ident) -> String {
        match self {
            Self::Mut => format!(
                "the attempts of a hedge run at the same time and share `{name}`, so that it cannot be changed: write \
                 `clone({name})` in `#[hedge]`, or put it into a `Mutex`"
            ),
            Self::MutSelf => "the attempts of a hedge run at the same time and share `self`, so that it cannot be \
                              changed: remove `mut`, and write `let mut this = self.clone();` in the body"
                .to_owned(),
            Self::Unique => format!(
                "a function that changes `{name}` through `&mut` cannot be hedged: the attempts run at the same time, \
                 and only one may hold a `&mut`; take `{name}` by `&`, or remove `#[hedge]`"
            ),
        }
    }
}

/// Returns how a body that may run again captures the arguments of `sig`. Adds `mut` to each argument in `sig` that the
/// `async` block of the body must borrow uniquely (`&mut`).
///
/// The decorated function may have code around the `async` block of the body, such as `Box::pin(async move { .. })`.
/// The returned [`Captures`] leave out each argument that the code around the block may move or shadow. `hedges` is
/// true if the decorated function has a hedge, whose attempts run at the same time. The attempts of a hedge share each
/// argument that is not in `clone`.
pub(crate) fn capture(
    sig: &mut Signature,
    function: &Function,
    hedges: bool,
    moved: &mut [Moved],
    body: &TokenStream,
    clone: &[Ident],
    errors: &mut Errors,
) -> Captures {
    let shell = function.shell.as_ref();
    let mut captures = Captures { shared: hedges, names_locals: function.is_instrumented(), ..Captures::default() };
    let mut cloned = Vec::new();
    for input in &mut sig.inputs {
        let argument = Bound::argument(input);
        let cfgs = cfgs(input);
        let patterns = patterns(input, moved);
        let is_moved = matches!(patterns, Patterns::Moved(_));
        let (pats, bound, ty) = match patterns {
            Patterns::Moved(pats) => (pats, argument, None),
            Patterns::Typed(pat, ty) => (vec![pat], argument, Some(ty)),
            Patterns::Receiver(receiver) => {
                captures.receive(receiver, argument, body);
                continue;
            }
        };
        for pat in pats {
            let is_part = !matches!(pat, Pat::Ident(PatIdent { subpat: None, .. }));
            bindings(pat, bound, ty, &mut |binding, bound| {
                let name = clone.iter().find(|name| **name == binding.ident);
                cloned.extend(name.cloned());
                let is_used_before = |shell: &Shell| shell.takes(&binding.ident.to_string());
                let is_unknown = matches!(bound, Bound::Unknown);
                if name.is_none() && !is_moved && shell.is_some_and(is_used_before) {
                    return;
                }
                if name.is_none() && is_unknown && uses(body, &binding.ident.to_string()) {
                    captures.shares(argument.refused(), &binding.ident);
                }
                captures.bind(binding, bound, body, name, &cfgs, is_part);
            });
        }
    }
    for (name, refused) in &captures.refused {
        errors.push(name.span(), refused.message(name));
    }
    check_clones(clone, &cloned, &names(sig, moved), errors);
    captures
}

/// Adds a compile error for a name in the option `clone` if the name is `self`, or is not an argument. `cloned`
/// contains the names in this option that are arguments. `arguments` contains the names of all arguments, and the error
/// suggests one of them.
fn check_clones(clone: &[Ident], cloned: &[Ident], arguments: &[(String, bool)], errors: &mut Errors) {
    for name in clone {
        if name == "self" {
            errors.push(
                name.span(),
                "`self` cannot be cloned for each attempt: write `&self`, or clone a part of it in the body",
            );
        } else if !cloned.contains(name) {
            let known: Vec<_> =
                arguments.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "self").collect();
            let instead = match suggest(&name.to_string(), &known, &[]) {
                Some(question) => question,
                None if known.is_empty() => "this function has no argument to clone".to_owned(),
                None => format!("write `{}`", known.join("`, or `")),
            };
            errors.push(name.span(), format_args!("`{name}` is not an argument of this function; {instead}"));
        }
    }
}

/// Returns how a body that runs at most once captures the arguments of `sig`.
///
/// A function drops its arguments in the reverse order of the signature. An `async` block drops captured arguments in
/// the order in which the block first names the arguments. Dead code at the beginning of the block therefore names the
/// arguments in the reverse order of the signature. The dead code leaves out arguments that the body does not use, so
/// that rustc and clippy report these arguments as unused. The block borrows the arguments in `lent`, because code
/// after the body uses these arguments. The block takes ownership of all other arguments.
///
/// If the body assigns to an argument, the argument becomes a local variable of the block. With this local variable,
/// rustc gives the same warnings as in the undecorated function. An `async` block drops its local variables before the
/// captured variables. To keep the drop order, all following arguments of the signature therefore become local
/// variables, too. The receiver `self` cannot become a local variable. If the body assigns to `self`, the block borrows
/// `self`, so that rustc gives no additional warning.
///
/// For an argument in `clone`, the block takes ownership of the clone.
pub(crate) fn hold(
    sig: &mut Signature,
    function: &Function,
    moved: &mut [Moved],
    body: &TokenStream,
    lent: &Lent,
    clone: &[Ident],
    errors: &mut Errors,
) -> Captures {
    let shell = function.shell.as_ref();
    let mut captures = Captures { lends: !lent.is_empty(), ..Captures::default() };
    if shell.is_some() && !captures.lends && clone.is_empty() {
        return captures;
    }
    let mut cloned = Vec::new();
    let is_assigned = |name: &str| shell.is_none() && assigns(body, name);
    let lends_self = |receiver: &Receiver| {
        lent.has("self") || (receiver.mutability.is_some() && is_assigned("self") && !lent.asks_self)
    };
    captures.lends |= sig.receiver().is_some_and(lends_self);
    for input in &mut sig.inputs {
        let bound = Bound::argument(input);
        let cfgs = cfgs(input);
        let (pats, bound, ty) = match patterns(input, moved) {
            Patterns::Receiver(receiver) => {
                if uses(body, "self") {
                    captures.hold_receiver(receiver, bound, body, lends_self(receiver));
                }
                continue;
            }
            Patterns::Moved(pats) => (pats, bound, None),
            Patterns::Typed(pat, _) if shell.is_some() => (vec![pat], Bound::Unknown, None),
            Patterns::Typed(pat, ty) => (vec![pat], bound, Some(ty)),
        };
        for pat in pats {
            let is_part = !matches!(pat, Pat::Ident(PatIdent { subpat: None, .. }));
            bindings(pat, bound, ty, &mut |binding, bound| {
                let name = binding.ident.to_string();
                if let Some(clone) = clone.iter().find(|clone| **clone == name) {
                    cloned.push(clone.clone());
                    captures.bind(binding, bound, body, Some(clone), &cfgs, is_part);
                    return;
                }
                if !uses(body, &name) || shell.is_some_and(|shell| shell.takes(&name)) {
                    return;
                }
                if lent.has(&name) {
                    captures.bind(binding, bound, body, None, &cfgs, is_part);
                    return;
                }
                let is_owned = !captures.owned.is_empty() || (binding.mutability.is_some() && is_assigned(&name));
                // In a function that is not `async`, an owned argument becomes a parameter of the body's closure. The
                // closure then need not capture the argument.
                if !is_owned || !function.is_blocking() {
                    let held = captures.held(&cfgs, &binding.ident);
                    captures.borrows.push(held);
                }
                if is_owned {
                    let (name, is_mut) = (binding.ident.clone(), binding.mutability.take());
                    captures.owned.push(OwnedArgument { name, is_mut, cfgs: cfgs.clone(), is_part });
                }
            });
        }
    }
    check_clones(clone, &cloned, &names(sig, moved), errors);
    captures.borrows.reverse();
    captures
}

fn borrow(cfgs: &[TokenStream], borrow: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #(#cfgs)* let _ = #borrow;)
}

impl Bound {
    fn refused(self) -> Option<Refused> {
        matches!(self, Self::Unique).then_some(Refused::Unique)
    }
}

impl Captures {
    /// Returns the statements that clone the arguments in `names`, or `None` if `names` is empty. `is_body` is true if
    /// the body uses the clones.
    pub(crate) fn clones_of(&self, names: &[Ident], is_body: bool) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let clones = self.clones.iter().filter(|clone| names.contains(&clone.ident));
        let clones = clones.map(|ClonedArgument { ident, is_mut, cfgs, at }| {
            let is_mut = Token![mut](is_mut.filter(|_| is_body).unwrap_or(mixed));
            let at = mixed.located_at(*at);
            quote_spanned!(at=> #(#cfgs)* let #is_mut #ident = ::core::clone::Clone::clone(&#ident);)
        });
        (!names.is_empty()).then(|| clones.collect())
    }

    /// Returns whether the function has a hedge, whose attempts share the arguments. If the function has a hedge, also
    /// records `refused`, the reason why the attempts cannot share the argument `name`.
    fn shares(&mut self, refused: Option<Refused>, name: &Ident) -> bool {
        self.refused.extend(refused.filter(|_| self.shared).map(|refused| (name.clone(), refused)));
        self.shared
    }

    fn hold_receiver(&mut self, receiver: &mut Receiver, bound: Bound, body: &TokenStream, is_lent: bool) {
        let this = receiver.self_token.to_token_stream();
        if !is_lent {
            let held = self.held(&[], &this);
            self.borrows.push(held);
        } else if receiver.mutability.is_some() {
            self.borrows.push(borrow(&[], &quote!(&mut #this)));
        } else {
            self.receive(receiver, bound, body);
        }
    }

    /// Returns a statement for dead code in the `async` block of the body. The statement makes the block own
    /// `argument`. In an `async move` block, a statement that borrows the argument is enough.
    fn held(&self, cfgs: &[TokenStream], argument: &impl ToTokens) -> TokenStream {
        if self.lends {
            return quote_spanned!(Span::mixed_site()=> #(#cfgs)* let _held = #argument;);
        }
        borrow(cfgs, &quote!(&#argument))
    }

    fn receive(&mut self, receiver: &mut Receiver, bound: Bound, body: &TokenStream) {
        let is_mut = receiver.mutability.is_some();
        let name = Ident::new("self", receiver.self_token.span);
        if matches!(bound, Bound::Value | Bound::Unknown) && uses(body, "self") {
            self.again.push(Again { cfgs: Vec::new(), name: name.clone() });
        }
        if !uses(body, "self") || self.shares(bound.refused().or(is_mut.then_some(Refused::MutSelf)), &name) || is_mut {
            return;
        }
        let this = receiver.self_token.to_token_stream();
        match bound {
            Bound::Shared => {}
            Bound::Unique => self.borrows.push(borrow(&[], &quote!(&mut *#this))),
            Bound::Value | Bound::Unknown => {
                receiver.mutability = Some(Token![mut](receiver.self_token.span));
                self.borrows.push(borrow(&[], &quote!(&mut #this)));
            }
        }
    }

    fn bind(
        &mut self,
        binding: &mut PatIdent,
        bound: Bound,
        body: &TokenStream,
        cloned: Option<&Ident>,
        cfgs: &[TokenStream],
        is_part: bool,
    ) {
        let ident = &binding.ident;
        let mixed = Span::mixed_site();
        let make_mut = Token![mut](mixed);
        let borrow = |borrowed| borrow(cfgs, &borrowed);
        if let Some(name) = cloned {
            // Moves the user's `mut` from the argument to the clone, because the body uses only the clone.
            let mut is_mut = binding.mutability.take();
            let name = name.span();
            let is_used = uses(body, &ident.to_string());
            if is_used && (!self.owned.is_empty() || (is_mut.is_some() && assigns(body, &ident.to_string()))) {
                let cfgs = cfgs.to_vec();
                self.owned.push(OwnedArgument { name: ident.clone(), is_mut: is_mut.take(), cfgs, is_part });
            } else if is_used && is_mut.is_none() && !self.shared {
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
            self.clones.push(ClonedArgument {
                ident: ident.clone(),
                is_mut: is_mut.map(|is_mut| is_mut.span),
                cfgs: cfgs.to_vec(),
                at: name,
            });
            return;
        }
        let is_mut = binding.mutability.is_some();
        if matches!(bound, Bound::Value | Bound::Unknown) && uses(body, &ident.to_string()) {
            self.again.push(Again { cfgs: cfgs.to_vec(), name: ident.clone() });
        }
        if !uses(body, &ident.to_string())
            || self.shares(bound.refused().or(is_mut.then_some(Refused::Mut)), ident)
            || binding.by_ref.is_some()
        {
            return;
        }
        if is_mut {
            if self.names_locals {
                let is_mut = binding.mutability.take();
                self.rebound.extend(quote_spanned!(mixed=> #(#cfgs)* let #is_mut #ident = #ident;));
            }
            return;
        }
        match bound {
            Bound::Shared => {}
            Bound::Unique => self.borrows.push(borrow(quote!(&mut *#ident))),
            Bound::Value if self.names_locals => {
                let is_mut = Token![mut](ident.span());
                self.rebound.extend(quote_spanned!(mixed=> #(#cfgs)* let #is_mut #ident = #ident;));
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
            Bound::Value => {
                // Gives `mut` a span in the user's code. Without this span, rustc would not name the variable in its
                // errors.
                binding.mutability = Some(Token![mut](ident.span()));
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
            Bound::Unknown => {
                self.rebound.extend(quote_spanned!(mixed=> #(#cfgs)* let #make_mut #ident = #ident;));
                self.borrows.push(borrow(quote!(&mut #ident)));
            }
        }
    }
}
