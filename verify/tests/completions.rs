//! Completions of `novamend-verify`, asked for as the shells' scripts ask.

use std::process::Command;

/// What fish is told that the last of `words` may be.
fn completed(words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["--", "novamend-verify"])
        .args(words)
        .env("_NOVAMEND_COMPLETE", "fish")
        .output()
        .expect("novamend-verify runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    text.lines().map(first).collect()
}

#[test]
fn verbs_flags_and_releases_are_completed() {
    assert_eq!(completed(&["resc"]), ["rescue"]);
    assert_eq!(completed(&["verify", "--lin"]), ["--link"]);
    assert_eq!(completed(&["verify", "--to", "roc"]), ["rocky"]);
    assert!(completed(&["no-such-verb", "--lin"]).is_empty());
}
