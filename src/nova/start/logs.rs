//! Tests about what oslo.log and oslo.service ask of the options for logs and back doors, of every service alike.

use super::condition::{OptionName, Outcome};
use super::cpu_set::whole;
use super::named::{NamedTest, of_texts, words};
use crate::nova::View;

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "log-level-unknown",
        run: log_level_unknown,
    },
    NamedTest {
        name: "facility-unknown",
        run: facility_unknown,
    },
    NamedTest {
        name: "ports-rejected",
        run: ports_rejected,
    },
    NamedTest {
        name: "url-without-slashes",
        run: url_without_slashes,
    },
];

/// What Python calls its levels, and those that some oslo.log adds.
const LEVELS: [&str; 10] = [
    "AUDIT", "CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "NOTSET", "TRACE", "WARN", "WARNING",
];
/// The facilities of syslog that some system has.
const FACILITIES: [&str; 20] = [
    "AUTH", "AUTHPRIV", "CRON", "DAEMON", "FTP", "KERN", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5",
    "LOCAL6", "LOCAL7", "LPR", "MAIL", "NEWS", "SYSLOG", "USER", "UUCP",
];

/// An item whose level Python does not know; white space before it counts.
fn log_level_unknown(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let items = match names.first().map(|name| words(view, name)) {
        Some(Ok(items)) => items,
        Some(Err(open)) => return open,
        None => return Outcome::Fails,
    };
    let is_unknown = |item: &&String| {
        let level = item.split_once('=').map_or("", |(_, level)| level);
        whole(level).is_none() && !LEVELS.contains(&level)
    };
    match items.iter().find(is_unknown) {
        Some(item) => {
            let level = item.split_once('=').map_or("", |(_, level)| level);
            Outcome::Holds(vec![item.clone(), level.to_owned()])
        }
        None => Outcome::Fails,
    }
}

fn facility_unknown(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        Outcome::of(texts.iter().any(|text| {
            let text = text.to_uppercase();
            !FACILITIES.contains(&text.strip_prefix("LOG_").unwrap_or(&text))
        }))
    })
}

/// A port, or `first:last` whose end is not before its start.
fn ports_rejected(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        Outcome::of(texts.iter().any(|text| {
            let (first, last) = text.split_once(':').unwrap_or((text, text));
            match (whole(first), whole(last)) {
                (Some(first), Some(last)) => last < first,
                _ => true,
            }
        }))
    })
}

fn url_without_slashes(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        Outcome::of(texts.iter().any(|text| !text.contains("://")))
    })
}
