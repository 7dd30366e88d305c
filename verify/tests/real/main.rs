//! The whole of verify against the real libvirtd and QEMU of this machine: what it proves, what it says of hosts that
//! cannot, and that it leaves nothing behind.
//!
//! Where the machine lacks something, a test is skipped; under CI it fails instead, KVM excepted. They run
//! one at a time: each has two libvirtds and QEMUs of its own, and two such trials on two cores are not what a host does.

mod accidents;
mod actions;
mod between;
mod blackout;
mod broken_hosts;
mod caller;
#[path = "../../../tests/harness/chance.rs"]
mod chance;
mod cost;
mod cut;
mod damage;
#[path = "../documents/mod.rs"]
mod documents;
mod encryption;
#[path = "../novas/mod.rs"]
mod environments;
mod ground;
#[path = "../../../tests/harness/mod.rs"]
mod harness;
mod interrupts;
mod memory;
mod network;
mod no_trace;
mod novas;
mod pages;
mod places;
mod qemu_conf;
mod rescue;
mod shapes;
mod snapshot;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // what a test started in its place is no test
    match words[..] {
        [broken_hosts::DAEMON, program, ref arguments @ ..] => broken_hosts::become_daemon(program, arguments),
        [no_trace::INSIDE, start, end] => {
            let number = |text: &str| text.parse().expect("a number");
            no_trace::inside(number(start)..number(end));
            ExitCode::SUCCESS
        }
        [blackout::INSIDE] => {
            blackout::inside();
            ExitCode::SUCCESS
        }
        _ if std::env::var_os(blackout::ROUNDS).is_some() => harness::run(&[blackout::TESTS]),
        _ => harness::run_one_by_one(&[
            accidents::TESTS,
            actions::TESTS,
            between::TESTS,
            broken_hosts::TESTS,
            caller::TESTS,
            cost::TESTS,
            cut::TESTS,
            damage::TESTS,
            encryption::TESTS,
            memory::TESTS,
            network::TESTS,
            pages::TESTS,
            places::TESTS,
            qemu_conf::TESTS,
            shapes::TESTS,
            rescue::TESTS,
            interrupts::TESTS,
            no_trace::TESTS,
            novas::TESTS,
        ]),
    }
}
