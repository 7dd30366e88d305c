//! The hooks, the action and the snippets of docs/pipelines.md do what the page says: their shell is run here, pre-commit tries the
//! hooks, and zizmor reads the action and its workflow.

#[path = "harness/mod.rs"]
mod harness;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use serde_yaml_ng::Value;

use harness::{skip, tests};

/// What the next release breaks, and an edit that can be made now.
const CONF: &str =
    "[libvirt]\nlive_migration_permit_post_copy = true\nlive_migration_progress_timeout = 0\nvirt_type = kvm\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program of the environment that `make venvs` makes of tests/reports/requirements.txt.
fn program(name: &str) -> PathBuf {
    let venvs = std::env::var_os("NOVAMEND_VENVS").map_or_else(|| PathBuf::from(".venv"), PathBuf::from);
    let program = root().join(venvs).join("reports/bin").join(name);
    if !program.exists() {
        skip(&format!("no {}; `make venvs` makes it", program.display()));
    }
    program
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a file of the repository")
}

fn yaml(text: &str) -> Value {
    serde_yaml_ng::from_str(text).expect("YAML")
}

/// A directory with a nova.conf, and one with the programs that are to be found.
struct Ground {
    directory: tempfile::TempDir,
    programs: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        let [directory, programs] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        fs::write(directory.path().join("nova.conf"), CONF).expect("a file");
        let novamend = programs.path().join("novamend");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_novamend"), novamend).expect("a link");
        Self { directory, programs }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `program` in the directory, with novamend to be found.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env("PATH", format!("{}:{path}", self.programs.path().display()))
            .env("HOME", self.programs.path())
            .env("PRE_COMMIT_HOME", self.programs.path().join("pre-commit"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// What `script` ends with and prints.
    fn bash(&self, script: &str, variables: &[(String, String)]) -> (i32, String) {
        let mut command = self.command("bash");
        let output = command
            .args(["-euo", "pipefail", "-c", script])
            .envs(variables.iter().cloned())
            .output();
        said(&output.expect("bash runs"))
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let output = self.command("git").args(identity).args(arguments).output();
        let (code, text) = said(&output.unwrap_or_else(|error| skip(&format!("no git: {error}"))));
        assert_eq!(code, 0, "{arguments:?}: {text}");
    }
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// The blocks of the page in `language`.
fn blocks(language: &str) -> Vec<String> {
    let page = read("docs/pipelines.md");
    let parts: Vec<&str> = page.split("```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    let blocks = inside.filter_map(|block| block.strip_prefix(&format!("{language}\n")));
    blocks.map(str::to_owned).collect()
}

fn the_shell_of_the_page_runs() {
    let blocks = blocks("sh");
    assert!(blocks.len() >= 4, "the snippets are gone");
    for block in blocks {
        let ground = Ground::new();
        // Findings are what is to be seen; each line is run whatever the one before it ended with.
        let (code, text) = ground.bash(&format!("set +e\n{block}"), &[]);
        assert!(code <= 1 && !text.contains("error:"), "{block}: {code} {text}");
        let is_baseline = block.contains("--write-ignores");
        assert_eq!(code, i32::from(!is_baseline), "{block}: {text}");
        for name in ["novamend.sarif", "novamend.xml", "novamend-baseline.toml"] {
            assert_eq!(ground.at(name).exists(), block.contains(name), "{block}: {name}");
        }
    }
}

fn the_script_of_gitlab_writes_what_it_names_as_reports() {
    let all = blocks("yaml");
    let job = all
        .iter()
        .map(|block| yaml(block))
        .find(|block| block.get("nova.conf").is_some());
    let job = job.expect("the job")["nova.conf"].clone();
    let ground = Ground::new();
    for line in job["script"].as_sequence().expect("a script") {
        let (code, text) = ground.bash(line.as_str().expect("a line"), &[]);
        assert_eq!(code, 1, "{text}");
    }
    let reports = job["artifacts"]["reports"].as_mapping().expect("reports");
    assert_eq!(reports.len(), 2);
    for file in reports.values() {
        let text = fs::read_to_string(ground.at(file.as_str().expect("a name"))).expect("a report");
        assert!(text.contains("nova.conf"), "{text}");
    }
}

fn the_shell_of_jenkins_writes_what_it_names_as_reports() {
    let pipeline = blocks("groovy").remove(0);
    let quoted = |start: &str| {
        let rest = pipeline.split_once(start).expect("a step").1;
        rest.split('\'').next().expect("its text").to_owned()
    };
    let ground = Ground::new();
    let (code, text) = ground.bash(&quoted("sh '"), &[]);
    assert_eq!(code, 1, "{text}");
    for name in [quoted("junit '"), quoted("pattern: '")] {
        assert!(
            fs::read_to_string(ground.at(&name))
                .expect("a report")
                .contains("nova.conf"),
            "{name}"
        );
    }
}

/// What a step of the action is given: its environment with the inputs put in.
fn variables(step: &Value, inputs: &[(&str, &str)]) -> Vec<(String, String)> {
    let environment = step["env"].as_mapping().expect("an environment");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let put_in = |value: &Value| {
        let expression = text(value);
        let name = expression.trim_start_matches("${{ inputs.").trim_end_matches(" }}");
        let given = inputs.iter().find(|(input, _)| *input == name);
        given.map_or_else(String::new, |(_, value)| (*value).to_owned())
    };
    environment
        .iter()
        .map(|(name, value)| (text(name), put_in(value)))
        .collect()
}

fn the_action_annotates_and_writes_sarif() {
    let action = yaml(&read("action.yml"));
    let steps = action["runs"]["steps"].as_sequence().expect("steps");
    let ground = Ground::new();
    fs::create_dir(ground.at("a b")).expect("a directory");
    fs::write(ground.at("a b/nova; touch x.conf"), CONF).expect("a file");
    let inputs = [
        ("paths", "nova.conf\n\na b/nova; touch x.conf\n"),
        ("from", "rocky"),
        ("to", "stein"),
        ("fail-on", "error"),
        ("sarif", "out.sarif"),
    ];
    let run = |inputs: &[(&str, &str)]| {
        let mut last = (0, String::new());
        for step in steps {
            let mut all = variables(step, inputs);
            all.push(("RUNNER_TEMP".to_owned(), ground.programs.path().display().to_string()));
            last = ground.bash(step["run"].as_str().expect("a script"), &all);
        }
        last
    };
    let (code, text) = run(&inputs);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("\n::error file=nova.conf,line=2,"), "{text}");
    assert!(text.contains("\n::error file=a b/nova; touch x.conf,line=2,"), "{text}");
    assert!(ground.at("out.sarif").exists() && !ground.at("x.conf").exists());
    let (code, text) = run(&[("paths", "."), ("from", "rocky"), ("to", "stein"), ("fail-on", "never")]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(&[("paths", "."), ("from", "rocki")]);
    assert_eq!(code, 2, "{text}");
}

fn pre_commit_runs_the_hooks() {
    let program = program("pre-commit");
    let (hooks, ground) = (Ground::new(), Ground::new());
    fs::copy(
        root().join(".pre-commit-hooks.yaml"),
        hooks.at(".pre-commit-hooks.yaml"),
    )
    .expect("the hooks");
    fs::write(ground.at("novamend.toml"), "from = \"rocky\"\nto = \"stein\"\n").expect("settings");
    for repository in [&hooks, &ground] {
        repository.git(&["init", "--quiet"]);
        repository.git(&["add", "--all"]);
        repository.git(&["commit", "--quiet", "--message", "a"]);
    }
    let tried = |hook: &str| {
        let mut command = ground.command(&program);
        let output = command
            .arg("try-repo")
            .arg(hooks.directory.path())
            .args([hook, "--all-files"])
            .output();
        said(&output.expect("pre-commit runs"))
    };
    let (code, text) = tried("novamend-check");
    assert!(code == 1 && text.contains("lost-auto-post-copy"), "{text}");
    let (code, text) = tried("novamend-fix");
    assert!(code == 1 && text.contains("files were modified by this hook"), "{text}");
    let fixed = fs::read_to_string(ground.at("nova.conf")).expect("the file");
    assert!(
        fixed.contains("live_migration_timeout_action = force_complete\n"),
        "{fixed}"
    );
    let (code, text) = tried("novamend-fix");
    assert_eq!(code, 0, "{text}");
    // No backup: git keeps the old text.
    let left = fs::read_dir(ground.directory.path()).expect("the directory").count();
    assert_eq!(left, 3);
}

fn zizmor_finds_nothing() {
    let program = program("zizmor");
    let ground = Ground::new();
    let workflows = ground.at(".github/workflows");
    fs::create_dir_all(&workflows).expect("a directory");
    let workflow = blocks("yaml")
        .into_iter()
        .find(|block| block.contains("\njobs:\n"))
        .expect("the workflow");
    fs::write(workflows.join("nova.yml"), workflow).expect("a file");
    fs::copy(root().join("action.yml"), ground.at("action.yml")).expect("the action");
    let arguments = [
        "--offline",
        "--no-progress",
        "--persona",
        "pedantic",
        "action.yml",
        ".github/workflows/nova.yml",
    ];
    let output = ground.command(&program).args(arguments).output();
    let (code, text) = said(&output.expect("zizmor runs"));
    assert!(code == 0 && text.contains("No findings to report"), "{text}");
}

fn main() -> ExitCode {
    harness::run(&[tests![
        the_shell_of_the_page_runs,
        the_script_of_gitlab_writes_what_it_names_as_reports,
        the_shell_of_jenkins_writes_what_it_names_as_reports,
        the_action_annotates_and_writes_sarif,
        pre_commit_runs_the_hooks,
        zizmor_finds_nothing,
    ]])
}
