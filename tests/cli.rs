//! The command line is what README.md, docs/usage.md and docs/install.md show: every `console` block in them is run.

#[test]
fn the_examples_of_the_documentation_are_what_novamend_prints() {
    let cases = trycmd::TestCases::new();
    cases.case("README.md").case("docs/usage.md").case("docs/install.md");
}
