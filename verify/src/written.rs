//! How times and answers stand in JSON: times as seconds, answers as `"done"` or `{"refused": …}`.
//!
//! It is read back by the process that started the sandbox; nothing else depends on it but the schema in docs/verify.md.

/// A [`std::time::Duration`] as a number of seconds, to the microsecond.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes it.
    pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e6)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }

    /// A moment that may not have come.
    pub mod optional {
        use super::{Deserialize, Deserializer, Duration, Serializer};

        /// Writes it, or null.
        pub fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
            match time {
                Some(time) => super::serialize(time, to),
                None => to.serialize_none(),
            }
        }

        /// Reads it.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
            let seconds = Option::<f64>::deserialize(from)?;
            seconds
                .map(|seconds| Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom))
                .transpose()
        }
    }
}

/// What a hypervisor answered.
pub mod answer {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::hypervisor::Refusal;

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Written {
        Done,
        Refused(Refusal),
    }

    impl From<Written> for Result<(), Refusal> {
        fn from(written: Written) -> Self {
            match written {
                Written::Done => Ok(()),
                Written::Refused(refusal) => Err(refusal),
            }
        }
    }

    fn written(answer: &Result<(), Refusal>) -> Written {
        match answer {
            Ok(()) => Written::Done,
            Err(refusal) => Written::Refused(refusal.clone()),
        }
    }

    /// Writes it.
    pub fn serialize<S: Serializer>(answer: &Result<(), Refusal>, to: S) -> Result<S::Ok, S::Error> {
        written(answer).serialize(to)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Result<(), Refusal>, D::Error> {
        Written::deserialize(from).map(Into::into)
    }

    /// An answer that may not have come.
    pub mod optional {
        use super::{Deserialize, Deserializer, Refusal, Serialize, Serializer, Written, written};

        /// Writes it, or null.
        pub fn serialize<S: Serializer>(answer: &Option<Result<(), Refusal>>, to: S) -> Result<S::Ok, S::Error> {
            answer.as_ref().map(written).serialize(to)
        }

        /// Reads it.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Result<(), Refusal>>, D::Error> {
            Ok(Option::<Written>::deserialize(from)?.map(Into::into))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::hypervisor::{Event, Refusal};
    use crate::trial::migrate::{TimedEvent, Trace};

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
        let trace = Trace {
            began: Duration::from_millis(1250),
            events: vec![
                heard(Event::Pass(2)),
                heard(Event::Returned(Err(refusal.clone()))),
                heard(Event::Returned(Ok(()))),
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
        assert_eq!(serde_json::from_str::<Trace>(&text).unwrap(), trace);
    }
}
