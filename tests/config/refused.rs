//! Tests that the library refuses wrong settings.

use std::time::Duration;
use std::{fs, io};

use resilience_runtime::{CircuitBreaker, Config, ConfigMistake, circuit, rate_limit, retry};

use crate::{Folder, messages};

/// Returns all mistakes in a text of settings. The library finds some mistakes when it reads the text, and the others
/// when it applies the settings.
fn mistakes(text: &str) -> Vec<ConfigMistake> {
    let refused = Config::from_toml(text).and_then(|config| config.apply()).unwrap_err();
    assert!(!refused.to_string().contains('\n'), "{refused}");
    refused.mistakes().to_vec()
}

#[expect(clippy::too_many_lines, reason = "a list of texts and messages")]
#[resilience_runtime::test]
async fn mistake_has_line_and_suggestion() {
    let cases = [
        ("[circiut.exa_api]\nthreshold = 5", 2, "`circiut` is no table of settings; did you mean `circuit`?"),
        (
            "x = 1",
            1,
            "`x` is no table of settings; the tables are circuit, retry, timeout, bulkhead, rate_limit, hedge",
        ),
        ("circuit = 1", 1, "`circuit` must be a table of layers, such as [circuit.name]"),
        ("[circuit]\nexa_api = 5", 2, "`exa_api` must be a table of settings, such as [circuit.name]"),
        ("\n[circuit.exa_apii]\nthreshold = 5", 3, "no circuit has the name `exa_apii`; did you mean `exa_api`?"),
        (
            "[circuit.exa_api]\nthreshhold = 5",
            2,
            "circuit `exa_api`: `threshhold` is no setting; did you mean `threshold`?",
        ),
        ("[timeout.search]\nmax = 5", 2, "timeout `search`: `max` is no setting; the settings are after"),
        (
            "[circuit.api.v2]\nthreshold = 5",
            1,
            "`v2` is a table; a name with a dot needs quotation marks: [circuit.\"api.v2\"]",
        ),
        (
            "[circuit.exa_api]\nthreshold = 0",
            2,
            "circuit `exa_api`: `threshold` is 0, but must be a whole number of at least 1",
        ),
        (
            "[circuit.exa_api]\n\nthreshold = -1",
            3,
            "circuit `exa_api`: `threshold` is -1, but must be a whole number from 1 to 4294967295",
        ),
        (
            "[circuit.exa_api]\nthreshold = \"5\"",
            2,
            "circuit `exa_api`: `threshold` is \"5\", but must be a whole number from 1 to 4294967295",
        ),
        (
            "[circuit.exa_api]\nthreshold = 99999999999999999999999",
            2,
            "circuit `exa_api`: `threshold` is 99999999999999999999999, but must be a whole number from 1 to 4294967295",
        ),
        (
            "[circuit.exa_api]\ncooldown = \"3 weeks\"",
            2,
            "circuit `exa_api`: `cooldown` is \"3 weeks\", but must be a number with one of the units `ns`, `us`, \
             `ms`, `s`, `m`, `h`, `d`, such as \"250ms\"",
        ),
        ("[circuit.exa_api]\ncooldown = -0.5", 2, "circuit `exa_api`: `cooldown` is -0.5, but must be at least 0"),
        ("[circuit.exa_api]\ncooldown = nan", 2, "circuit `exa_api`: `cooldown` is NaN, but must be at most 584 years"),
        (
            "[circuit.exa_api]\nfailure_rate = 1.5",
            2,
            "circuit `exa_api`: `failure_rate` is 1.5, but must be greater than 0, to 1",
        ),
        (
            "[circuit.exa_api]\ncount = \"request\"",
            2,
            "circuit `exa_api`: `count` is \"request\", but must be \"attempts\" or \"requests\"",
        ),
        ("[circuit.exa_api]\nshadow = 1", 2, "circuit `exa_api`: `shadow` is 1, but must be `true` or `false`"),
        (
            "[circuit.exa_api]\nmax_keys = 7",
            2,
            "circuit `exa_api`: `max_keys` is 7, but must be left out: no circuit of this name has keys",
        ),
        (
            "[circuit.exa_api]\ncooldown = 30\nfailure_rate = 0.5",
            3,
            "circuit `exa_api`: `threshold` is 3, but must be without `failure_rate` and `slow_rate`: the one or the \
             others (the settings do not contain `threshold`)",
        ),
        ("[timeout.search]\nafter = 0", 2, "timeout `search`: `after` is 0s, but must be longer than zero"),
        ("[hedge.copies]\nmax = 6", 2, "hedge `copies`: `max` is 6, but must be a whole number from 2 to 5"),
        (
            "[hedge.measured]\nafter = 1",
            2,
            "hedge `measured`: `after` is 1s, but must be left out: the hedge measures this time",
        ),
        (
            "[retry.mail]\nbackoff = 2\n\njitter = \"decorrelated\"",
            2,
            "retry `mail`: `backoff` is 2, but must be left out with decorrelated jitter",
        ),
        (
            "[rate_limit.search]\nlimit = 5",
            2,
            "rate limit `search`: `per` is not set, but must be set beside the other options (the settings do not contain `per`)",
        ),
        (
            "[retry.mail]\nmax = [1]",
            2,
            "retry `mail`: `max` is an array, but must be a whole number from 1 to 4294967295",
        ),
        ("[retry.mail]\nmax = 1\nmax = 2", 3, "duplicate key"),
        ("[retry.mail]\nmax = 1\n[retry.mail]\n", 3, "duplicate key"),
        ("[retry.mail", 1, "unclosed table, expected `]`"),
        ("[retry.mail]\nmax = \"4", 2, "invalid basic string, expected `\\\"`"),
    ];
    for (text, line, message) in cases {
        let mistakes = mistakes(text);
        let found: Vec<_> = mistakes.iter().map(|mistake| (mistake.line(), mistake.message())).collect();
        assert_eq!(found, [(Some(line), message)], "{text}");
    }
}

