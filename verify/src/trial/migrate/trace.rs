//! All that happened during one migration, as it is kept and as it is written in JSON.
//!
//! It passes no judgement but whether the guest converged, in which case nothing was tried.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::{As, DeserializeAs, DurationSecondsWithFrac, FromInto, SerializeAs};

use crate::hypervisor::{Answer, End, Event, Intervention, Refusal};
use crate::trial::kind::TrialKind;
use crate::trial::monitor::{Order, Outcome};

/// A time as it is written in JSON: seconds, to the microsecond; moments count from the start of the sandbox.
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "f64"))]
pub(crate) struct Seconds;

impl SerializeAs<Duration> for Seconds {
    fn serialize_as<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e6)
    }
}

impl<'de> DeserializeAs<'de, Duration> for Seconds {
    fn deserialize_as<D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        DurationSecondsWithFrac::<f64>::deserialize_as(from)
    }
}

/// Data remaining at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sample {
    /// When.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub at: Duration,
    /// Bytes.
    pub remaining: i64,
    /// Those of them that are a disk's.
    pub disk_remaining: i64,
    /// The pass.
    pub iteration: i64,
}

/// An order that nova's monitor gave, and the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct IssuedOrder {
    /// When.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub at: Duration,
    /// What.
    pub order: Order,
    /// What the hypervisor answered.
    #[serde(with = "As::<FromInto<Answer>>")]
    #[cfg_attr(test, schemars(with = "Answer"))]
    pub answer: Result<(), Refusal>,
}

impl IssuedOrder {
    /// Whether it is the action itself, tried at least.
    #[must_use]
    pub fn is_action(&self) -> bool {
        matches!(self.order, Order::Intervene(_))
    }

    /// Whether it is `intervention`, tried at least.
    #[must_use]
    pub fn is(&self, intervention: Intervention) -> bool {
        self.order == Order::Intervene(intervention)
    }
}

/// An event and its moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TimedEvent {
    /// When.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub at: Duration,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// All that happened during one migration; times are those of the hypervisor's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Trace {
    /// When it was started.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub began: Duration,
    /// When the monitor ended, or the trial was given up.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub ended: Duration,
    /// Nova's seconds for each real one, while the clock runs.
    pub scale: f64,
    /// Data remaining.
    pub samples: Vec<Sample>,
    /// Events of both ends.
    pub events: Vec<TimedEvent>,
    /// What nova did.
    pub orders: Vec<IssuedOrder>,
    /// How nova took it to have ended; null where the trial was given up.
    pub outcome: Option<Outcome>,
    /// How the migrate call ended.
    #[serde(with = "As::<Option<FromInto<Answer>>>")]
    #[cfg_attr(test, schemars(with = "Option<Answer>"))]
    pub returned: Option<Result<(), Refusal>>,
    /// A call that nova would not expect to fail did.
    pub broken: Option<Refusal>,
}

impl Trace {
    /// The first time that `intervention` succeeded.
    #[must_use]
    pub fn done(&self, intervention: Intervention) -> Option<Duration> {
        self.orders
            .iter()
            .find(|given| given.is(intervention) && given.answer.is_ok())
            .map(|given| given.at)
    }

    /// Whether it completed by itself: before nova acted, or before what it did, to end a migration like this, took effect.
    #[must_use]
    pub fn converged(&self, kind: &TrialKind) -> bool {
        let has_acted = self.orders.iter().any(IssuedOrder::is_action);
        // a job that was aborted does not complete, and one that was switched says so
        let has_effect = kind.moves && (!kind.switches() || self.switched());
        self.returned == Some(Ok(())) && !(has_acted && has_effect)
    }

    /// Whether the guest was switched to post-copy, by libvirt's own events; that of the destination is missed where all
    /// pages have come before libvirt looks.
    #[must_use]
    pub fn switched(&self) -> bool {
        let ends = [
            (End::Source, "suspended: post-copy"),
            (End::Destination, "resumed: post-copy"),
        ];
        ends.iter().any(|(end, what)| self.event(*end, what).is_some())
    }

    /// When pass `number` began.
    #[must_use]
    pub fn pass(&self, number: i64) -> Option<Duration> {
        self.events.iter().find_map(|heard| match heard.event {
            Event::Pass(pass) if pass >= number => Some(heard.at),
            _ => None,
        })
    }

    /// The first lifecycle event `what` at `end`.
    #[must_use]
    pub fn event(&self, wanted_end: End, wanted: &str) -> Option<Duration> {
        self.events.iter().find_map(|heard| match &heard.event {
            Event::Lifecycle { end, what } if *end == wanted_end && what == wanted => Some(heard.at),
            _ => None,
        })
    }

    /// Libvirt's own figure of the guest's downtime in milliseconds.
    #[must_use]
    pub fn downtime_ms(&self) -> Option<u64> {
        self.events.iter().find_map(|heard| match &heard.event {
            Event::Figures { downtime_ms, .. } => *downtime_ms,
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_survives_the_way_out_of_the_sandbox() {
        let refusal = Refusal {
            code: 78,
            message: "cancelled".to_owned(),
        };
        let heard = |event| TimedEvent {
            at: Duration::from_micros(1_500_001),
            event,
        };
        let given = |order| IssuedOrder {
            at: Duration::from_secs(2),
            order,
            answer: Ok(()),
        };
        let trace = Trace {
            began: Duration::from_millis(1250),
            events: vec![
                heard(Event::Pass(2)),
                heard(Event::Returned(Err(refusal.clone()))),
                heard(Event::Returned(Ok(()))),
            ],
            orders: vec![
                given(Order::SetDowntime(50)),
                given(Order::Intervene(Intervention::StartPostCopy)),
                given(Order::ResumeIfPaused),
            ],
            returned: Some(Err(refusal)),
            ..Trace::default()
        };
        let text = serde_json::to_string(&trace).unwrap();
        assert!(
            text.contains("\"began\":1.25") && text.contains("{\"at\":1.500001,\"pass\":2}"),
            "{text}"
        );
        assert!(text.contains("\"returned\":\"done\""), "{text}");
        for order in ["{\"set_downtime\":50}", "\"start_post_copy\"", "\"resume_if_paused\""] {
            assert!(text.contains(&format!("\"order\":{order}")), "{text}");
        }
        assert_eq!(serde_json::from_str::<Trace>(&text).unwrap(), trace);
    }
}
