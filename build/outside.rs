//! `outside.toml` as Rust: the lists of `src/catalog/outside.rs`.

use std::error::Error;
use std::fmt::Write;

use toml_edit::Document;

/// An expression that holds every list, each in order.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let document = Document::parse(text)?;
    let mut lists = String::from("Lists {\n");
    for (name, item) in document.iter() {
        let words = item.as_array().into_iter().flatten().map(|word| word.as_str());
        let mut words: Vec<&str> = words
            .collect::<Option<_>>()
            .ok_or("a list of outside.toml is none of words")?;
        words.sort_unstable();
        writeln!(lists, "{name}: &{words:?},")?;
    }
    Ok(lists + "}\n")
}