#[resilience_runtime::test]
async fn all_mistakes_are_listed_by_line() {
    let text = "[retry.mail]\nmax = 0\n[circuit.exa_api]\nthreshold = 0\ncooldwon = 1";
    let lines = |text| mistakes(text).iter().map(ConfigMistake::line).collect::<Vec<_>>();
    assert_eq!(lines(text), [Some(2), Some(4), Some(5)]);
    assert_eq!(lines("[retry.x]\nmax = 1\n[circuit.y]\nthreshold = 1"), [Some(2), Some(4)]);
}

#[resilience_runtime::test]
async fn error_lists_at_most_20_mistakes() {
    let lines = (0..1_000).map(|n| format!("x{n} = 1\n")).collect::<Vec<_>>().concat();
    let refused = Config::from_toml(&format!("[circuit.exa_api]\n{lines}")).unwrap_err();
    assert_eq!(refused.mistakes().len(), 20);
    assert!(refused.to_string().ends_with("; and 980 more"), "{refused}");
}

#[resilience_runtime::test]
async fn text_of_a_name_is_escaped() {
    CircuitBreaker::builder("a\nb").register().unwrap();
    let refused = Config::from_toml("[circuit.\"a\\nc\"]\nthreshold = 1").unwrap().apply().unwrap_err();
    assert_eq!(messages(&refused), ["no circuit has the name `a\\nc`; did you mean `a\\nb`?"]);
}

#[resilience_runtime::test]
async fn deep_nesting_is_refused() {
    for text in ["x = ".to_owned() + &"[".repeat(200_000), "a.".repeat(200_000) + "b = 1"] {
        assert!(Config::from_toml(&text).is_err());
    }
}

#[resilience_runtime::test]
async fn unreadable_file_is_refused_with_its_name() {
    let folder = Folder::new();
    let path = folder.join("settings.toml");
    let refusal = || {
        let refused = Config::from_file(&path).unwrap_err().to_string();
        refused.replace(&*path.to_string_lossy(), "settings.toml")
    };
    assert_eq!(refusal(), "settings.toml: No such file or directory (os error 2)");
    fs::write(&path, "#".repeat(10 << 20)).unwrap();
    assert_eq!(refusal(), "settings.toml: is larger than 1 MiB");
    fs::write(&path, "#".repeat(1 << 20)).unwrap();
    assert!(Config::from_file(&path).is_ok());
    fs::write(&path, b"[retry.mail]\nmax = \"\xff\"").unwrap();
    assert_eq!(refusal(), "settings.toml:2: the line is no UTF-8 text");
    fs::write(&path, b"[retry.mail]\nmax = 0").unwrap();
    assert_eq!(refusal(), "settings.toml:2: retry `mail`: `max` is 0, but must be a whole number of at least 1");
    assert_eq!(Config::from_file(&path).unwrap_err().mistakes()[0].file(), Some(&*path.to_string_lossy()));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(refusal(), "settings.toml: is no regular file");
}

