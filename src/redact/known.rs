//! Every secret value of some stacks, to be hidden wherever one of them appears: by a reference, under a new name, in an
//! error's words.
//!
//! It looks for the values themselves; the places they stand at, [`super::lines`] masks whatever they are.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::harmless::{Harmless, is_closed};
use super::scan::Secret;
use super::search::Search;
use super::{MASK, key_of, lines, names, scan};
use crate::catalog;
use crate::oslo::document::{Document, ItemKind};
use crate::oslo::stack::{Site, Stack};
use crate::oslo::substitution::references;
use crate::text::{Span, lossy};

/// A value shorter than this, in bytes, is hidden at its own place alone: it would be found in half of all words.
const SHORTEST: usize = 3;
/// A value shorter than this is hidden where it stands as a word of its own.
const WORDS_BELOW: usize = 6;
/// Words that are no secret though somebody made one his password: to hide them everywhere would tell which it is.
const PUBLIC: [&str; 36] = [
    "true",
    "false",
    "none",
    "null",
    "yes",
    "no",
    "on",
    "off",
    "nova",
    "neutron",
    "cinder",
    "glance",
    "keystone",
    "placement",
    "ironic",
    "rabbit",
    "guest",
    "admin",
    "root",
    "service",
    "services",
    "openstack",
    "localhost",
    "default",
    "password",
    "secret",
    "token",
    "key",
    "libvirt",
    "kvm",
    "qemu",
    "disabled",
    "enabled",
    "region",
    "project",
    "user",
];

/// Whether an option or a group of nova is called so, in any release.
pub(super) fn is_name_of_nova(name: &str) -> bool {
    catalog::is_word(name)
}

/// The secret values of some stacks.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    searches: Arc<Searches>,
    files: Files,
}

/// What each file gave, by its address in memory, so that it need not be read through once more.
type Files = HashMap<usize, (Arc<Document>, Arc<Gathered>)>;

/// The values, and the searches for them: made when something is first searched through, as most of what is gathered never
/// is.
#[derive(Debug, Default)]
struct Searches {
    values: BTreeSet<Vec<u8>>,
    made: OnceLock<[Option<Search>; 2]>,
}

impl Searches {
    /// For the long values, and for the short ones.
    fn made(&self) -> &[Option<Search>; 2] {
        self.made.get_or_init(|| {
            let is_short = |value: &&Vec<u8>| value.len() < WORDS_BELOW;
            let long = self.values.iter().filter(|value| !is_short(value));
            let short = self.values.iter().filter(is_short);
            [Search::new(long), Search::new(short)]
        })
    }
}

