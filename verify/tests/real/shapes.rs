//! What the guest is like: six shapes, each with the three actions, and the guest that nova builds where it starts and where
//! it does not.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::ground::{Ground, Ran, need_kvm, need_real};
use crate::harness::{Test, skip, skip_anywhere, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";
const ACTIONS: [&str; 3] = ["abort", "post_copy", "pause"];

/// What every action did, and what the guest was made of.
fn all_three(ground: &Ground, words: &str) -> Ran {
    let ran = ground.verify(&format!("--action all {words}"), None);
    let report = ran.report();
    let trials = report["session"]["trials"].as_array().map_or(0, Vec::len);
    assert_eq!(trials, 3, "{ran:?}");
    ran
}

fn all_hold(ground: &Ground, words: &str) -> Value {
    let ran = all_three(ground, words);
    for action in ACTIONS {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{words}: {action}");
    }
    assert_eq!(ran.code, Some(0), "{words}: {ran:?}");
    ran.report()["session"]["conditions"].clone()
}

fn anonymous_memory_and_a_memfd_take_every_action() {
    need_real();
    need_kvm();
    let ground = Ground::new(POST_COPY, "root");
    assert_eq!(all_hold(&ground, "--shape anonymous")["memory"], "anonymous");
    assert_eq!(all_hold(&ground, "--shape memfd")["memory"], "memfd");
}

/// A ground whose libvirt would put guests' memory on the file system of `directory`.
fn with_memory_in(directory: &Path) -> Ground {
    let ground = Ground::new(POST_COPY, "root");
    let conf = format!(
        "user = \"root\"\ngroup = \"root\"\nmemory_backing_dir = \"{}\"\n",
        directory.display()
    );
    fs::write(ground.path("qemu.conf"), conf).unwrap();
    ground
}

fn memory_in_files_on_tmpfs_takes_every_action_and_on_a_disk_post_copy_loses_the_guest() {
    need_real();
    need_kvm();
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    let memory = all_hold(&with_memory_in(shm.path()), "--shape files")["memory"].clone();
    assert_eq!(memory["files"]["file_system"], "tmpfs");
    let disk = tempfile::tempdir_in("/var/tmp").unwrap();
    let ground = with_memory_in(disk.path());
    let ran = all_three(&ground, "--shape files");
    let memory = &ran.report()["session"]["conditions"]["memory"]["files"];
    if memory["file_system"] != "ext4" {
        skip_anywhere(&format!("/var/tmp is on {}", memory["file_system"]));
    }
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let failed = ran.failed_checks("post_copy");
    let is_lost = failed[0].starts_with("the guest is not lost: post-copy had begun");
    let is_refused = failed[0].starts_with("the action was taken");
    assert!(is_lost || is_refused, "{failed:?}");
    for action in ["abort", "pause"] {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
    }
}

fn huge_pages_take_every_action_or_are_said_to_be_missing() {
    need_real();
    need_kvm();
    let ground = Ground::new(POST_COPY, "root");
    let free = fs::read_to_string("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages").unwrap_or_default();
    if free.trim().parse::<u64>().unwrap_or(0) < 24 {
        let ran = ground.verify("--shape huge-pages", None);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("not enough free huge pages"), "{ran:?}");
        skip_anywhere("this machine keeps no huge pages (sysctl vm.nr_hugepages)");
    }
    let memory = all_hold(&ground, "--shape huge-pages")["memory"].clone();
    assert_eq!(memory["huge_pages"]["size_kib"], 2048);
}

fn every_device_takes_every_action() {
    need_real();
    need_kvm();
    let conditions = all_hold(&Ground::new(POST_COPY, "root"), "--shape devices");
    let words = conditions["shape"]["tried"][0][1]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    for device in [
        "virtio disk",
        "virtio network",
        "virtio graphics",
        "random number generator",
        "balloon",
    ] {
        assert!(words.contains(device), "{words}");
    }
}

