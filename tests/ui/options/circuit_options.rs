//! Each attribute has one mistake, and gets one error.

use resilience_runtime::circuit;

type Result = std::io::Result<()>;

#[circuit]
async fn no_name() -> Result { Ok(()) }

#[circuit(name = "")]
async fn empty_name() -> Result { Ok(()) }

#[circuit(name = " \t")]
async fn blank_name() -> Result { Ok(()) }

#[circuit(name = exa_api)]
async fn name_is_no_text() -> Result { Ok(()) }

#[circuit("exa_api")]
async fn name_without_key() -> Result { Ok(()) }

#[circuit(name = "a", threshold = 0)]
async fn threshold_zero() -> Result { Ok(()) }

#[circuit(name = "a", threshold = -3)]
async fn threshold_negative() -> Result { Ok(()) }

#[circuit(name = "a", threshold = 2.5)]
async fn threshold_broken() -> Result { Ok(()) }

#[circuit(name = "a", threshold = 4294967296)]
async fn threshold_too_big() -> Result { Ok(()) }

#[circuit(name = "a", threshold = LIMIT)]
async fn threshold_is_a_path() -> Result { Ok(()) }

#[circuit(name = "a", threshold = 3u32)]
async fn threshold_with_a_suffix() -> Result { Ok(()) }

#[circuit(name = "a", half_open_max = 0)]
async fn half_open_max_zero() -> Result { Ok(()) }

#[circuit(name = "a", cooldown = -30)]
async fn cooldown_negative() -> Result { Ok(()) }

#[circuit(name = "a", cooldown = 1e30)]
async fn cooldown_huge() -> Result { Ok(()) }

#[circuit(name = "a", cooldown = "30 parsecs")]
async fn cooldown_without_a_known_unit() -> Result { Ok(()) }

#[circuit(name = "a", cooldown = "soon")]
async fn cooldown_without_a_number() -> Result { Ok(()) }

#[circuit(name = "a", cooldown = 30s)]
async fn cooldown_with_a_suffix() -> Result { Ok(()) }

#[circuit(name = "a", trial_timeout = 0)]
async fn trial_timeout_zero() -> Result { Ok(()) }

#[circuit(name = "a", failure_if = 3)]
async fn failure_if_is_no_function() -> Result { Ok(()) }

#[circuit(name = "a", open = "try later")]
async fn open_is_no_function() -> Result { Ok(()) }

#[circuit(name = "a", crate = "resilience")]
async fn crate_is_no_path() -> Result { Ok(()) }

#[circuit(name = "a", treshold = 3)]
async fn misspelled() -> Result { Ok(()) }

#[circuit(name = "a", max = 3)]
async fn option_of_another_attribute() -> Result { Ok(()) }

#[circuit(name = "a", threshold = 3, threshold = 4)]
async fn twice() -> Result { Ok(()) }

#[circuit(name = "a", threshold)]
async fn no_value() -> Result { Ok(()) }

#[circuit(name = "a", threshold =)]
async fn half_typed() -> Result { Ok(()) }

#[circuit(name = "a", threshold: 3)]
async fn colon() -> Result { Ok(()) }

#[circuit(name = "a", threshold(3))]
async fn list_for_a_value() -> Result { Ok(()) }

#[circuit(name = "a" threshold = 3)]
async fn no_comma() -> Result { Ok(()) }

#[circuit = "exa_api"]
async fn equals() -> Result { Ok(()) }

fn main() {}
