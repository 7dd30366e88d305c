//! Addresses, host names and URIs, as netaddr and rfc3986 judge them for oslo.config.
//!
//! It resolves nothing and connects to nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Value, ValueError};

/// `IPAddress`: what `inet_pton` takes.
pub(super) fn is_ip(value: &str, version: Option<u8>) -> bool {
    let v4 = || value.parse::<Ipv4Addr>().is_ok();
    let v6 = || value.parse::<Ipv6Addr>().is_ok();
    match version {
        Some(4) => v4(),
        Some(6) => v6(),
        _ => v4() || v6(),
    }
}

/// `HostAddress`, and `HostDomain` where underscores are allowed: an address or a host name.
pub(super) fn host_address(value: &str, version: Option<u8>, underscores: bool) -> Result<String, ValueError> {
    if is_ip(value, version) {
        return Ok(value.to_owned());
    }
    host_name(value, false).or_else(|error| {
        if underscores {
            host_name(value, true)
        } else {
            Err(error)
        }
    })
}

/// `Hostname`: at most 253 characters in labels of 1 to 63, the last not all digits; a final dot is dropped.
pub(super) fn host_name(value: &str, underscores: bool) -> Result<String, ValueError> {
    let name = value.strip_suffix('.').unwrap_or(value);
    let last = name.rsplit('.').next().unwrap_or(name);
    let named = last.chars().any(|c| c.is_ascii_alphabetic() || c == '-');
    let fits = !value.is_empty() && value.chars().count() <= 253;
    if fits && named && name.split('.').all(|label| is_label(label, underscores)) {
        Ok(name.to_owned())
    } else {
        Err(ValueError::Host)
    }
}

fn is_label(label: &str, underscores: bool) -> bool {
    // The regular expression ends in `$`, which lets a final newline pass, and ignores case as Python does.
    let label = label.strip_suffix('\n').unwrap_or(label);
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || c == '-'
            || (underscores && c == '_')
            || "\u{130}\u{131}\u{17f}\u{212a}".contains(c)
    };
    (1..=63).contains(&label.chars().count())
        && label.chars().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// `URI`: scheme and host must be there and valid, the path valid; `schemes` as written, in lower case.
pub(super) fn check_uri(
    value: &str,
    schemes: Option<&[String]>,
    max_length: Option<usize>,
    judges_whole: bool,
) -> Result<Value, ValueError> {
    let (scheme, rest) = split_scheme(value).ok_or(ValueError::Uri)?;
    let rest = rest.strip_prefix("//").ok_or(ValueError::Uri)?;
    let end = rest.find(['\\', '/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let path = before.split('?').next().unwrap_or_default();
    if judges_whole && (before.contains(['[', ']']) || fragment.contains(['[', ']', '#'])) {
        return Err(ValueError::Uri);
    }
    // Whatever else a path holds is percent-encoded before it is judged.
    if !is_authority(authority) || path.contains(['[', ']']) {
        return Err(ValueError::Uri);
    }
    if let Some(schemes) = schemes
        && !schemes.is_empty()
        && !schemes.iter().any(|allowed| allowed.to_lowercase() == scheme)
    {
        return Err(ValueError::Scheme(schemes.to_vec()));
    }
    match max_length {
        Some(most) if value.chars().count() > most => Err(ValueError::TooLong(most)),
        _ => Ok(Value::Text(value.to_owned())),
    }
}

fn split_scheme(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = value.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c));
    named.then_some((scheme, rest))
}

fn is_authority(authority: &str) -> bool {
    if authority.is_empty() {
        return false;
    }
    let authority = authority.strip_suffix('\n').unwrap_or(authority);
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            if user.is_empty() || !is_encoded(user, ":") {
                return false;
            }
            host
        }
        None => authority,
    };
    let is_port = |text: &str| text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(literal) = host.strip_prefix('[') {
        let Some((literal, rest)) = literal.split_once(']') else {
            return false;
        };
        return is_literal(literal) && is_port(rest.strip_prefix(':').unwrap_or(rest));
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    is_encoded(name, "") && is_port(port) && !is_wrong_ipv4(name)
}

/// Whether every character is unreserved, a sub-delimiter, percent-encoded or one of `more`.
fn is_encoded(text: &str, more: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let plain = c.is_ascii_alphanumeric() || "._~-!$&'()*+,;=".contains(c) || more.contains(c);
        let hex = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit());
        if !(plain || c == '%' && hex(rest.next()) && hex(rest.next())) {
            return false;
        }
    }
    true
}

/// Four numbers of up to three digits of which one is above 255.
fn is_wrong_ipv4(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let shaped = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(shaped) && parts.iter().any(|part| part.parse::<u16>().is_ok_and(|n| n > 255))
}

/// What stands between `[` and `]`: an IPv6 address, with a zone after `%25`, or a version yet to come.
fn is_literal(literal: &str) -> bool {
    if let Some(future) = literal.strip_prefix('v') {
        let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
        return future.split_once('.').is_some_and(|(version, rest)| {
            hex(version) && !rest.is_empty() && !rest.contains('%') && is_encoded(rest, ":")
        });
    }
    let (address, zone) = literal
        .split_once("%25")
        .map_or((literal, None), |(a, zone)| (a, Some(zone)));
    let zoned = zone
        .is_none_or(|zone| !zone.is_empty() && is_encoded(zone, "") && !zone.contains(|c| "!$&'()*+,;=".contains(c)));
    address.parse::<Ipv6Addr>().is_ok() && zoned
}
