//! Defines the macros that emit the events of this crate.

/// Emits an event with `tracing`, at the level `$level`, and passes the event to the user's subscribers. A subscriber
/// may itself call decorated functions. The function [`aside`](crate::base::noted::aside) keeps these calls from
/// affecting the call that emits the event.
macro_rules! event {
    ($level:ident, $name:literal $(, $field:ident $(= $value:expr)?)* $(,)?) => {{
        $($(let $field = $value;)?)*
        $crate::base::noted::aside(|| {
            $crate::events::emit::traced!($level, $name, $($field),*);
            if $crate::events::hub::wants_all() {
                $crate::events::emit::deliver!($name, None, $($field),*);
            }
        });
    }};
}
pub(crate) use event;

/// Works like [`event`], for an event that reports the change of a circuit from the state `$from` to the state `$to`.
macro_rules! transition {
    ($from:expr => $to:expr, $level:ident, $name:literal $(, $field:ident $(= $value:expr)?)* $(,)?) => {{
        $($(let $field = $value;)?)*
        $crate::base::noted::aside(|| {
            $crate::events::emit::traced!($level, $name, $($field),*);
            if $crate::events::hub::wants_transitions() {
                $crate::events::emit::deliver!($name, Some(($from, $to)), $($field),*);
            }
        });
    }};
}
pub(crate) use transition;

macro_rules! traced {
    ($level:ident, $name:literal, $($field:ident),*) => {
        tracing::$level!(name: $name, target: $crate::events::TARGET, $($field,)* $name)
    };
}
pub(crate) use traced;

macro_rules! deliver {
    ($name:literal, $transition:expr, $($field:ident),*) => {{
        let fields = [$((stringify!($field), $crate::events::value::Text::text(&$field))),*];
        $crate::events::hub::Hub::current().deliver($crate::events::value::Event::new($name, fields, $transition));
    }};
}
pub(crate) use deliver;