impl Secrets {
    /// Those of one stack: of its files, in comments and in lines that oslo.config rejects too, and of its variables.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Self::of_all([stack], &[])
    }

    /// Those of several stacks; what `known` holds of the same files is taken from there.
    #[must_use]
    pub fn of_all<'a>(stacks: impl IntoIterator<Item = &'a Stack>, known: &[&Self]) -> Self {
        let (mut gathered, mut files) = (Gathered::default(), Files::new());
        for stack in stacks {
            for layer in stack.layers() {
                let address = Arc::as_ptr(&layer.document).addr();
                let mut known = known.iter().filter_map(|known| known.files.get(&address));
                let (_, of_file) = files.entry(address).or_insert_with(|| {
                    known.next().cloned().unwrap_or_else(|| {
                        let gathered = Gathered::of_document(&layer.document);
                        (Arc::clone(&layer.document), Arc::new(gathered))
                    })
                });
                gathered.values.extend(of_file.values.iter().cloned());
                gathered.referred.extend(of_file.referred.iter().cloned());
            }
            gathered.add_environment(stack);
            gathered.follow(stack);
        }
        let mut known = known.iter().map(|known| &known.searches);
        let same = known.find(|known| known.values == gathered.values).cloned();
        Self {
            searches: same.unwrap_or_else(|| gathered.into_searches()),
            files,
        }
    }

    /// Those of one file.
    #[must_use]
    pub fn of_document(document: &Document) -> Self {
        Self {
            searches: Gathered::of_document(document).into_searches(),
            files: Files::new(),
        }
    }

    /// `text` with each of them replaced by the mask, in whatever case its letters are.
    #[must_use]
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let spans = self.spans(text.as_bytes());
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for span in spans {
            // A value that is not UTF-8 may end within a character.
            let start = (0..=span.start)
                .rev()
                .find(|&start| text.is_char_boundary(start))
                .unwrap_or(0);
            let end = (span.end..text.len())
                .find(|&end| text.is_char_boundary(end))
                .unwrap_or(text.len());
            if start >= at {
                out.push_str(&text[at..start]);
                out.push_str(MASK);
            }
            at = at.max(end);
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }

    /// Where they stand in `bytes`: in order, none overlaps another.
    #[must_use]
    pub fn spans(&self, bytes: &[u8]) -> Vec<Span> {
        let mut found = Vec::new();
        if bytes.is_empty() {
            return found;
        }
        let [long, short] = self.searches.made();
        if let Some(search) = long {
            search.find(bytes, |_, _| true, &mut found);
        }
        if let Some(search) = short {
            let is_word = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
            let stands_alone = |start: usize, end: usize| {
                !is_word(start.checked_sub(1).and_then(|at| bytes.get(at))) && !is_word(bytes.get(end))
            };
            search.find(bytes, stands_alone, &mut found);
        }
        merged(found)
    }
}

/// `spans` in order, those that overlap made one.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

/// What is gathered on the way.
#[derive(Debug, Default)]
struct Gathered {
    values: BTreeSet<Vec<u8>>,
    /// The names that secrets refer to.
    referred: Vec<String>,
}

impl Gathered {
    /// What one file gives, whatever it is read with.
    fn of_document(document: &Document) -> Self {
        let mut gathered = Self::default();
        gathered.add_document(document, Harmless::of_process());
        gathered
    }

    fn add_environment(&mut self, stack: &Stack) {
        for variable in stack.environment() {
            let key = key_of(&variable.name);
            if names::is_secret_by_name(key, &variable.value) {
                self.add_value(&variable.value);
            }
            self.add_embedded(variable.name.as_bytes());
            self.add_embedded(variable.value.as_bytes());
        }
    }

    fn add_document(&mut self, document: &Document, harmless: &Harmless) {
        let bytes = document.source().bytes();
        for assignment in document.assignments() {
            let written = assignment.value_span(bytes);
            if assignment.continuations() == 0 && !names::may_be_secret(assignment.key().of(bytes)) {
                continue; // Nearly every option.
            }
            let value = document.value(assignment);
            if names::is_secret_by_name(&document.key(assignment), &value) {
                self.add_value(&value);
                self.add_value(&document.text(written));
            } else if value.contains('\n') {
                self.add_embedded(value.as_bytes());
            }
        }
        for secret in scan::private_keys(bytes) {
            self.add_value(&lossy(&bytes[secret.span.clone()]));
            self.add_secret(bytes, secret);
        }
        let is_worth_it = harmless.wants_more();
        let known = harmless.known();
        let (mut found, mut idle) = (Vec::new(), lines::Idle::new(bytes.len()));
        for (index, item) in document.items().iter().enumerate() {
            if item.kind() == ItemKind::Blank {
                continue;
            }
            let text = item.span().of(bytes);
            let is_comment = item.kind() == ItemKind::Comment;
            if is_comment && known.contains(text) {
                continue;
            }
            let (own, mut embedded) = lines::of_item(document, index, &mut idle);
            embedded.retain(|secret| !is_of_sentence(bytes, secret));
            if is_worth_it && is_comment && own.is_empty() && embedded.is_empty() && is_closed(text) {
                found.push(text);
            }
            for span in own {
                self.add_value(&document.text(span));
            }
            for secret in embedded {
                self.add_secret(bytes, secret);
            }
        }
        drop(known);
        harmless.keep(&found);
    }

