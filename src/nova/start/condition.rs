//! Conditions over options, as the facts about nova's refusals write them, and whether a view meets one.
//!
//! ```text
//! [libvirt] images_type is rbd and not [DEFAULT] force_raw_images is true
//! [compute] cpu_shared_set is set and cpu-set-rejected([compute] cpu_shared_set)
//! [libvirt] mem_stats_period_seconds > [DEFAULT] other or ([a] b in x, y and [a] c is unset)
//! ```
//!
//! `and` binds closer than `or`. What each named test finds out is up to `super::named`.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::named::{self, NamedTest};
use crate::nova::{Setting, View, as_printed, whole_number};
use crate::oslo::value::Value;

/// A condition over options of one release.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// An option's value.
    Option(OptionName, Test),
    /// A test that has a name.
    Named(&'static NamedTest, Vec<OptionName>),
}

/// An option, its group first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionName {
    /// As oslo.config matches it.
    pub group: String,
    /// Its own name.
    pub name: String,
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Something sets it.
    Set,
    /// It has a value that is not empty, be it a default.
    Filled,
    /// It prints as one of these, case aside for truth values.
    In(Vec<String>),
    /// It compares so with a number or another option's.
    Number(Compared, Operand),
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The first is less.
    Less,
    /// The first is greater.
    Greater,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A whole number.
    Number(i64),
    /// The value of another option.
    Option(OptionName),
}

