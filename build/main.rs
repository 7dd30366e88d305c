//! Makes the lists in `src/catalog/data` into static tables, so that the program reads no list when it starts.
//!
//! The lists stay what is edited and compared; `src/catalog/table.rs` and its neighbours include what is written here.

// What is written as source is read by the program alone.
mod entry;
#[allow(dead_code)]
#[path = "../src/catalog/index.rs"]
mod index;
mod libraries;
mod link;
mod moves;
#[allow(unreachable_pub)]
#[path = "../src/oslo/names.rs"]
mod names;
mod outside;
mod refusals;
#[path = "../src/catalog/series.rs"]
mod series;
mod values;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use index::Lists;

/// Where the lists lie.
const DATA: &str = "src/catalog/data";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DATA}");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/catalog/index.rs");
    println!("cargo::rerun-if-changed=src/catalog/series.rs");
    println!("cargo::rerun-if-changed=src/oslo/names.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    link::arrange(&out)?;
    table(&out, "options", &[&read("early.txt")?, &read("options.txt")?])?;
    table(&out, "plugins", &[&read("plugins.txt")?])?;
    fs::write(out.join("libraries.rs"), libraries::source(&read("libraries.txt")?)?)?;
    fs::write(out.join("moves.rs"), moves::source(&read("moves.toml")?)?)?;
    fs::write(out.join("outside.rs"), outside::source(&read("outside.toml")?)?)?;
    let refusing = read("refusals.toml")?;
    fs::write(out.join("refusals.rs"), refusals::source(&refusing)?)?;
    fs::write(out.join("refusals_by_name.rs"), refusals::by_name(&refusing)?)?;
    fs::write(out.join("values.rs"), values::source(&read("values.toml")?)?)?;
    Ok(())
}

fn read(name: &str) -> Result<String, Box<dyn Error>> {
    let path = Path::new(DATA).join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Writes the table of `lists` as an expression, and its text beside it.
fn table(out: &Path, name: &str, lists: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut made = Lists::default();
    for list in lists {
        made.add(list, &series::RELEASES);
    }
    made.put_in_order();
    // What is no row is needed no more.
    let Lists {
        text,
        rows,
        groups,
        names,
        old,
        by_key,
        secret,
        referring,
        group_slots,
        name_slots,
        key_slots,
    } = made;
    let source = format!(
        "{{\nstatic READ: [OnceLock<Box<Typed>>; {}] = [const {{ OnceLock::new() }}; {}];\nTable {{\n\
         text: include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.txt\")),\nrows: &{rows:?},\ngroups: &{groups:?},\n\
         names: &{names:?},\nold: &{old:?},\nby_key: &{by_key:?},\nsecret: &{secret:?},\nreferring: &{referring:?},\n\
         group_slots: &{group_slots:?},\nname_slots: &{name_slots:?},\nkey_slots: &{key_slots:?},\nread: &READ,\n}}\n}}\n",
        rows.len(),
        rows.len(),
    );
    fs::write(out.join(format!("{name}.rs")), source)?;
    fs::write(out.join(format!("{name}.txt")), text)?;
    Ok(())
}
