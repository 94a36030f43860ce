use std::cell::Cell;

/// Returns its argument unchanged. The call compiles only if the argument is `Send`.
pub fn assert_send<T: Send>(value: T) -> T {
    value
}

/// Adds one to a counter when this value is dropped.
#[derive(Debug)]
pub struct DropCounter<'a>(pub &'a Cell<u32>);

impl Drop for DropCounter<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}
