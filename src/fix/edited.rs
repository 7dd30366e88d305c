//! A stack with the edits of fixes: the whole of it, or so much of it as shows what nova reads.

use std::borrow::Borrow;
use std::sync::Arc;

use super::proof::Moved;
use crate::lint::Fix;
use crate::oslo::document::{Document, Item, ItemKind};
use crate::oslo::stack::{Layer, Stack};
use crate::oslo::template::Template;
use crate::text::{Edit, Source, Span, apply_edits};

/// The stack with the edits of `fixes`.
///
/// # Errors
/// Edits that lie over each other.
pub(super) fn whole(stack: &Stack, fixes: &[&Fix]) -> Result<Stack, Moved> {
    made(stack, fixes, |_, edits| edits)
}

/// A stack in which comments and blank lines are left out that change nothing: each option has the value that it has in the whole
/// one, and its texts are good for nothing else.
#[derive(Debug)]
pub(super) struct InBrief(Stack);

impl InBrief {
    /// The stack with the edits of `fix`.
    ///
    /// # Errors
    /// Edits that lie over each other.
    pub(super) fn of(stack: &Stack, fix: &Fix) -> Result<Self, Moved> {
        made(stack, &[fix], with_cuts).map(Self)
    }
}

impl Borrow<Stack> for InBrief {
    fn borrow(&self) -> &Stack {
        &self.0
    }
}

/// The stack with the edits of `fixes`, to which `adding` adds its own for each file that is edited.
fn made(stack: &Stack, fixes: &[&Fix], adding: fn(&Document, Vec<Edit>) -> Vec<Edit>) -> Result<Stack, Moved> {
    let mut layers = Vec::with_capacity(stack.layers().len());
    for (index, layer) in stack.layers().iter().enumerate() {
        let of_layer = fixes
            .iter()
            .flat_map(|fix| &fix.edits)
            .filter(|edit| edit.layer == index);
        let edits: Vec<Edit> = of_layer.map(|edit| edit.edit.clone()).collect();
        if edits.is_empty() {
            layers.push(layer.clone());
            continue;
        }
        let source = layer.document.source();
        let edits = adding(&layer.document, edits);
        let bytes = apply_edits(source.bytes(), &edits).map_err(|_| Moved::Overlap)?;
        layers.push(Layer {
            document: Arc::new(Document::parse(Source::new(source.path(), bytes))),
            origin: layer.origin,
        });
    }
    Ok(Stack::new(layers, stack.environment().to_vec()))
}

/// `edits`, and those that take away what follows the first line of each stretch of comments and blank lines that they do not touch:
/// none of them does more than to end a value, which the first has done. Where a comment may have a part in making the text a
/// template nothing is taken away.
fn with_cuts(document: &Document, mut edits: Vec<Edit>) -> Vec<Edit> {
    let source = document.source();
    let may_mark = |edit: &Edit| memchr::memchr3(b'{', b'}', b'%', &edit.text).is_some();
    let is_plain = document.template().is_none() && !Template::may_open(source.bytes());
    if !is_plain || edits.iter().any(may_mark) {
        return edits;
    }
    let mut touched: Vec<Span> = edits.iter().map(|edit| edit.span).collect();
    touched.sort_unstable();
    let is_touched = |span: Span| {
        let first = touched.partition_point(|other| other.end < span.start);
        touched.get(first).is_some_and(|other| other.start <= span.end)
    };
    let is_idle = |item: &Item| matches!(item.kind(), ItemKind::Comment | ItemKind::Blank) && !is_touched(item.span());
    for stretch in document.items().chunk_by(|one, next| is_idle(one) && is_idle(next)) {
        if let (Some(first), Some(last)) = (stretch.first(), stretch.last())
            && is_idle(first)
        {
            let end = last.span().end;
            let second = source.lines(first.line() + 1, end).next();
            edits.extend(second.map(|line| Edit::delete(Span::new(line.start, end))));
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{LayerEdit, Safety};

    fn stack(text: &str) -> Stack {
        Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
    }

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|&(start, end, text)| LayerEdit {
            layer: 0,
            edit: Edit::replace(Span::new(start, end), text),
        });
        Fix {
            title: String::new(),
            safety: Safety::Safe,
            edits: edits.collect(),
            announces: Vec::new(),
        }
    }

    /// Everything that is read of the one file, but for where it stands.
    fn read(stack: &Stack) -> impl PartialEq + std::fmt::Debug + use<> {
        let document = &stack.layers()[0].document;
        let named = |assignment| {
            (
                document.group(assignment).to_owned(),
                document.key(assignment).into_owned(),
            )
        };
        let assignments = document.assignments().iter().map(|assignment| {
            let is_unknown = document.is_unknown(assignment);
            (named(assignment), document.value(assignment).into_owned(), is_unknown)
        });
        let malformed = document
            .malformed()
            .iter()
            .map(|one| (one.kind, document.text(one.span).into_owned()));
        let sections = document.sections().iter().map(|section| section.group.clone());
        let language = document.template().map(Template::language);
        (
            assignments.collect::<Vec<_>>(),
            malformed.collect::<Vec<_>>(),
            sections.collect::<Vec<_>>(),
            language,
        )
    }

    const TEXT: &str = "(#[^\n\r]{0,3}|;|  ?|a = 1|b: \"2|\\[c\\]|\\[d|x| more|# \\{%|if|# %\\}|\\{\\{ e \\}\\}|<%|%>|# >|f = @G@)?(\n|\r|\r\n)";

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 4096, ..Default::default() })]

        /// What is left out changes nothing that is read, wherever the edits are.
        #[test]
        fn in_brief_the_same_is_read(
            lines in proptest::collection::vec(TEXT, 0..16),
            places in proptest::collection::vec((0_usize..80, 0_usize..6, "(g = 3\n|\n|# h\n|%\\}|>|i)?"), 1..3),
        ) {
            let text = lines.concat();
            let stack = stack(&text);
            let inside = |place: usize| place.min(text.len());
            let edits: Vec<_> = places
                .iter()
                .map(|(start, length, new)| (inside(*start), inside(start + length), &**new))
                .filter(|(start, end, _)| text.is_char_boundary(*start) && text.is_char_boundary(*end))
                .collect();
            let fix = fix(&edits);
            let whole = whole(&stack, &[&fix]).map(|stack| read(&stack));
            let brief = InBrief::of(&stack, &fix).map(|brief| read(brief.borrow()));
            proptest::prop_assert_eq!(whole, brief);
        }
    }

    #[test]
    fn of_comments_and_blank_lines_the_first_stays() {
        let text = "# a\n# b\n\n# c\n[d]\n\n\n# d\ne = 1\n# f\n# g\n# h\n# i\nk = 2\n# l\n\n\n";
        let at = text.find("# h").unwrap();
        let brief = InBrief::of(&stack(text), &fix(&[(at, at, "j = 3\n")])).unwrap();
        let bytes = brief.0.layers()[0].document.source().bytes();
        assert_eq!(
            String::from_utf8_lossy(bytes),
            "# a\n[d]\n\ne = 1\n# f\n# g\nj = 3\n# h\n# i\nk = 2\n# l\n"
        );
    }
}