    /// What stands in `text` among other things.
    fn add_embedded(&mut self, text: &[u8]) {
        for secret in scan::secrets(text) {
            if !is_of_sentence(text, &secret) {
                self.add_secret(text, secret);
            }
        }
    }

    fn add_secret(&mut self, text: &[u8], secret: Secret) {
        for part in secret.parts.into_iter().chain([secret.span.clone()]) {
            self.add(&text[part.clone()]);
            self.add_decoded(&text[part.clone()]);
            self.refer(&String::from_utf8_lossy(&text[part]));
        }
        if secret.line_end > secret.span.end {
            self.add(&text[secret.span.start..secret.line_end]);
        }
    }

    /// A value that is secret as a whole: each of its lines, without its quotes, without a comment behind it.
    fn add_value(&mut self, value: &str) {
        self.add(value.as_bytes());
        for line in value.lines() {
            let line = line.trim();
            self.add(line.as_bytes());
            let line = line.trim_end_matches('\\').trim_matches(['"', '\'']);
            self.add(line.as_bytes());
            self.add(line.replace("$$", "$").as_bytes());
            for comment in [" #", " ;", "\t#", "\t;"] {
                if let Some((head, _)) = line.split_once(comment) {
                    self.add(head.as_bytes());
                }
            }
            if line.contains(',') {
                line.split(',')
                    .filter(|part| part.len() >= WORDS_BELOW)
                    .for_each(|part| self.add(part.as_bytes()));
            }
        }
        self.add_embedded(value.as_bytes());
        self.refer(value);
    }

    fn add_decoded(&mut self, value: &[u8]) {
        if !value.contains(&b'%') {
            return;
        }
        let (mut out, mut at) = (Vec::with_capacity(value.len()), 0);
        while at < value.len() {
            let hex = value.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            let decoded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            let decoded = decoded.filter(|_| value[at] == b'%');
            out.push(decoded.unwrap_or(value[at]));
            at += if decoded.is_some() { 3 } else { 1 };
        }
        self.add(&out);
    }

    /// Of a URL the host and the user are none.
    fn refer(&mut self, value: &str) {
        if value.contains('$') && !value.contains("://") {
            self.referred
                .extend(references(value).into_iter().map(|reference| reference.name));
        }
    }

    /// What a secret refers to is secret too, whatever its name is.
    fn follow(&mut self, stack: &Stack) {
        let mut known: HashSet<String> = HashSet::new();
        while let Some(name) = self.referred.pop() {
            if !known.insert(name.clone()) {
                continue;
            }
            let (group, key) = name
                .split_once('.')
                .map_or((None, &*name), |(group, key)| (Some(group), key));
            let is_meant = |own: &str| group.is_none_or(|group| group.eq_ignore_ascii_case(own));
            let places = stack
                .places()
                .filter(|&place| is_meant(stack.group(place)) && stack.key(place) == key);
            for place in places {
                self.add_value(&stack.value(Site::File(place)));
            }
            for variable in stack.environment() {
                if key_of(&variable.name).eq_ignore_ascii_case(key) {
                    self.add_value(&variable.value);
                }
            }
        }
    }

    fn add(&mut self, value: &[u8]) {
        let value = value.trim_ascii();
        let is_reference = value.starts_with(b"$") && value.len() > 1 && {
            let name = value[1..].trim_ascii();
            name.iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'{' | b'}'))
        };
        // A value of several lines is hidden line by line.
        if value.len() < SHORTEST
            || is_reference
            || value.contains(&b'\n')
            || value.contains(&b'\r')
            || !value.iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80)
        {
            return;
        }
        let word = String::from_utf8_lossy(value).to_lowercase();
        if PUBLIC.contains(&&*word) || is_name_of_nova(&word) {
            return;
        }
        self.values.insert(value.to_ascii_lowercase());
    }

    fn into_searches(self) -> Arc<Searches> {
        Arc::new(Searches {
            values: self.values,
            made: OnceLock::new(),
        })
    }
}