fn the_guest_that_nova_builds_takes_every_action_where_its_processor_starts() {
    need_real();
    need_kvm();
    let ground = Ground::new(&format!("{POST_COPY}\ncpu_mode = none"), "root");
    let conditions = all_hold(&ground, "--shape nova");
    assert_eq!(conditions["shape"]["asked"], "nova");
    assert_eq!(conditions["shape"]["refused"], serde_json::json!([]));
    let ground = Ground::new(
        &format!("{POST_COPY}\ncpu_mode = none\nhw_machine_type = x86_64=q35"),
        "root",
    );
    let words = all_hold(&ground, "--shape nova")["shape"]["tried"][0][1].clone();
    assert!(words.as_str().unwrap().starts_with("machine q35, "), "{words}");
}

fn a_processor_that_does_not_start_is_the_verdict_and_a_plain_guest_is_further_evidence() {
    need_real();
    need_kvm();
    let ground = Ground::new(
        &format!("{POST_COPY}\ncpu_mode = custom\ncpu_models = no-such-model"),
        "root",
    );
    let ran = ground.verify("--shape nova", None);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("no guest of nova starts on this host, even without devices"),
        "{ran:?}"
    );
    assert!(ran.headline().contains("no-such-model"), "{ran:?}");
    assert!(ran.remedy().contains("cpu_models"), "{ran:?}");
    assert_eq!(ran.failed_checks("post_copy"), Vec::<String>::new());
    // by an ordinary user nothing is known of the host's own QEMU
    let ran = ground.verify("--shape nova", Some(crate::ground::NOBODY));
    ran.needed_user_namespaces();
    assert_eq!(ran.report()["verdict"]["result"], "not_proven", "{ran:?}");
}

fn a_guest_like_a_domain_is_made_of_what_that_has_and_names_what_it_lacks() {
    need_real();
    need_kvm();
    let ground = Ground::new(POST_COPY, "root");
    let domain = |more: &str| {
        let text = format!(
            "<domain type='kvm'><memoryBacking><source type='memfd'/></memoryBacking><os><type arch='x86_64' \
             machine='q35'>hvm</type></os><features><acpi/></features><devices><disk device='disk'><target dev='sda' \
             bus='scsi'/></disk><memballoon model='virtio'/>{more}</devices></domain>"
        );
        fs::write(ground.path("domain.xml"), text).unwrap();
    };
    domain("");
    // the ground has a blank in its name, and words are parted there
    let link = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = link.path().join("domain.xml");
    std::os::unix::fs::symlink(ground.path("domain.xml"), &path).unwrap();
    let like = format!("--like {}", path.display());
    let conditions = all_hold(&ground, &like);
    assert_eq!(conditions["memory"], "memfd");
    let words = conditions["shape"]["tried"][0][1].as_str().unwrap_or_default();
    assert!(words.contains("machine q35") && words.contains("scsi disk"), "{words}");
    domain("<hostdev mode='subsystem' type='pci'/>");
    let ran = ground.verify(&like, None);
    assert_eq!(ran.report()["verdict"]["result"], "not_proven", "{ran:?}");
    assert!(ran.headline().contains("hostdev"), "{ran:?}");
}

/// A host with a libvirt of its own and a domain that runs there, on which the program is run with the arguments; how the domain
/// stands afterwards goes to `left`.
const WITH_A_DOMAIN: &str = r#"
set -e
for at in /run /etc/libvirt /var/lib/libvirt /var/log/libvirt; do mount -t tmpfs none $at; done
printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'namespaces = []' 'cgroup_controllers = []' \
    'stdio_handler = "file"' > /etc/libvirt/qemu.conf
export LIBVIRT_DEFAULT_URI=qemu:///system
libvirtd -d
truncate -s 1M "$HERE/disk"
virsh -q create "$HERE/domain.xml" >&2
"$HERE/novamend-verify" "$@" & wait $! || code=$?
virsh domstate instance-0000002a > "$HERE/left"
exit ${code:-0}
"#;

