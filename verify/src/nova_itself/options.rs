//! What nova reads for one trial: the options that decide about flags, timeouts and downtime, in nova's own words.
//!
//! It reads no file.

use std::collections::BTreeMap;

use novamend::catalog::{self, Release};
use novamend::nova::migration::Settings;
use novamend::nova::migration::settings::{
    ACTION, AUTO_CONVERGE, BANDWIDTH, COMPLETION_TIMEOUT, DOWNTIME, DOWNTIME_DELAY, DOWNTIME_STEPS, INBOUND, LIBVIRT,
    NATIVE_TLS, PARALLEL, POST_COPY, PROGRESS_TIMEOUT, SCHEME, TUNNELLED, VIRT_TYPE,
};
use serde::Serialize;

/// What nova reads and knows for one trial.
#[derive(Clone, Debug, Serialize)]
pub struct TrialOptions {
    options: BTreeMap<&'static str, String>,
}

impl TrialOptions {
    /// What nova of `release` is to read so that it goes by `settings`: what differs from its defaults, so that those are
    /// nova's own.
    #[must_use]
    pub fn of(settings: &Settings, release: Release) -> Self {
        let defaults = listed(&Settings::defaults(release));
        let wanted = listed(settings).into_iter().zip(defaults);
        let options = wanted
            .filter(|((name, value), (_, default))| {
                value != default && catalog::option(LIBVIRT, name, release).is_some()
            })
            .filter_map(|((name, value), _)| Some((name, value?)))
            .collect();
        Self { options }
    }
}

/// The options of `[libvirt]` that decide about flags and the monitor; none where it has no value.
fn listed(settings: &Settings) -> Vec<(&'static str, Option<String>)> {
    let number = |number: i64| Some(number.to_string());
    let flag = |flag: bool| Some(if flag { "True" } else { "False" }.to_owned());
    let downtime = settings.downtime;
    vec![
        (VIRT_TYPE, Some(settings.virt_type.clone())),
        (SCHEME, settings.scheme.clone()),
        (INBOUND, settings.inbound.clone()),
        (ACTION, Some(settings.timeout_action.as_str().to_owned())),
        (COMPLETION_TIMEOUT, number(settings.completion_timeout)),
        (PROGRESS_TIMEOUT, number(settings.progress_timeout)),
        (POST_COPY, flag(settings.post_copy)),
        (AUTO_CONVERGE, flag(settings.auto_converge)),
        (TUNNELLED, flag(settings.tunnelled)),
        (NATIVE_TLS, flag(settings.tls)),
        (PARALLEL, number(settings.parallel)),
        (BANDWIDTH, number(settings.bandwidth)),
        (DOWNTIME, number(downtime.downtime_ms)),
        (DOWNTIME_STEPS, number(downtime.steps)),
        (DOWNTIME_DELAY, number(downtime.delay_s)),
    ]
}
