//! A harness for tests that need what a machine may lack: such a test ends as `ignored, skipped: why`, and never as `ok`.
//!
//! A file lists its tests by `tests!`, and `main` runs the lists; what is forgotten in one is dead code and fails the lint.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// A test: its module and name, and what it does. It fails by a panic.
pub(crate) type Test = (&'static str, fn());

/// The tests of a file, a slice of [`Test`] made of the functions' names.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => { &[$((concat!(module_path!(), "::", stringify!($name)), $name as fn())),+] };
}
pub(crate) use tests;

/// What unwinds out of a test that cannot run here.
struct Lack(String);

/// Ends the test that calls it: it is listed as ignored, and why. Only for what no machine need have, CI's neither.
pub(crate) fn skip_anywhere(why: &str) -> ! {
    resume_unwind(Box::new(Lack(why.to_owned())))
}

/// Ends the test that calls it: it is listed as ignored, and why. Where `CI` is set it fails instead.
pub(crate) fn skip(why: &str) -> ! {
    assert!(std::env::var_os("CI").is_none(), "CI must run this: {why}");
    skip_anywhere(why)
}

fn outcome(test: fn()) -> Result<Completion, Failed> {
    let unwound = match catch_unwind(AssertUnwindSafe(test)) {
        Ok(()) => return Ok(Completion::Completed),
        Err(unwound) => unwound,
    };
    match unwound.downcast::<Lack>() {
        Ok(lack) => Ok(Completion::ignored_with(format!("skipped: {}", lack.0))),
        Err(panic) => Err(Failed::from(words(&*panic))),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Runs the tests of `lists` as the arguments ask, which are those of Rust's own harness.
pub(crate) fn run(lists: &[&[Test]]) -> ExitCode {
    run_with(&Arguments::from_args(), lists)
}

/// As [`run`], never two at a time unless `--test-threads` asks for it.
#[allow(dead_code, reason = "most harnesses have no need of it")]
pub(crate) fn run_one_by_one(lists: &[&[Test]]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    run_with(&arguments, lists)
}

fn run_with(arguments: &Arguments, lists: &[&[Test]]) -> ExitCode {
    let trial = |&(path, test): &Test| {
        // as Rust's own harness has it, without the name of the program
        let name = path.split_once("::").map_or(path, |(_, name)| name);
        Trial::ignorable_test(name, move || outcome(test))
    };
    let trials = lists.iter().copied().flatten().map(trial).collect();
    libtest_mimic::run(arguments, trials).exit_code()
}
