//! Isolated tests do not influence each other.

use resilience_runtime::{assert_circuit, get_circuit, testing};

use super::{ask, timed_out};

/// Declares tests that open the shared circuit, as twenty tests of a user would.
macro_rules! tests_on_one_name {
    ($($name:ident)*) => {
        $(
            #[resilience_runtime::test]
            async fn $name() {
                assert_circuit!("kit", Closed);
                assert_eq!(ask().await.unwrap(), 7);
                testing::fail_next("kit", 3, timed_out);
                assert!(ask().await.is_err());
                assert!(ask().await.is_err());
                assert_circuit!("kit", Open);
                assert!(get_circuit("kit").unwrap().try_acquire().is_err());
            }
        )*
    };
}
tests_on_one_name! { a b c d e f g h i j k l m n o p q r s t }