fn a_domain_that_runs_is_asked_for_its_xml_and_nothing_else() {
    need_real();
    need_kvm();
    if !Path::new("/usr/sbin/libvirtd").is_file() || !Path::new("/usr/bin/virsh").is_file() {
        skip("no libvirtd or no virsh");
    }
    let ground = Ground::new(POST_COPY, "root");
    let image = Command::new(&ground.program).arg("guest-image").output().unwrap();
    fs::write(ground.path("rom"), image.stdout).unwrap();
    let at = |name: &str| ground.path(name).display().to_string();
    let domain = format!(
        "<domain type='kvm'><name>instance-0000002a</name><memory unit='MiB'>96</memory><memoryBacking><source type='memfd'/>\
         <access mode='shared'/></memoryBacking><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type>\
         <loader readonly='yes' type='rom'>{}</loader></os><features><acpi/><apic/></features>\
         <cpu mode='custom' match='exact'><model>Nehalem</model><topology sockets='2' cores='1' threads='1'/></cpu>\
         <clock offset='utc'><timer name='pit' tickpolicy='delay'/><timer name='hpet' present='no'/></clock><devices>\
         <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>\
         <target dev='vda' bus='virtio'/></disk><serial type='null'/><video><model type='virtio'/></video>\
         <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\
         <memballoon model='virtio'><stats period='10'/></memballoon></devices></domain>",
        at("rom"),
        at("disk"),
    );
    fs::write(ground.path("domain.xml"), domain).unwrap();
    let ran = Ran::patiently(|| {
        let output = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"])
            .args(["--propagation", "private", "sh", "-c", WITH_A_DOMAIN, "sh"])
            .args(ground.arguments("--action all --like instance-0000002a"))
            .env("HERE", ground.path(""))
            .stdin(Stdio::null())
            .output();
        Ran::of(&output.unwrap())
    });
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let conditions = ran.report()["session"]["conditions"].clone();
    assert_eq!(conditions["memory"], "memfd");
    assert_eq!(conditions["shape"]["asked"], "like");
    assert_eq!(conditions["shape"]["refused"], serde_json::json!([]), "{ran:?}");
    let words = conditions["shape"]["tried"][0][1].as_str().unwrap_or_default();
    for part in [
        "q35",
        "virtio disk",
        "virtio graphics",
        "random number generator",
        "balloon",
    ] {
        assert!(words.contains(part), "{words}");
    }
    for action in ACTIONS {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
    }
    assert_eq!(fs::read_to_string(ground.path("left")).unwrap().trim(), "running");
}

fn disks_are_copied_whole_and_each_action_is_taken_in_both_phases() {
    need_real();
    need_kvm();
    let ground = Ground::new(POST_COPY, "root");
    let ran = ground.verify("--action all --block-migration", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.report();
    let trials = report["session"]["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 6, "{ran:?}");
    for trial in trials {
        let judgement = &trial["judgement"];
        let checks = judgement["checks"].as_array().unwrap();
        assert!(
            checks.iter().any(|check| check["what"] == "the guest's disk is whole"),
            "{checks:?}"
        );
        assert!(checks.iter().all(|check| check["holds"] == true), "{checks:?}");
        assert_eq!(trial["request"]["disks"], serde_json::json!(["vda"]));
        let in_disk = trial["phase"] == "disk";
        let is_post_copy = judgement["action"] == "post_copy";
        // a switch is refused until the memory is copied, and then nothing of the disk is left
        assert_eq!(
            judgement["refused_ms"].is_number(),
            in_disk && is_post_copy,
            "{judgement}"
        );
        assert_eq!(
            judgement["disk_remaining"].is_number(),
            in_disk && !is_post_copy,
            "{judgement}"
        );
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    anonymous_memory_and_a_memfd_take_every_action,
    memory_in_files_on_tmpfs_takes_every_action_and_on_a_disk_post_copy_loses_the_guest,
    huge_pages_take_every_action_or_are_said_to_be_missing,
    every_device_takes_every_action,
    the_guest_that_nova_builds_takes_every_action_where_its_processor_starts,
    a_guest_like_a_domain_is_made_of_what_that_has_and_names_what_it_lacks,
    a_domain_that_runs_is_asked_for_its_xml_and_nothing_else,
    disks_are_copied_whole_and_each_action_is_taken_in_both_phases,
    a_processor_that_does_not_start_is_the_verdict_and_a_plain_guest_is_further_evidence,
];
