//! What is opened, and whose settings count, where somebody else owns the files: pipes and devices, images with links that
//! lead out, planted settings, names that are not UTF-8, and files made to keep a reader busy.

#[path = "oracle/ground.rs"]
mod ground;
#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/run.rs"]
mod run;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::Value;

use ground::{pipe, with};
use harness::{skip, tests};
use run::{Run, run};

const TRAP: &str = "[libvirt]\nlive_migration_progress_timeout = 0\n";
const STEIN: [&str; 4] = ["--from", "rocky", "--to", "stein"];
const HIDING: &str = "fail-on = \"never\"\n[severity]\nremoved-progress-timeout = \"off\"\n";

fn check(directory: &Path, arguments: &[&str]) -> Run {
    run(directory, &[&["check"], arguments, &STEIN[..]].concat(), "")
}

fn a_pipe_where_nova_looks_by_itself_is_named_and_not_read() {
    let at = with(&[("etc/nova/empty", ""), ("etc/nova.conf", TRAP)]);
    pipe(&at.path().join("etc/nova/nova.conf"));
    let run = check(at.path(), &["--root", "."]);
    // Nova would open it; what lies in the next place is not what nova reads.
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(
        run.err.contains("etc/nova/nova.conf") && run.err.contains("is a pipe"),
        "{}",
        run.err
    );
}

fn a_file_of_the_kernel_is_read_only_where_it_is_named() {
    let at = with(&[("d/a.conf", TRAP)]);
    symlink("/proc/self/status", at.path().join("d/b.conf")).expect("a link");
    for arguments in [&["d"][..], &["--config-dir", "d"]] {
        let run = check(at.path(), arguments);
        assert_eq!(run.code, 2, "{}", run.out);
        assert!(run.err.contains("file of the kernel"), "{}", run.err);
    }
}

fn an_image_whose_link_leads_out_gets_nothing_of_the_host_written() {
    let at = with(&[("host/nova.conf", TRAP), ("img/etc/nova/x", "")]);
    let host = at.path().join("host/nova.conf");
    symlink(&host, at.path().join("img/etc/nova/nova.conf")).expect("a link");
    let fix = [&["fix", "--write", "--root", "img"], &STEIN[..]].concat();
    let ways = [
        &[][..],
        &["img/etc/nova/nova.conf"],
        &["--config-file", "./img/etc/nova/nova.conf"],
    ];
    for way in ways {
        let run = run(at.path(), &[&fix[..], way].concat(), "");
        assert_eq!(run.code, 2, "{way:?}: {}", run.out);
        assert_eq!(fs::read_to_string(&host).expect("the file"), TRAP);
    }
    // The same path inside the image is what the link means there.
    let inside = at.path().join("img").join(host.strip_prefix("/").expect("absolute"));
    fs::create_dir_all(inside.parent().expect("a parent")).expect("directories");
    fs::write(&inside, TRAP).expect("a file");
    let fixed = run(at.path(), &fix, "");
    assert_eq!(fixed.code, 0, "{}{}", fixed.out, fixed.err);
    assert_eq!(fs::read_to_string(&inside).expect("the file"), "[libvirt]\n");
    let undone = run(at.path(), &["undo", "--root", "img", "img/etc/nova/nova.conf"], "");
    assert_eq!(undone.code, 0, "{}", undone.err);
    assert_eq!(fs::read_to_string(&inside).expect("the file"), TRAP);
    assert_eq!(fs::read_to_string(&host).expect("the file"), TRAP);
    assert_eq!(fs::read_dir(at.path().join("host")).expect("a directory").count(), 1);
}

fn the_home_of_the_caller_is_not_looked_into_below_another_root() {
    let at = with(&[("home/.nova/nova.conf", TRAP), ("img/home/.nova/nova.conf", TRAP)]);
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(["check", "--root", "img"])
        .current_dir(at.path())
        .env_clear()
        .env("HOME", "/home")
        .output()
        .expect("novamend runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing to read"));
}

fn the_home_is_the_one_python_finds() {
    let at = with(&[("home/.nova/nova.conf", TRAP)]);
    // Relative to the working directory, as `os.path.abspath(os.path.expanduser("~"))` has it.
    let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(["check", "--format", "short", "--from", "rocky", "--to", "stein"])
        .current_dir(at.path())
        .env_clear()
        .env("HOME", "home")
        .output()
        .expect("novamend runs");
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("home/.nova/nova.conf:2:1"), "{out}");
}

fn every_format_names_the_settings_and_what_they_hide() {
    let at = with(&[("nova.conf", TRAP), ("novamend.toml", HIDING)]);
    for command in ["check", "fix"] {
        for format in ["pretty", "short", "json"] {
            let arguments = [&[command, "nova.conf", "--format", format], &STEIN[..]].concat();
            let run = run(at.path(), &arguments, "");
            let out = &run.out;
            assert!(out.contains("./novamend.toml"), "{command} {format}: {out}");
            if format == "json" {
                let document: Value = serde_json::from_str(out).expect("JSON");
                let hidden = if command == "check" {
                    &document["summary"]["hidden"]
                } else {
                    &document["hidden"]
                };
                assert_eq!(hidden["rules_off"], 1, "{document}");
            } else {
                assert!(out.contains("1 hidden by ./novamend.toml"), "{command} {format}: {out}");
                assert!(out.contains("fail-on never"), "{command} {format}: {out}");
            }
        }
    }
}