/// Whether `secret` of `text` may be a word of a sentence.
fn is_of_sentence(text: &[u8], secret: &Secret) -> bool {
    secret.is_guess && text[secret.span.clone()].iter().all(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::stack::Variable;
    use crate::text::Source;

    fn hidden(conf: &str, text: &str) -> String {
        let document = Document::parse(Source::new("nova.conf", conf.as_bytes().to_vec()));
        Secrets::of(&Stack::of(document)).hide(text).into_owned()
    }

    #[test]
    fn a_value_that_is_secret_at_one_place_is_hidden_everywhere() {
        for conf in [
            "[vmware]\nhost_password = hunter2",
            "[vmware]\n# host_password = hunter2",
            "[vmware]\nhost_password = 'hunter2'  # hunter1",
            "[x]\nhost = http://u:hunter2@h/",
            "[x]\nhost = a?password=hunter2&x=1",
            "[x]\nhost = kvm # admin_password = hunter2",
            "[password=hunter2]\n",
            "[x]\npassword hunter2 = x\n",
            "[x]\npassword = $other\nother = hunter2\n",
            "[database]\nconnection = mysql://nova:${x.other}@h/nova\n[x]\nother = hunter2\n",
            "[x]\npassword = a\n  hunter2\n",
            "[x]\npassword = a\n\n  hunter2\n",
            "[x]\ntransport_url = rabbit://u:%68unter2@h/\n",
            "[x]\nhost = a\n  password: HUNTER2\n",
        ] {
            assert_eq!(hidden(conf, "a hunter2 b"), "a *** b", "{conf}");
        }
    }

    proptest::proptest! {
        /// What files before had in their comments makes no difference to what is found in one.
        #[test]
        fn comments_that_are_known_hide_nothing(
            lines in proptest::collection::vec(
                "(# |#|;)?(password|admin_password = |token|\"password\":|hunter2|ab|x|nova:|  |#|=|\"|http://u:p1@h| is |,){0,5}",
                0..9,
            ),
        ) {
            let document = |lines: &[String]| Document::parse(Source::new("nova.conf", lines.join("\n").into_bytes()));
            let harmless = Harmless::default();
            let gathered = |lines: &[String], harmless: &Harmless| {
                let mut gathered = Gathered::default();
                gathered.add_document(&document(lines), harmless);
                (gathered.values, gathered.referred)
            };
            for part in 0..lines.len() {
                gathered(&lines[part..], &harmless);
                gathered(&lines[..part], &harmless);
            }
            proptest::prop_assert_eq!(gathered(&lines, &harmless), gathered(&lines, &Harmless::default()));
        }
    }

    #[test]
    fn short_values_are_hidden_as_words_and_public_words_not_at_all() {
        let conf = "[x]\npassword = abc\nadmin_password = kvm\nuser_password = ab\nx_password = virt_type\n";
        assert_eq!(
            hidden(conf, "abc abcd xabc `abc` kvm ab virt_type"),
            "*** abcd xabc `***` kvm ab virt_type"
        );
    }

    #[test]
    fn what_a_url_without_a_password_refers_to_is_no_secret() {
        let conf = "[DEFAULT]\nmy_ip = 192.0.2.77\n[database]\nconnection = mysql://nova:hunter2@$my_ip/nova\n";
        assert_eq!(hidden(conf, "192.0.2.77 hunter2"), "192.0.2.77 ***");
    }

    #[test]
    fn variables_count_too() {
        let variable = Variable {
            name: "OS_NEUTRON__PASSWORD".to_owned(),
            value: "hunter2".to_owned(),
        };
        assert_eq!(
            Secrets::of(&Stack::new(Vec::new(), vec![variable])).hide("hunter2"),
            "***"
        );
    }

    #[test]
    fn a_long_value_is_hidden_whole_and_a_part_of_it_too() {
        let value = "x1".repeat(100);
        let conf = format!("[x]\npassword = {value}\n");
        assert_eq!(hidden(&conf, &format!("a {value} b {}", &value[..40])), "a *** b ***");
    }
}
