//! Tests about the message bus: whether oslo.messaging can use a URL, and whether a release still speaks the version of the
//! calls that `[upgrade_levels]` asks for.

use super::condition::{OptionName, Outcome};
use super::cpu_set::whole;
use super::named::{NamedTest, of_texts};
use crate::catalog::{Release, code, plugins};
use crate::nova::View;
use crate::oslo::value::Value;

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "url-without-scheme",
        run: url_without_scheme,
    },
    NamedTest {
        name: "url-scheme-unknown",
        run: url_scheme_unknown,
    },
    NamedTest {
        name: "url-port-rejected",
        run: url_port_rejected,
    },
    NamedTest {
        name: "url-bracket-open",
        run: url_bracket_open,
    },
    NamedTest {
        name: "auth-type-unknown",
        run: auth_type_unknown,
    },
    NamedTest {
        name: "rpc-version-not-spoken",
        run: rpc_version_not_spoken,
    },
    NamedTest {
        name: "rpc-version-before-numa-migration",
        run: rpc_version_before_numa_migration,
    },
];

/// Every scheme that some oslo.messaging has had, or that `removed-value` knows.
const SCHEMES: [&str; 9] = [
    "amqp", "fake", "kafka", "kombu", "pika", "qpid", "rabbit", "test", "zmq",
];

/// Whether a URL that is set has no scheme; an empty one has none either.
fn url_without_scheme(view: &View<'_>, names: &[OptionName]) -> Outcome {
    for name in names {
        let Some(setting) = name.setting(view).filter(crate::nova::Setting::is_set) else {
            continue;
        };
        match view.value(&setting) {
            Ok(Value::Text(text)) if split(&text).is_none() => return Outcome::of(true),
            Ok(_) => {}
            Err(_) => return Outcome::Open,
        }
    }
    Outcome::Fails
}

fn url_scheme_unknown(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let schemes = texts.iter().filter_map(|text| split(text)).map(|(scheme, _)| scheme);
        let mut unknown = schemes.filter(|scheme| {
            let driver = scheme.split_once('+').map_or(&**scheme, |(driver, _)| driver);
            !SCHEMES.contains(&driver)
        });
        match unknown.next() {
            Some(scheme) => Outcome::Holds(vec![scheme.clone(), scheme]),
            None => Outcome::Fails,
        }
    })
}

/// What is found is not given: behind a password that is not encoded it is the password.
fn url_port_rejected(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let places = texts.iter().filter_map(|text| place(text));
        let mut hosts = places.flat_map(|place| place.split(',').filter(|host| !host.is_empty()));
        Outcome::of(hosts.any(|host| {
            let address = host.rsplit_once('@').map_or(host, |(_, address)| address);
            port(address).is_some_and(|port| whole(port).is_none())
        }))
    })
}

/// One of the brackets around an address of IPv6 without the other.
fn url_bracket_open(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let mut places = texts.iter().filter_map(|text| place(text));
        Outcome::of(places.any(|place| place.contains('[') != place.contains(']')))
    })
}

/// What stands between `//` and the path: the hosts, with what belongs to them.
fn place(url: &str) -> Option<&str> {
    let (_, rest) = split(url)?;
    rest.strip_prefix("//")?.split(['/', '?', '#']).next()
}

/// Plugins of keystoneauth that other packages are known to bring.
const OTHER_PLUGINS: [&str; 8] = [
    "aodh-noauth",
    "gnocchi-basic",
    "gnocchi-noauth",
    "noauth",
    "password-aodh-legacy",
    "password-ceilometer-legacy",
    "token_endpoint",
    "v1password",
];

/// Whether no package is known to have such a plugin. Those for federations of one's own are called `v3…`.
fn auth_type_unknown(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let is_known = |text: &str| plugins::is_known(text, view.release()) || OTHER_PLUGINS.contains(&text);
        let mut unknown = texts.iter().filter(|text| !is_known(text) && !text.starts_with("v3"));
        match unknown.next() {
            Some(text) => Outcome::Holds(vec![text.clone(), text.clone()]),
            None => Outcome::Fails,
        }
    })
}

/// The scheme in small letters and the rest, as `urllib` splits them; `None` without a scheme.
fn split(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.trim_start().split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// What `oslo_utils.netutils.parse_host_port` takes for the port.
fn port(address: &str) -> Option<&str> {
    if let Some(inner) = address.strip_prefix('[') {
        let (_, behind) = inner.split_once(']')?;
        return behind.split(':').nth(1);
    }
    let (_, port) = address.split_once(':')?;
    (!port.contains(':')).then_some(port)
}

/// A version, or the release whose version it is, of another generation than the release speaks.
fn rpc_version_not_spoken(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let Some(service) = names.first().map(|name| &*name.name) else {
        return Outcome::Fails;
    };
    of_texts(view, names, |texts| {
        let Some((first, last)) = generations(service, view.release()) else {
            return Outcome::Fails;
        };
        match texts.first().and_then(|word| version(view, service, word)) {
            Some((generation, minor)) if generation < first || last < generation => {
                Outcome::Holds(vec![format!("{generation}.{minor}"), format!("{last}.x")])
            }
            _ => Outcome::Fails,
        }
    })
}

/// The version that `word` of `[upgrade_levels]` asks for, where it is one or stands for one.
fn version(view: &View<'_>, service: &str, word: &str) -> Option<(i64, i64)> {
    let version = code::rpc_version(service, word, view.release()).unwrap_or(word);
    let (generation, minor) = version.split_once('.')?;
    Some((whole(generation)?, whole(minor)?))
}

/// A version of the calls to nova-compute before 5.3, with which guests that have a NUMA topology do not migrate.
fn rpc_version_before_numa_migration(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let version = texts.first().and_then(|word| version(view, "compute", word));
        Outcome::of(version.is_some_and(|version| ((5, 0)..(5, 3)).contains(&version)))
    })
}

/// The first and the last generation of calls to `service` that `release` speaks.
fn generations(service: &str, release: Release) -> Option<(i64, i64)> {
    let spoken = match service {
        "compute" => match release.number() {
            ..=16 => (4, 4),
            17 => (4, 5),
            18..=22 => (5, 5),
            23..=27 => (5, 6),
            _ => (6, 6),
        },
        "conductor" => (3, 3),
        "scheduler" => (4, 4),
        "cert" | "console" | "consoleauth" => (2, 2),
        "cells" | "network" => (1, 1),
        _ => return None,
    };
    Some(spoken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_as_python_splits_it() {
        assert_eq!(split("Rabbit://h/"), Some(("rabbit".to_owned(), "//h/")));
        assert_eq!(split("h:5672"), Some(("h".to_owned(), "5672")));
        for url in ["", "h", "10.0.0.1:5672", "//h/", "ra_bit://h/"] {
            assert_eq!(split(url), None, "{url}");
        }
    }

    #[test]
    fn a_port_is_what_oslo_utils_takes_for_one() {
        for (address, wanted) in [
            ("h", None),
            ("h:5672", Some("5672")),
            ("h:", Some("")),
            ("[::1]:5672", Some("5672")),
            ("[::1]", None),
            ("::1", None),
        ] {
            assert_eq!(port(address), wanted, "{address}");
        }
    }
}
