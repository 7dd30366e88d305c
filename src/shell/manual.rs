//! Pages for `man`: one for a program, and one for each of its verbs.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// The pages of one program.
#[derive(Debug)]
pub struct Manual {
    program: Command,
    section: &'static str,
}

impl Manual {
    /// The pages of `program`, which belong into `section`: 1 for what everybody runs, 8 for what needs root.
    #[must_use]
    pub fn new(mut program: Command, section: &'static str) -> Self {
        program = program.disable_help_subcommand(true);
        program.build();
        Self { program, section }
    }

    /// The names of the files, the program's first: `novamend.1`, `novamend-check.1`.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let pages = self.pages();
        let names = pages
            .into_iter()
            .map(|(_, page)| format!("{}.{}", name(page), self.section));
        names.collect()
    }

    /// The page of `verb`, or of the program where it is `None`; nothing where there is no such verb.
    ///
    /// # Errors
    /// None that is known: it is written to memory.
    pub fn page(&self, verb: Option<&str>) -> io::Result<Option<String>> {
        let pages = self.pages();
        let Some((_, command)) = pages.into_iter().find(|(of, _)| *of == verb) else {
            return Ok(None);
        };
        let man = Man::new(command.clone())
            .title(name(command))
            .section(self.section)
            .source(format!(
                "{} {}",
                self.program.get_name(),
                self.program.get_version().unwrap_or_default()
            ));
        let mut page = Vec::new();
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if verb.is_none() {
            man.render_subcommands_section(&mut page)?;
        }
        let mut page = String::from_utf8_lossy(&page).into_owned();
        page.push_str(&self.end(command));
        Ok(Some(page))
    }

    /// Every command that has a page, with the verb that it is.
    fn pages(&self) -> Vec<(Option<&str>, &Command)> {
        let verbs = self.program.get_subcommands().filter(|verb| !verb.is_hide_set());
        let verbs = verbs.map(|verb| (Some(verb.get_name()), verb));
        [(None, &self.program)].into_iter().chain(verbs).collect()
    }

    /// What is behind the options: the words below the help, line by line as they are there, and the other pages.
    fn end(&self, command: &Command) -> String {
        let mut end = String::new();
        let below = command.get_after_help().or(self.program.get_after_help());
        let below = below.map(ToString::to_string).unwrap_or_default();
        if let Some((heading, lines)) = below.split_once(':') {
            end.push_str(&format!(".SH \"{}\"\n.nf\n", heading.to_uppercase()));
            for line in lines.trim_start().lines() {
                end.push_str(&escaped(line.trim_start()));
                end.push('\n');
            }
            end.push_str(".fi\n");
        }
        let others = self
            .pages()
            .into_iter()
            .filter(|(_, other)| name(other) != name(command));
        let others = others.map(|(_, other)| format!("\\fB{}\\fR({})", escaped(&name(other)), self.section));
        // a verb that hands its arguments over has no help of its own: another program's page has its flags
        let whole = command.is_disable_help_flag_set().then(|| whole(command.get_name()));
        let others: Vec<String> = whole.into_iter().chain(others).collect();
        if !others.is_empty() {
            end.push_str(&format!(".SH \"SEE ALSO\"\n{}\n", others.join(", ")));
        }
        end
    }
}

/// Where the flags of a verb of `novamend-verify` are, for the page that `novamend` has of it.
fn whole(verb: &str) -> String {
    format!("\\fBnovamend\\-verify\\-{verb}\\fR(8), which has all its flags")
}

fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

/// A line of text as roff prints it: backslashes and hyphens as they are, and no line that is a request.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) {
        format!("\\&{line}")
    } else {
        line
    }
}
