//! Which lines of a template are there together: its blocks, their branches, and ways to take them.

use super::scan::{Block, Kind, Token};
use crate::text::{Span, line_end};

/// So many ways to take the branches of one template are tried, where it is short.
const MOST_CHOICES: usize = 96;
/// So much text, in bytes, all of them together come to; two ways are always tried: all first branches, and all last ones.
const MOST_TEXT: usize = 1 << 20;

/// One way to take the branches: of each block the number of the branch, or one more for none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    numbers: Vec<usize>,
    /// Of each branch, whether its lines are there.
    taken: Vec<bool>,
}

/// One branch of one block.
#[derive(Clone, Copy, Debug)]
struct Arm {
    block: usize,
    number: usize,
    parent: Option<usize>,
    /// The line that opens it.
    line: usize,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    kind: Block,
    arms: usize,
    has_else: bool,
    /// Whether any line of text lies in it.
    has_text: bool,
}

/// The blocks of a template.
#[derive(Debug, Default)]
pub(super) struct Branches {
    blocks: Vec<Extent>,
    arms: Vec<Arm>,
    /// Of each line the innermost branch its text lies in.
    lines: Vec<Option<usize>>,
    /// Of the whole template, in bytes.
    length: usize,
}

impl Branches {
    /// Reads the blocks; `text_start` says where the text of a line starts.
    pub(super) fn of(bytes: &[u8], tokens: &[Token], text_start: impl Fn(Span) -> usize) -> Self {
        let mut found = Self {
            length: bytes.len(),
            ..Self::default()
        };
        if !tokens.iter().any(|token| matches!(token.kind, Kind::Open(_))) {
            return found;
        }
        let mut open: Vec<usize> = Vec::new();
        let mut tokens = tokens.iter().peekable();
        let (mut at, mut number) = (0, 0);
        while at < bytes.len() {
            let (end, next) = line_end(bytes, at);
            number += 1;
            let start = text_start(Span::new(at, end));
            while let Some(token) = tokens.next_if(|token| token.span.start < start) {
                found.take(&mut open, token, number);
            }
            found.lines.push(open.last().copied());
            let is_text = tokens
                .peek()
                .is_none_or(|token| token.span.start > start || token.kind == Kind::Output);
            if start < end && is_text {
                for &arm in open.iter().rev() {
                    // Where it is known of one, it is of those around it.
                    if std::mem::replace(&mut found.blocks[found.arms[arm].block].has_text, true) {
                        break;
                    }
                }
            }
            while let Some(token) = tokens.next_if(|token| token.span.start < next) {
                found.take(&mut open, token, number);
            }
            at = next;
        }
        found
    }

    fn take(&mut self, open: &mut Vec<usize>, token: &Token, line: usize) {
        match token.kind {
            Kind::Open(kind) => {
                self.blocks.push(Extent {
                    kind,
                    arms: 0,
                    has_else: false,
                    has_text: false,
                });
                self.open_arm(open, self.blocks.len() - 1, line);
            }
            Kind::Middle { is_else } => {
                if let Some(arm) = open.pop() {
                    let block = self.arms[arm].block;
                    self.blocks[block].has_else |= is_else;
                    self.open_arm(open, block, line);
                }
            }
            Kind::Close => {
                open.pop();
            }
            Kind::Output | Kind::Comment | Kind::Other => {}
        }
    }

    fn open_arm(&mut self, open: &mut Vec<usize>, block: usize, line: usize) {
        self.arms.push(Arm {
            block,
            number: self.blocks[block].arms,
            parent: open.last().copied(),
            line,
        });
        self.blocks[block].arms += 1;
        open.push(self.arms.len() - 1);
    }

    /// The branches line `number` lies in, the innermost first.
    fn around(&self, number: usize) -> impl Iterator<Item = Arm> + '_ {
        let innermost = number.checked_sub(1).and_then(|index| *self.lines.get(index)?);
        std::iter::successors(innermost, |&arm| self.arms[arm].parent).map(|arm| self.arms[arm])
    }

    pub(super) fn opening(&self, number: usize) -> Option<usize> {
        let mut around = self.around(number);
        around
            .find(|arm| self.blocks[arm.block].kind != Block::Plain)
            .map(|arm| arm.line)
    }

    pub(super) fn is_taken(&self, number: usize, choice: &Choice) -> bool {
        let innermost = number.checked_sub(1).and_then(|index| *self.lines.get(index)?);
        innermost.is_none_or(|arm| choice.taken[arm])
    }

    /// The choice of one branch of each block: which branches are taken, those around them too.
    fn choice(&self, numbers: Vec<usize>) -> Choice {
        let mut taken: Vec<bool> = Vec::with_capacity(self.arms.len());
        for arm in &self.arms {
            let is_around = arm.parent.is_none_or(|parent| taken[parent]);
            let is_chosen = numbers.get(arm.block).is_none_or(|&number| number == arm.number);
            taken.push(is_around && is_chosen);
        }
        Choice { numbers, taken }
    }

    /// How many ways there are through one block.
    fn ways(&self, block: usize) -> usize {
        let Extent {
            kind,
            arms,
            has_else,
            has_text,
        } = self.blocks[block];
        match kind {
            Block::Choice | Block::Loop if has_text => arms + usize::from(!has_else),
            _ => 1,
        }
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        let most = (MOST_TEXT / self.length.max(1)).clamp(2, MOST_CHOICES);
        let count = self.blocks.len();
        let last: Vec<usize> = (0..count).map(|block| self.ways(block) - 1).collect();
        if last.iter().all(|&way| way == 0) {
            return Vec::new();
        }
        let first = vec![0; count];
        let mut choices = vec![self.choice(first.clone()), self.choice(last.clone())];
        for block in 0..count {
            for way in 0..self.ways(block) {
                for others in [&first, &last] {
                    if choices.len() >= most {
                        return choices;
                    }
                    let mut choice = others.clone();
                    choice[block] = way;
                    if !choices.iter().any(|known| known.numbers == choice) {
                        choices.push(self.choice(choice));
                    }
                }
            }
        }
        choices
    }
}
