//! The three actions on a host that can do them, as root and as an ordinary user, with and without KVM.

use std::fs;

use serde_json::Value;

use crate::ground::{Ground, NOBODY, Ran, has_kvm, need_kvm, need_real, userfaultfd_is_open};
use crate::harness::{Test, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";
const PAUSE: &str = "live_migration_timeout_action = force_complete";
const ACTIONS: [&str; 3] = ["abort", "post_copy", "pause"];

fn all_hold(ground: &Ground, words: &str) {
    let ran = ground.verify(words, None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("force_complete by post-copy works on this host: "),
        "{ran:?}"
    );
    for action in ACTIONS {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
    }
    for trial in ran.report()["session"]["trials"].as_array().unwrap() {
        let judgement = &trial["judgement"];
        let stood = judgement["blackout_ms"].as_f64().unwrap();
        assert!(
            stood > 0.0,
            "the guest beats every 2 ms, so its silence is never nothing: {judgement}"
        );
        assert!(
            judgement["remaining"].as_i64().unwrap() > 0,
            "nova acted while something was left: {judgement}"
        );
    }
}

fn all_three_actions_work_as_root_in_software_emulation() {
    need_real();
    all_hold(&Ground::new(POST_COPY, "root"), "--action all --emulate");
}

fn all_three_actions_work_as_root_with_kvm() {
    need_real();
    need_kvm();
    all_hold(&Ground::new(POST_COPY, "root"), "--action all");
}

/// What trials showed, but for times: each with its action, its flags and its checks, and the verdict.
fn shown(ran: &Ran) -> Vec<String> {
    let report = ran.report();
    let trials = report["session"]["trials"].as_array().unwrap();
    let of_trial = |trial: &Value| {
        let (judgement, mut request) = (&trial["judgement"], trial["request"].clone());
        // halved where a busy machine let the guest converge
        request["bandwidth"].take();
        format!("{} {} {}", judgement["action"], request, judgement["checks"])
    };
    let verdict = &report["verdict"];
    let words = [&verdict["result"], &verdict["causes"], &verdict["not_proven"]];
    trials.iter().map(of_trial).chain(words.map(Value::to_string)).collect()
}

/// Whether some trial began before the one that comes before it in the report had ended.
fn overlap(ran: &Ran) -> bool {
    let report = ran.report();
    let trials = report["session"]["trials"].as_array().unwrap();
    let time = |trial: &Value, name: &str| trial["trace"][name].as_f64().unwrap();
    trials
        .windows(2)
        .any(|pair| time(&pair[1], "began") < time(&pair[0], "ended"))
}

fn trials_side_by_side_show_what_they_show_one_after_the_other() {
    need_real();
    let ground = Ground::new(POST_COPY, "root");
    // an emulated guest keeps a core to itself
    let (words, enough) = if has_kvm() {
        ("--action all", 2)
    } else {
        ("--action all --emulate", 4)
    };
    // as on a machine that nobody else uses
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let stat = stat.lines().filter(|line| !line.starts_with("procs_running"));
    let stat: String = stat
        .chain(["procs_running 1"])
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(ground.path("stat"), stat).unwrap();
    let quiet = "mount --bind \"$HERE/stat\" /proc/stat";
    let beside = Ran::of(&ground.command_on(quiet, words).output().unwrap());
    let one_core = format!("{quiet}; taskset -p 1 $$ > /dev/null");
    let alone = Ran::of(&ground.command_on(&one_core, words).output().unwrap());
    assert_eq!((beside.code, alone.code), (Some(0), Some(0)), "{beside:?} {alone:?}");
    assert_eq!(shown(&beside), shown(&alone));
    assert!(!overlap(&alone), "one core is not enough: {alone:?}");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert_eq!(overlap(&beside), cores >= enough, "{beside:?}");
}

fn several_connections_do_not_make_the_guest_converge() {
    need_real();
    let file = format!("{PAUSE}\nlive_migration_parallel_connections = 4");
    let ran = Ground::new(&file, "root").verify("--emulate", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("pause"), Vec::<String>::new());
}

fn an_ordinary_user_gets_a_verdict_too() {
    need_real();
    let ran = Ground::new(PAUSE, "nobody").verify("--action all --emulate", Some(NOBODY));
    ran.needed_user_namespaces();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("force_complete by pausing the guest works on this host: "),
        "{ran:?}"
    );
    for action in ["abort", "pause"] {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
    }
    assert_eq!(
        ran.failed_checks("post_copy").is_empty(),
        userfaultfd_is_open(),
        "{ran:?}"
    );
    assert_eq!(ran.report()["session"]["conditions"]["mode"], "session");
}

fn an_ordinary_user_may_use_kvm_where_the_device_lets_everybody_in() {
    need_real();
    need_kvm();
    let ground = Ground::new(PAUSE, "nobody");
    let open_device = "mkdir \"$HERE/dev\" && mount -t tmpfs none \"$HERE/dev\" && mknod -m 666 \"$HERE/dev/kvm\" c \
        10 232 \
                       && mount --bind \"$HERE/dev/kvm\" /dev/kvm";
    for user in ["", "setpriv --reuid=65534 --regid=65534 --clear-groups"] {
        let script = format!("{open_device} && exec {user} \"$HERE/novamend-verify\" \"$@\"");
        let ran = Ran::patiently(|| {
            let output = std::process::Command::new("unshare")
                .args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"])
                .args(ground.arguments("--action all"))
                .env("HERE", ground.path(""))
                .env("HOME", "/nonexistent")
                .output();
            let _ = std::fs::remove_dir(ground.path("dev"));
            Ran::of(&output.unwrap())
        });
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.report()["session"]["conditions"]["emulated"], false, "{ran:?}");
        for action in ["abort", "pause"] {
            assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
        }
    }
}

fn the_monitor_of_rocky_switches_by_itself() {
    need_real();
    need_kvm();
    let file = "live_migration_permit_post_copy = true\nlive_migration_completion_timeout = 0";
    let ran = Ground::new(file, "root").verify("--to rocky", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("post_copy"), Vec::<String>::new());
    let ran = Ground::new(file, "root").verify("--to stein", None);
    assert_eq!(ran.code, Some(1), "the same file in the next release: {ran:?}");
    assert!(
        ran.headline().contains("post-copy is permitted but never starts"),
        "{ran:?}"
    );
}

fn the_report_is_one_page_that_loads_nothing_and_its_json_is_what_is_printed() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    let page = ground.path("a report.html");
    let mut command = ground.command("--emulate", None);
    let output = command.arg("--report").arg(&page).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let html = std::fs::read_to_string(&page).unwrap();
    for wanted in [
        "works as configured",
        "<svg class=\"wide\"",
        "<svg class=\"narrow\"",
        "pauses the guest",
        "pass 1",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    let outside = html.replace("http://www.w3.org/2000/svg", "");
    for unwanted in ["http:", "https:", "<script", "<link", "<img", "url(", "@import"] {
        assert!(!outside.contains(unwanted), "{unwanted}");
    }
    let json = std::fs::read(page.with_extension("json")).unwrap();
    assert_eq!(json, output.stdout);
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    all_three_actions_work_as_root_in_software_emulation,
    all_three_actions_work_as_root_with_kvm,
    trials_side_by_side_show_what_they_show_one_after_the_other,
    several_connections_do_not_make_the_guest_converge,
    an_ordinary_user_gets_a_verdict_too,
    an_ordinary_user_may_use_kvm_where_the_device_lets_everybody_in,
    the_monitor_of_rocky_switches_by_itself,
    the_report_is_one_page_that_loads_nothing_and_its_json_is_what_is_printed,
];
