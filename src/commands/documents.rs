//! What a verb prints, in as many formats at once as are asked for: one on standard output or in `--output`, the others in files
//! of their own.
//!
//! A report in a file is written whole when all is known, and through the safe writer: what is there already must be a report of
//! the same format, and no link. That it can be written is found out before anything else is done.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{Error, ErrorKind};
use novamend::output::envelope::Kind;
use novamend::output::fold::Batch;
use novamend::output::{Format, Head, Part, Piece, Printer, Report, Style, Tail, shown_path};
use novamend::write::{self, Options, Planned, WriteError};

use super::Failure;
use crate::terminal::Terminal;

/// In which formats, and where to.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub(super) struct FormatArguments {
    /// Output format; `FORMAT=FILE` writes a report in that format to FILE as well, and may be given several times
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = AskedParser, default_value = "pretty")]
    format: Vec<Asked>,
    /// Write the report to FILE instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// One `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    format: Format,
    file: Option<PathBuf>,
}

/// Reads `FORMAT` and `FORMAT=FILE`.
#[derive(Clone, Copy, Debug)]
struct AskedParser;

impl TypedValueParser for AskedParser {
    type Value = Asked;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Asked, Error> {
        use std::os::unix::ffi::OsStrExt;
        let bytes = value.as_bytes();
        let end = bytes.iter().position(|&byte| byte == b'=').unwrap_or(bytes.len());
        let word = String::from_utf8_lossy(&bytes[..end]);
        let file = bytes
            .get(end + 1..)
            .map(|file| PathBuf::from(std::ffi::OsStr::from_bytes(file)));
        // clap's own words for a value that there is not, with the nearest one.
        let words = clap::builder::PossibleValuesParser::new(Format::ALL.map(Format::as_str));
        let word = words.parse_ref(command, argument, std::ffi::OsStr::new(&*word))?;
        if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            let message = format!("`{word}=` names no file: write `--format {word}=FILE`\n");
            return Err(Error::raw(ErrorKind::ValueValidation, message).with_cmd(command));
        }
        let format = Format::parse(&word).unwrap_or_default();
        Ok(Asked { format, file })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |format: Format| PossibleValue::new(format.as_str()).help(format.summary());
        Some(Box::new(Format::ALL.into_iter().map(value)))
    }
}

/// Formats and places that were found to be possible.
#[derive(Clone, Debug)]
pub(super) struct Formats {
    /// What goes to standard output.
    shown: Option<Format>,
    /// What goes to files.
    files: Vec<(Format, PathBuf)>,
}

impl FormatArguments {
    /// Whether these can be printed of a document of this kind, and written where they are to be.
    ///
    /// # Errors
    /// A format that the verb does not print, two reports in one place, or a file that cannot be written.
    pub(super) fn of(&self, kind: Kind) -> Result<Formats, Failure> {
        if let Some(asked) = self
            .format
            .iter()
            .find(|asked| !Format::of(kind).any(|format| format == asked.format))
        {
            let (word, verb) = (asked.format.as_str(), verb(kind));
            let known: Vec<&str> = Format::of(kind).map(Format::as_str).collect();
            return Err(Failure::Refused(format!(
                "`{word}` is a format of `novamend check`; `novamend {verb}` prints {}",
                known.join(", ")
            )));
        }
        let plain: Vec<Format> = self
            .format
            .iter()
            .filter(|asked| asked.file.is_none())
            .map(|asked| asked.format)
            .collect();
        let main = match plain[..] {
            [] => Format::default(),
            [only] => only,
            _ => {
                let why = "`--format` is given twice without a file: write the others as `--format FORMAT=FILE`";
                return Err(Failure::Refused(why.to_owned()));
            }
        };
        let mut files: Vec<(Format, PathBuf)> = self
            .format
            .iter()
            .filter_map(|asked| Some((asked.format, asked.file.clone()?)))
            .collect();
        files.extend(self.output.iter().map(|path| (main, path.clone())));
        for (number, (format, path)) in files.iter().enumerate() {
            if files[..number].iter().any(|(_, other)| other == path) {
                let path = shown_path(path);
                return Err(Failure::Refused(format!(
                    "two reports cannot both be written to `{path}`"
                )));
            }
            let planned = planned(*format, path, Vec::new())?;
            write::try_out(&[planned], &Options::without_backup()).map_err(|error| not_written(&error))?;
        }
        Ok(Formats {
            shown: self.output.is_none().then_some(main),
            files,
        })
    }
}

fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Fix => "fix",
        Kind::Where => "where",
        Kind::Option => "option",
        Kind::Upgrade => "upgrade",
        Kind::Rules => "rules",
        Kind::Explain => "explain",
        Kind::Catalog => "catalog",
        Kind::Check | Kind::Probe | Kind::Verify | Kind::Rescue | Kind::Error => "check",
    }
}

fn not_written(error: &WriteError) -> Failure {
    Failure::Refused(format!("the report cannot be written: {}", error.with_state()))
}

/// What it takes to write `text` to `path`.
fn planned(format: Format, path: &Path, text: Vec<u8>) -> Result<Planned, Failure> {
    let what = "a report of novamend in this format";
    write::document(path, text, what, |old| format.is_own(old)).map_err(|error| not_written(&error))
}

impl Formats {
    /// None at all: nothing is printed.
    pub(super) fn none() -> Self {
        Self {
            shown: None,
            files: Vec::new(),
        }
    }

    /// Those that programs read: in files, and findings on standard output.
    pub(super) fn for_programs(&self) -> Self {
        Self {
            shown: self.shown.filter(|format| format.is_of_findings()),
            files: self.files.clone(),
        }
    }

    /// Whether some of them show what `fix` would write, edit by edit.
    pub(super) fn have_edits(&self) -> bool {
        self.all().any(Format::has_edits)
    }

    /// Whether each of them can give counts per rule.
    pub(super) fn count_rules(&self) -> bool {
        self.all().all(Format::counts_rules)
    }

    /// Whether each of them says equal findings of many files once.
    pub(super) fn fold(&self) -> bool {
        self.all().all(Format::folds)
    }

    fn all(&self) -> impl Iterator<Item = Format> {
        let files = self.files.iter().map(|(format, _)| *format);
        self.shown.into_iter().chain(files)
    }

    /// Documents that open with `head`.
    pub(super) fn begin(&self, style: Style, head: &Head<'_>) -> (Documents, Texts) {
        let files = self.files.iter().map(|(format, path)| (*format, Some(path.clone())));
        let all = self.shown.into_iter().map(|format| (format, None)).chain(files);
        let opened = all.map(|(format, file)| {
            let in_file = Style {
                color: false,
                wraps: false,
                breaks: false,
                width: 100,
                links: None,
                ..style
            };
            let style = if file.is_some() { in_file } else { style };
            let (printer, text) = Printer::begin(format, style, head);
            let document = Document {
                printer,
                format,
                file,
                text: String::new(),
            };
            (document, text)
        });
        let (all, texts) = opened.unzip();
        (Documents { all }, Texts(texts))
    }

    /// A whole document of parts that are at hand.
    ///
    /// # Errors
    /// Standard output's or a file's.
    pub(super) fn print<'a>(
        &self,
        terminal: &mut Terminal<'_>,
        head: &Head<'_>,
        parts: impl IntoIterator<Item = Part<'a, 'a>>,
    ) -> Result<(), Failure> {
        let (mut documents, text) = self.begin(terminal.style, head);
        documents.print(terminal, text)?;
        for part in parts {
            let pieces = documents.renderers().render(&part);
            documents.take(terminal, pieces)?;
        }
        let tail = Tail::Plain(head.kind());
        documents.end(terminal, &tail)
    }
}

/// A text for each document.
#[must_use]
pub(super) struct Texts(Vec<String>);

