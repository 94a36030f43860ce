use resilience_runtime::{Config, get_circuit_stats};

#[resilience_runtime::test]
async fn threshold_comes_from_a_text() {
    Config::from_toml("[circuit.exa_api]\nthreshold = 5\ncooldown = \"250ms\"").unwrap().apply().unwrap();
    let stats = &get_circuit_stats()["exa_api"];
    assert_eq!((stats.threshold, stats.cooldown.as_millis()), (5, 250));
    for _ in 0..4 {
        super::ask().await.unwrap_err();
    }
    assert_eq!(get_circuit_stats()["exa_api"].state.as_str(), "closed");
    super::ask().await.unwrap_err();
    assert_eq!(get_circuit_stats()["exa_api"].state.as_str(), "open");
}