fn root_takes_no_settings_unasked_that_somebody_else_has_a_hand_in() {
    if !rustix::process::geteuid().is_root() {
        skip("only root can make files of others");
    }
    let at = with(&[("nova.conf", TRAP), ("novamend.toml", HIDING)]);
    let settings = at.path().join("novamend.toml");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    let refused = |what: &str| {
        let run = check(at.path(), &["nova.conf"]);
        assert_eq!(run.code, 2, "{what}: {}", run.out);
        assert!(run.err.contains("--settings novamend.toml"), "{what}: {}", run.err);
    };
    assert_eq!(check(at.path(), &["nova.conf"]).code, 0);
    mode(&settings, 0o664);
    refused("a group that may write");
    mode(&settings, 0o644);
    mode(at.path(), 0o777);
    refused("a directory that all may write");
    mode(at.path(), 0o1777);
    assert_eq!(check(at.path(), &["nova.conf"]).code, 0);
    chown(&settings, Some(4242), None).expect("another owner");
    refused("another owner");
    assert_eq!(check(at.path(), &["nova.conf", "--settings", "novamend.toml"]).code, 0);
    assert_eq!(check(at.path(), &["nova.conf", "--no-settings"]).code, 1);
}

fn settings_that_are_found_are_a_regular_file() {
    let at = with(&[("nova.conf", TRAP), ("other.toml", HIDING)]);
    let settings = at.path().join("novamend.toml");
    symlink("other.toml", &settings).expect("a link");
    assert_eq!(check(at.path(), &["nova.conf"]).code, 2);
    fs::remove_file(&settings).expect("removed");
    pipe(&settings);
    assert_eq!(check(at.path(), &["nova.conf"]).code, 2);
}

fn a_nova_conf_that_is_named_as_settings_is_not_shown() {
    let at = with(&[("nova.conf", "[database]\nconnection = mysql://nova:hunter2@db/nova\n")]);
    let run = check(at.path(), &["nova.conf", "--settings", "nova.conf"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("nova.conf:2:") && !run.err.contains("hunter2"),
        "{}",
        run.err
    );
}

fn a_name_that_is_not_utf8_is_read_and_told_apart_everywhere() {
    let at = with(&[]);
    for byte in [0xfe, 0xff] {
        let name = [b"a".as_slice(), &[byte], b".conf"].concat();
        fs::write(at.path().join(OsStr::from_bytes(&name)), TRAP).expect("a file");
    }
    let name = OsStr::from_bytes(b"a\xff.conf");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
            .args(arguments)
            .arg(name)
            .current_dir(at.path())
            .output()
            .expect("novamend runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, out) = run(&["where", "--all", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    let rows = &document["assignments"];
    assert_eq!((code, &rows[0]["file_hex"]), (Some(0), &Value::from("61ff2e636f6e66")));
    assert_eq!(rows[0]["file"], "a\\xff.conf");
    for arguments in [
        &["where", "--all"][..],
        &["where", "libvirt.virt_type"],
        &["check", "--from", "rocky"],
    ] {
        assert_ne!(run(arguments).0, Some(2), "{arguments:?}");
    }
    let (_, out) = run(&["check", "--from", "rocky", "--to", "stein", "--format", "json", "."]);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        document["checked"]["paths_hex"].as_array().map(Vec::len),
        Some(2),
        "{document}"
    );
}

fn files_that_are_made_to_keep_a_reader_busy_do_not() {
    let many = |line: &str, count: usize| line.repeat(count);
    let numbered = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    // The bound of `run`, two minutes, holds for each. Where the cost was the square of the length, or worse, the longest of
    // these took many times that.
    let texts = [
        format!("[DEFAULT]\n{}", many("novncproxy_host = 192.0.2.1\n", 1500)),
        format!("[DEFAULT]\n{}", many("use_neutron = true\n", 1500)),
        format!("[libvirt]\n{}", many("virt_type = kvm # x\n", 1500)),
        format!(
            "[filter_scheduler]\nenabled_filters = {}\n",
            numbered(8000, &|n| format!("F{n}Filter,"))
        ),
        format!(
            "[DEFAULT]\nenabled_apis = {}\n",
            numbered(64_000, &|n| format!("a{n},"))
        ),
        format!(
            "[DEFAULT]\n{}",
            many("{% if x %}\nmy_ip = 192.0.2.1\n{% endif %}\n", 600)
        ),
        format!(
            "[DEFAULT]\n{}my_ip = 192.0.2.1\n{}",
            many("{% if x %}\n", 3000),
            many("{% endif %}\n", 3000)
        ),
        format!(
            "[DEFAULT]\n{}my_ip = $a0\n",
            numbered(600, &|n| format!("a{n} = $a{0}$a{0}\n", n + 1))
        ),
    ];
    for text in texts {
        let at = with(&[("nova.conf", &text)]);
        for command in ["check", "fix"] {
            let run = run(at.path(), &[&[command, "nova.conf"], &STEIN[..]].concat(), "");
            assert_ne!(run.code, 101, "{}", run.err);
            assert!(!run.out.is_empty(), "{}", run.err);
        }
    }
}

fn main() -> ExitCode {
    harness::run(&[tests![
        a_pipe_where_nova_looks_by_itself_is_named_and_not_read,
        a_file_of_the_kernel_is_read_only_where_it_is_named,
        an_image_whose_link_leads_out_gets_nothing_of_the_host_written,
        the_home_of_the_caller_is_not_looked_into_below_another_root,
        the_home_is_the_one_python_finds,
        every_format_names_the_settings_and_what_they_hide,
        root_takes_no_settings_unasked_that_somebody_else_has_a_hand_in,
        settings_that_are_found_are_a_regular_file,
        a_nova_conf_that_is_named_as_settings_is_not_shown,
        a_name_that_is_not_utf8_is_read_and_told_apart_everywhere,
        files_that_are_made_to_keep_a_reader_busy_do_not,
    ]])
}