/// One part as each document has it.
#[derive(Clone)]
pub(super) struct Pieces(Vec<Piece>);

impl Pieces {
    /// Whether a finding in them names the file `name`, so that it is of no other.
    pub(super) fn name(&self, name: &str) -> bool {
        let mut told = self.0.iter().flat_map(|piece| &*piece.told.told);
        told.any(|told| told.text.names(name))
    }

    /// So many bytes of text.
    pub(super) fn size(&self) -> usize {
        let late = |piece: &Piece| piece.late.as_ref().map_or(0, String::len);
        self.0.iter().map(|piece| piece.text.len() + late(piece)).sum()
    }

    /// The same of the file `name`, which holds the same; for documents that say equal findings once.
    pub(super) fn of(&self, name: &str) -> Self {
        let name: Arc<str> = name.into();
        let pieces = self.0.iter().map(|piece| Piece {
            told: Batch {
                told: Arc::clone(&piece.told.told),
                file: Some(Arc::clone(&name)),
            },
            ..Piece::default()
        });
        Self(pieces.collect())
    }
}

/// One document on its way.
struct Document {
    printer: Printer,
    format: Format,
    /// Where it goes; `None`: standard output.
    file: Option<PathBuf>,
    /// What is to be written there so far.
    text: String,
}

/// Every document of a run.
pub(super) struct Documents {
    all: Vec<Document>,
}

/// What renders the parts of every document; any thread may have it.
#[derive(Clone)]
pub(super) struct Renderers(Vec<Arc<dyn Report>>);

impl Renderers {
    /// `part` as each document has it.
    pub(super) fn render(&self, part: &Part<'_, '_>) -> Pieces {
        Pieces(self.0.iter().map(|report| report.stack(part)).collect())
    }
}

impl Documents {
    /// What renders their parts.
    pub(super) fn renderers(&self) -> Renderers {
        Renderers(self.all.iter().map(|document| document.printer.report()).collect())
    }

    /// The texts of the next pieces.
    pub(super) fn add(&mut self, pieces: Pieces) -> Texts {
        let documents = self.all.iter_mut().zip(pieces.0);
        Texts(documents.map(|(document, piece)| document.printer.add(piece)).collect())
    }

    /// Prints the texts of the next pieces, or keeps them for their files.
    ///
    /// # Errors
    /// Standard output's.
    pub(super) fn take(&mut self, terminal: &mut Terminal<'_>, pieces: Pieces) -> io::Result<()> {
        let texts = self.add(pieces);
        self.print(terminal, texts)
    }

    /// Prints `texts`, or keeps them for their files.
    ///
    /// # Errors
    /// Standard output's.
    pub(super) fn print(&mut self, terminal: &mut Terminal<'_>, texts: Texts) -> io::Result<()> {
        for (document, text) in self.all.iter_mut().zip(texts.0) {
            match document.file {
                Some(_) => document.text.push_str(&document.format.safe(&text)),
                None if document.format.is_of_commands() => terminal.print_commands(&text)?,
                None => terminal.print(&text)?,
            }
        }
        Ok(())
    }

    /// Ends every document, and writes those that go to files.
    ///
    /// # Errors
    /// Standard output's, or that a file could not be written; all of them are written, or none.
    pub(super) fn end(mut self, terminal: &mut Terminal<'_>, tail: &Tail<'_>) -> Result<(), Failure> {
        let ends = self.all.iter_mut().map(|document| document.printer.end(tail));
        let ends = Texts(ends.collect());
        let printed = self.print(terminal, ends);
        let files = self.all.into_iter().filter_map(|document| {
            let Document { format, file, text, .. } = document;
            Some(planned(format, &file?, text.into_bytes()))
        });
        let planned = files.collect::<Result<Vec<Planned>, Failure>>()?;
        write::write_all(&planned, &Options::without_backup()).map_err(|error| not_written(&error))?;
        Ok(printed?)
    }
}
