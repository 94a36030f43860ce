//! Parses the text formats of Prometheus and OpenMetrics. Panics if a text breaks a rule of its format.

use std::collections::{BTreeMap, BTreeSet};

use resilience_runtime::prometheus_text;

/// The samples of a metrics text. The key of a sample is its name with its labels.
#[derive(Debug)]
pub(crate) struct Samples(BTreeMap<(String, BTreeMap<String, String>), f64>);

/// Reads the metrics of the whole program.
pub(crate) fn read() -> Samples {
    Samples::of_prometheus(&prometheus_text())
}

impl Samples {
    pub(crate) fn of_prometheus(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        Self::parse(text, |kind, name| match kind {
            "histogram" => vec![format!("{name}_bucket"), format!("{name}_sum"), format!("{name}_count")],
            "counter" | "gauge" => vec![name.to_owned()],
            _ => panic!("kind {kind}"),
        })
    }

    pub(crate) fn of_openmetrics(text: &str) -> Self {
        let text = text.strip_suffix("# EOF\n").expect("the text ends with EOF");
        Self::parse(text, |kind, name| match kind {
            "histogram" => vec![format!("{name}_bucket"), format!("{name}_sum"), format!("{name}_count")],
            "counter" => vec![format!("{name}_total")],
            "info" => vec![format!("{name}_info")],
            "gauge" => vec![name.to_owned()],
            _ => panic!("kind {kind}"),
        })
    }

    /// Parses a text. The function `names` receives the kind and the name of a metric, and returns the allowed names of
    /// its samples.
    fn parse(text: &str, names: impl Fn(&str, &str) -> Vec<String>) -> Self {
        let (mut families, mut allowed, mut help) = (BTreeSet::new(), Vec::new(), None);
        let mut samples = BTreeMap::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, sentence) = rest.split_once(' ').expect("a name and a sentence");
                assert!(sentence.ends_with('.') && !sentence.contains(['\\', '"']), "{line}");
                assert!(families.insert(name.to_owned()), "{name} appears twice");
                help = Some(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a kind");
                assert_eq!(help.take().as_deref(), Some(name), "the help precedes the type");
                allowed = names(kind, name);
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                let (name, unit) = rest.split_once(' ').expect("a name and a unit");
                assert!(name.ends_with(unit) && families.contains(name), "{line}");
            } else {
                let (name, labels, value) = sample(line);
                assert!(allowed.contains(&name), "{line} belongs to another metric");
                assert!(samples.insert((name, labels), value).is_none(), "{line} appears twice");
            }
        }
        Self(samples)
    }

    /// Returns the value of the sample with this name and exactly these labels.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        self.0.get(&(name.to_owned(), labels)).copied()
    }

    /// Returns a pair for each sample with this name and this label: the value of the label `by`, and the value of the
    /// sample.
    pub(crate) fn by(&self, name: &str, (label, value): (&str, &str), by: &str) -> Vec<(String, f64)> {
        let samples = self
            .0
            .iter()
            .filter(|((found, labels), _)| found == name && labels.get(label).is_some_and(|found| found == value));
        samples.map(|((_, labels), value)| (labels.get(by).cloned().unwrap_or_default(), *value)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Parses a line with a sample, such as `name{label="value"} 1`.
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, rest) = line.split_at(line.find(['{', ' ']).expect("a name"));
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    let mut characters = rest.chars();
    let mut separator = characters.next();
    while let Some('{' | ',') = separator {
        let label: String = characters.by_ref().take_while(|character| *character != '=').collect();
        assert!(is_name(&label), "{line}");
        assert_eq!(characters.next(), Some('"'), "{line}");
        let mut value = String::new();
        loop {
            match characters.next().expect("the end of a value") {
                '"' => break,
                '\\' => value.push(match characters.next() {
                    Some('n') => '\n',
                    Some(escaped @ ('\\' | '"')) => escaped,
                    other => panic!("{line} escapes {other:?}"),
                }),
                character => value.push(character),
            }
        }
        assert!(labels.insert(label, value).is_none(), "{line} repeats a label");
        separator = characters.next();
        if separator == Some('}') {
            separator = characters.next();
        } else {
            assert_eq!(separator, Some(','), "{line}");
        }
    }
    assert_eq!(separator, Some(' '), "{line}");
    (name.to_owned(), labels, characters.as_str().parse().unwrap_or_else(|_| panic!("{line}")))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_ascii_lowercase() || character == '_')
}