#[resilience_runtime::test]
async fn cooldown_above_max_cooldown_is_refused() {
    let circuit = CircuitBreaker::builder("slow").cooldown(Duration::from_secs(60)).register().unwrap();
    let apply = |text: &str| Config::from_toml(text).unwrap().apply();
    let refusal = |text| apply(text).unwrap_err().to_string();
    let longer = "circuit `slow`: `max_cooldown` is 10s, but must be at least as long as `cooldown`";
    assert_eq!(refusal("[circuit.slow]\nmax_cooldown = 10"), format!("line 2: {longer}"));
    let variables = [("RESILIENCE__CIRCUIT__SLOW__COOLDOWN", "5")];
    Config::from_vars(variables).unwrap().apply().unwrap();
    apply("[circuit.slow]\nmax_cooldown = 10").unwrap();
    let refused = Config::from_vars::<String, String>([]).unwrap().apply().unwrap_err();
    assert_eq!(refused.to_string(), format!("{longer} (without the earlier settings)"));
    assert_eq!(circuit.stats().cooldown.as_secs(), 5);
}

#[resilience_runtime::test]
async fn contradiction_between_origins_names_line_of_setting() {
    #[allow(dead_code)] // This function only declares layers.
    #[retry(name = "refused_pairs", max = 2, delay = 1, backoff = 3, max_elapsed = 5)]
    #[circuit(name = "refused_pairs", failure_rate = 0.5, min_calls = 5, calls = 10, max_cooldown = 60)]
    #[rate_limit(name = "refused_pairs", limit = 2_000, per = 1)]
    async fn ask() -> io::Result<u32> {
        Ok(7)
    }

    let cases = [
        ("circuit", "half_open_max = 2\nwindow = 60", 3, "`calls` is 10, but must be without `window`"),
        ("circuit", "window = 60\nhalf_open_max = 2", 2, "`calls` is 10, but must be without `window`"),
        ("circuit", "shadow = true\ncooldown = 90", 3, "`max_cooldown` is 60s, but must be at least"),
        ("circuit", "shadow = true\ncalls = 4\nhung_after = 9", 3, "`min_calls` is 5, but must be at most `calls`"),
        ("retry", "max = 3\nbackoff = 2\ndelay = 9", 4, "`max_elapsed` is 5s, but must be at least"),
        ("retry", "max = 3\njitter = \"decorrelated\"", 3, "`backoff` is 3, but must be left out"),
        ("rate_limit", "wait = 1\nper = 0.001", 3, "`limit` is 2000, but must be a whole number from 1 to 1000"),
    ];
    for (table, settings, line, message) in cases {
        let mistakes = mistakes(&format!("[{table}.refused_pairs]\n{settings}"));
        assert!(mistakes[0].message().contains(message), "{mistakes:?}");
        assert!(mistakes[0].message().contains("(the settings do not contain `"), "{mistakes:?}");
        assert_eq!(mistakes.iter().map(ConfigMistake::line).collect::<Vec<_>>(), [Some(line)], "{mistakes:?}");
    }
    let variable = |option| format!("RESILIENCE__CIRCUIT__REFUSED_PAIRS__{option}");
    let variables = [(variable("HALF_OPEN_MAX"), "2"), (variable("WINDOW"), "60")];
    let refused = Config::from_vars(variables).unwrap().apply().unwrap_err();
    assert_eq!(refused.mistakes()[0].variable(), Some(&*variable("WINDOW")));

    // The file contains `calls`, but the variable takes precedence.
    Config::from_vars([(variable("CALLS"), "20")]).unwrap().apply().unwrap();
    let mistakes = mistakes("[circuit.refused_pairs]\ncalls = 9\nwindow = 60");
    assert!(mistakes[0].message().contains("`calls` is 20"), "{mistakes:?}");
    assert_eq!(mistakes[0].line(), Some(3));
}
