//! Makes an interface of the calling thread's network namespace as slow as a network: the kernel's token bucket filter (tbf).
//!
//! What is sent counts with its headers, as on a wire; what is received is not held back.

use std::io;

use netlink_packet_core::{DefaultNla, NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcMessage, TcOption};

use super::route::request;
use crate::speed::Speed;

/// The attributes of a tbf (`linux/pkt_sched.h`).
const PARAMETERS: u16 = 1;
const RATE_64: u16 = 4;
const BURST: u16 = 6;

/// `TC_LINKLAYER_ETHERNET`: packets are as long as they are.
const ETHERNET: u8 = 1;

/// What may go at once: a millisecond's worth, and at least two of the largest packets.
const AT_ONCE: f64 = 0.001;
const PACKETS: u64 = 128 << 10;

/// How long a packet may wait before it is dropped, which TCP takes for a network that is full.
const WAITS: f64 = 0.05;

/// Lets the interface send no faster than `speed`.
///
/// # Errors
/// The kernel has no tbf (`CONFIG_NET_SCH_TBF`), or refuses.
pub(super) fn slow_down(interface: u32, speed: Speed) -> io::Result<()> {
    let bytes = speed.bits() / 8;
    let least = |share: f64| ((bytes as f64 * share) as u64).clamp(PACKETS, u64::from(u32::MAX) / 4);
    let burst = least(AT_ONCE);
    let limit = (least(WAITS) + burst) as u32;
    let options = [
        (PARAMETERS, parameters(bytes, limit)),
        (RATE_64, bytes.to_ne_bytes().to_vec()),
        (BURST, (burst as u32).to_ne_bytes().to_vec()),
    ];
    let options = options.map(|(kind, value)| TcOption::Other(DefaultNla::new(kind, value)));
    let mut message = TcMessage::with_index(interface.cast_signed());
    message.header.parent = TcHandle::ROOT;
    message.attributes = vec![
        TcAttribute::Kind("tbf".to_owned()),
        TcAttribute::Options(options.to_vec()),
    ];
    request(
        RouteNetlinkMessage::NewQueueDiscipline(message),
        NLM_F_CREATE | NLM_F_REPLACE,
    )
}

/// `struct tc_tbf_qopt`: the rate, no peak rate, the limit in bytes; the burst is given in bytes by an attribute of its own.
fn parameters(bytes: u64, limit: u32) -> Vec<u8> {
    let rate = u32::try_from(bytes).unwrap_or(u32::MAX);
    // cell_log, linklayer, overhead, cell_align, mpu
    let mut all = vec![0, ETHERNET, 0, 0, 0, 0, 0, 0];
    all.extend(rate.to_ne_bytes());
    all.extend([0; 12]);
    all.extend(limit.to_ne_bytes());
    all.extend([0; 8]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_as_long_as_the_kernel_wants_them() {
        let all = parameters(25_000_000, 1 << 20);
        assert_eq!(all.len(), 36);
        assert_eq!(all[8..12], 25_000_000u32.to_ne_bytes());
        assert_eq!(all[24..28], (1u32 << 20).to_ne_bytes());
        assert_eq!(
            parameters(125_000_000_000, 1)[8..12],
            u32::MAX.to_ne_bytes(),
            "told by the attribute of 64 bits"
        );
    }
}
