//! Joins a stream of records that began before one listened: hands on from the first two that follow on each other.
//!
//! A mark within a record that was cut in half would otherwise be taken for one, even for damage.

use crate::guest::serial::{MARK, RECORD};

/// Bytes of a console, of which those before the first whole record are dropped.
#[derive(Default)]
pub(super) struct RecordJoiner {
    waiting: Vec<u8>,
    is_joined: bool,
}

impl RecordJoiner {
    /// The bytes from the first whole record on, those kept back included.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.is_joined {
            return bytes.to_vec();
        }
        self.waiting.extend_from_slice(bytes);
        let Some(start) = self.waiting.windows(2 * RECORD).position(follow_on) else {
            return Vec::new();
        };
        self.is_joined = true;
        self.waiting.split_off(start)
    }
}

/// Two records, the second with the next number.
fn follow_on(pair: &[u8]) -> bool {
    let (one, two) = pair.split_at(RECORD);
    let number = |record: &[u8]| u32::from_le_bytes([record[2], record[3], record[4], record[5]]);
    one[0] == MARK && two[0] == MARK && two[1] == b'H' && number(two) == number(one).wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(number: u32) -> Vec<u8> {
        let mut record = vec![MARK, b'H'];
        record.extend(number.to_le_bytes());
        record.extend([0; 6]);
        record
    }

    #[test]
    fn a_cut_record_is_dropped_even_where_it_looks_like_damage() {
        let mut joined = RecordJoiner::default();
        let torn = [MARK, b'E', 1, 2];
        assert_eq!(joined.take(&torn), Vec::<u8>::new());
        assert_eq!(joined.take(&beat(7)), Vec::<u8>::new());
        assert_eq!(joined.take(&beat(8)), [beat(7), beat(8)].concat());
        assert_eq!(joined.take(&beat(9)), beat(9));
    }
}
