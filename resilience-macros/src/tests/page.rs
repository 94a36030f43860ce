use proc_macro2::TokenStream;

use super::expanded;

#[test]
fn docs_page_shows_current_expansion() {
    let page = include_str!("expansion.md");
    let blocks: Vec<_> = page.split("```").skip(1).step_by(2).collect();
    let [input, shown] = blocks[..] else { panic!("a function and its expansion: {blocks:?}") };
    let [input, shown] = [input, shown].map(|block| block.trim_start_matches("text").parse::<TokenStream>().unwrap());

    let mut expanded = expanded(input).to_string();
    for path in [":: resilience_runtime :: __private :: ", ":: core :: result :: Result :: ", ":: core :: ops :: "] {
        expanded = expanded.replace(path, "");
    }
    let dense = |tokens: &str| tokens.replace(' ', "");
    assert_eq!(dense(&expanded), dense(&shown.to_string()));
}
