//! Changes the settings of circuits and of other layers at run time.

#[expect(clippy::module_inception, reason = "the file of the function `configure`")]
pub(crate) mod configure;
pub(crate) mod settings;