/// What is known of a condition; a value that only a template or nobody knows leaves it open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds, and what a named test found there, in order.
    Holds(Vec<String>),
    /// It does not.
    Fails,
    /// It is not known.
    Open,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{rest}` is not what a condition has there: {wanted}")]
pub struct ConditionError {
    rest: String,
    wanted: &'static str,
}

impl Condition {
    /// The condition that `text` writes.
    ///
    /// # Errors
    /// The first place that is not understood.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let mut reader = Reader { rest: text };
        let condition = reader.any()?;
        match reader.ahead() {
            None => Ok(condition),
            Some(_) => Err(reader.wants("`and`, `or` or the end")),
        }
    }

    /// The condition of a fact, read once in each thread: a fleet asks ten thousand times. `None` where it is none, which the tests
    /// of the facts rule out.
    #[must_use]
    pub fn of_fact(text: &'static str) -> Option<Rc<Self>> {
        thread_local! {
            /// By the address of the text, which a fact keeps.
            static READ: RefCell<HashMap<usize, Option<Rc<Condition>>, RandomState>> = RefCell::default();
        }
        READ.with_borrow_mut(|read| {
            let known = read.entry(text.as_ptr().addr());
            known.or_insert_with(|| Self::parse(text).ok().map(Rc::new)).clone()
        })
    }

    /// Whether `view` meets the condition of a fact; what is not known is not met.
    #[must_use]
    pub fn holds(text: &'static str, view: &View<'_>) -> bool {
        Self::of_fact(text).is_some_and(|condition| matches!(condition.outcome(view), Outcome::Holds(_)))
    }

    /// Whether `view` meets it.
    #[must_use]
    pub fn outcome(&self, view: &View<'_>) -> Outcome {
        match self {
            Self::All(parts) => {
                let (mut found, mut is_open) = (Vec::new(), false);
                for part in parts {
                    match part.outcome(view) {
                        Outcome::Holds(more) => found.extend(more),
                        Outcome::Fails => return Outcome::Fails,
                        Outcome::Open => is_open = true,
                    }
                }
                if is_open { Outcome::Open } else { Outcome::Holds(found) }
            }
            Self::Any(parts) => {
                let mut last = Outcome::Fails;
                for part in parts {
                    match part.outcome(view) {
                        Outcome::Fails => {}
                        Outcome::Open => last = Outcome::Open,
                        holds @ Outcome::Holds(_) => return holds,
                    }
                }
                last
            }
            Self::Not(part) => match part.outcome(view) {
                Outcome::Holds(_) => Outcome::Fails,
                Outcome::Fails => Outcome::Holds(Vec::new()),
                Outcome::Open => Outcome::Open,
            },
            Self::Option(name, test) => test.outcome(view, name),
            Self::Named(test, names) => (test.run)(view, names),
        }
    }

    /// Every option that it asks about, in the order written.
    pub fn options(&self) -> Vec<&OptionName> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::options).collect(),
            Self::Not(part) => part.options(),
            Self::Option(name, Test::Number(_, Operand::Option(other))) => vec![name, other],
            Self::Option(name, _) => vec![name],
            Self::Named(_, names) => names.iter().collect(),
        }
    }
}

impl Test {
    fn outcome(&self, view: &View<'_>, name: &OptionName) -> Outcome {
        let Some(setting) = name.setting(view) else {
            return Outcome::Fails;
        };
        match self {
            Self::Set => Outcome::of(setting.is_set()),
            Self::Filled => match view.read(&setting).as_deref() {
                Ok(value) => Outcome::of(!as_printed(value).is_empty() && *value != Value::List(Vec::new())),
                Err(_) => Outcome::Open,
            },
            Self::In(words) => match view.read(&setting).as_deref() {
                Ok(value) => {
                    let shown = as_printed(value);
                    Outcome::of(match value {
                        Value::Bool(_) => words.iter().any(|word| word.eq_ignore_ascii_case(&shown)),
                        _ => words.iter().any(|word| *word == shown),
                    })
                }
                Err(_) => Outcome::Open,
            },
            Self::Number(compared, operand) => {
                let right = match operand {
                    Operand::Number(number) => Some(*number),
                    Operand::Option(other) => view.number(&other.group, &other.name),
                };
                let left = view.read(&setting).ok().as_deref().and_then(whole_number);
                let (Some(left), Some(right)) = (left, right) else {
                    return Outcome::Open;
                };
                let wanted = match compared {
                    Compared::Less => Ordering::Less,
                    Compared::Greater => Ordering::Greater,
                };
                Outcome::of(left.cmp(&right) == wanted)
            }
        }
    }
}

impl Outcome {
    /// That of something known.
    #[must_use]
    pub fn of(holds: bool) -> Self {
        if holds { Self::Holds(Vec::new()) } else { Self::Fails }
    }
}

impl OptionName {
    /// The option as `view` reads it; `None` where the release has none of that name.
    #[must_use]
    pub fn setting(&self, view: &View<'_>) -> Option<Setting> {
        view.setting(&self.group, &self.name)
    }

    /// The option that `text` names: `[group] name`.
    ///
    /// # Errors
    /// It names none.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        Reader { rest: text }.option()
    }
}

/// Reads a condition from its text.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn any(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.part()?];
        while self.takes("and") {
            parts.push(self.part()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn part(&mut self) -> Result<Condition, ConditionError> {
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.part()?)));
        }
        match self.ahead() {
            Some('(') => {
                self.pass('(');
                let inner = self.any()?;
                self.expect(')', "`)`")?;
                Ok(inner)
            }
            Some('[') => {
                let name = self.option()?;
                self.test(name)
            }
            _ => self.named(),
        }
    }

    fn test(&mut self, name: OptionName) -> Result<Condition, ConditionError> {
        let compared = match self.ahead() {
            Some('<') => Some(Compared::Less),
            Some('>') => Some(Compared::Greater),
            _ => None,
        };
        if let Some(compared) = compared {
            self.rest = &self.rest[1..];
            let operand = self.operand()?;
            return Ok(Condition::Option(name, Test::Number(compared, operand)));
        }
        if self.takes("in") {
            let mut words = vec![self.word().to_owned()];
            while self.pass(',') {
                words.push(self.word().to_owned());
            }
            return Ok(Condition::Option(name, Test::In(words)));
        }
        if !self.takes("is") {
            return Err(self.wants("`is`, `in`, `<` or `>`"));
        }
        let not = |test| Condition::Not(Box::new(Condition::Option(name.clone(), test)));
        Ok(match self.word() {
            "set" => Condition::Option(name, Test::Set),
            "unset" => not(Test::Set),
            "filled" => Condition::Option(name, Test::Filled),
            "empty" => not(Test::Filled),
            "" => return Err(self.wants("a value")),
            value => Condition::Option(name, Test::In(vec![value.to_owned()])),
        })
    }

    fn operand(&mut self) -> Result<Operand, ConditionError> {
        if self.ahead() == Some('[') {
            return self.option().map(Operand::Option);
        }
        let word = self.word();
        word.parse().map(Operand::Number).map_err(|_| ConditionError {
            rest: word.to_owned(),
            wanted: "a whole number or an option",
        })
    }

    fn named(&mut self) -> Result<Condition, ConditionError> {
        let word = self.word();
        let Some(test) = named::by_name(word) else {
            return Err(ConditionError {
                rest: word.to_owned(),
                wanted: "an option, `not`, `(` or the name of a test",
            });
        };
        self.expect('(', "`(` after the name of a test")?;
        let mut names = vec![self.option()?];
        self.skip_space();
        while self.pass(',') {
            names.push(self.option()?);
            self.skip_space();
        }
        self.expect(')', "`)`")?;
        Ok(Condition::Named(test, names))
    }

    fn option(&mut self) -> Result<OptionName, ConditionError> {
        self.expect('[', "`[group] name`")?;
        let group = self.up_to(|c| c == ']');
        self.expect(']', "`]`")?;
        let name = self.word();
        if group.is_empty() || name.is_empty() {
            return Err(self.wants("`[group] name`"));
        }
        let (group, name) = (group.to_owned(), name.to_owned());
        Ok(OptionName { group, name })
    }

    /// The next word: up to white space, a comma or a bracket.
    fn word(&mut self) -> &'t str {
        self.skip_space();
        self.up_to(|c| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '['))
    }

    /// What comes before the first sign that `is_end`.
    fn up_to(&mut self, is_end: impl Fn(char) -> bool) -> &'t str {
        let (word, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// Takes `word` where it comes next.
    fn takes(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(word);
        let rest = rest.filter(|rest| rest.chars().next().is_none_or(|c| c.is_whitespace() || c == '('));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char, said: &'static str) -> Result<(), ConditionError> {
        self.skip_space();
        if self.pass(wanted) {
            Ok(())
        } else {
            Err(self.wants(said))
        }
    }

    /// Passes over `sign` where it stands here.
    fn pass(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The sign that comes next, white space passed over.
    fn ahead(&mut self) -> Option<char> {
        self.skip_space();
        self.rest.chars().next()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn wants(&self, wanted: &'static str) -> ConditionError {
        let rest = self.rest.to_owned();
        ConditionError { rest, wanted }
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    fn outcome(conf: &str, condition: &str) -> Outcome {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", conf.as_bytes().to_vec())));
        let view = View::new(&stack, Release::NEWEST);
        Condition::parse(condition).unwrap().outcome(&view)
    }

    fn holds(conf: &str, condition: &str) -> bool {
        outcome(conf, condition) == Outcome::Holds(Vec::new())
    }

    #[test]
    fn values_are_compared_as_nova_reads_them() {
        let conf = "[DEFAULT]\nforce_raw_images = 0\n[libvirt]\nimages_type = rbd\nmem_stats_period_seconds = 5\n";
        for condition in [
            "[libvirt] images_type is rbd and [DEFAULT] force_raw_images is false",
            "[libvirt] images_type in lvm, rbd",
            "[libvirt] images_type is set and [libvirt] virt_type is unset and [libvirt] virt_type is kvm",
            "[libvirt] mem_stats_period_seconds < 6 and [libvirt] mem_stats_period_seconds > 4",
            "[libvirt] images_type is lvm or ([libvirt] images_type is rbd and not [libvirt] virt_type is lxc)",
            "not [libvirt] no_such_option is set",
            "[libvirt] images_volume_group is empty",
        ] {
            assert!(holds(conf, condition), "{condition}");
        }
        assert!(!holds(conf, "[libvirt] images_type is lvm"));
        assert!(!holds(conf, "[libvirt] no_such_option is x"));
    }

    #[test]
    fn what_nobody_knows_leaves_a_condition_open() {
        let conf = "[libvirt]\nimages_type = $nowhere\n";
        assert_eq!(outcome(conf, "[libvirt] images_type is rbd"), Outcome::Open);
        assert_eq!(
            outcome(conf, "[libvirt] images_type is rbd and [libvirt] virt_type is lxc"),
            Outcome::Fails
        );
        assert!(holds(
            conf,
            "[libvirt] images_type is rbd or [libvirt] virt_type is kvm"
        ));
    }

    #[test]
    fn a_text_that_is_no_condition_is_refused_with_its_place() {
        for (text, words) in [
            ("", "the name of a test"),
            ("[libvirt] x", "`is`, `in`"),
            ("[libvirt] x is", "a value"),
            ("[libvirt] x > y", "a whole number"),
            ("[libvirt x is y", "`]`"),
            ("[libvirt] x is y z", "`and`, `or`"),
            ("no-such-test([a] b)", "the name of a test"),
            ("([a] b is c", "`)`"),
        ] {
            let error = Condition::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
