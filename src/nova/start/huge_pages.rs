//! `[DEFAULT] reserved_huge_pages`: `node:0,size:2048,count:64` (`numa_get_reserved_huge_pages` of `nova/virt/hardware.py`, the
//! same since Ocata).

use super::python;
use crate::nova::repr::repr;

/// Nova's message where one of `values`, each the pairs of one line, is not what it needs; `None` where it takes all.
#[must_use]
pub fn rejected(values: &[Vec<(String, String)>]) -> Option<String> {
    if values.iter().all(|pairs| is_taken(pairs)) {
        return None;
    }
    let of_pair = |(key, value): &(String, String)| format!("{}: {}", repr(key), repr(value));
    let of_line =
        |pairs: &Vec<(String, String)>| format!("{{{}}}", pairs.iter().map(of_pair).collect::<Vec<_>>().join(", "));
    let found = values.iter().map(of_line).collect::<Vec<_>>().join(", ");
    Some(format!(
        "The format of the option 'reserved_huge_pages' is invalid. (found '[{found}]') Please refer to the nova \
         config-reference."
    ))
}

fn is_taken(pairs: &[(String, String)]) -> bool {
    let of = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    let is_whole = |name| of(name).is_some_and(|value| python::whole(value).is_some());
    let has_size = is_whole("size") || of("size").is_some_and(is_size);
    has_size && is_whole("node") && is_whole("count")
}

/// A number with a unit of bytes or bits, as `strutils.string_to_bytes` takes it: `2MB`, `1.5GiB`.
fn is_size(text: &str) -> bool {
    let Some(rest) = text.strip_suffix("bit").or_else(|| text.strip_suffix(['b', 'B'])) else {
        return false;
    };
    let is_prefix = |c: char| "KMGTPEZYRQ".contains(c);
    let number = match rest.strip_suffix('i') {
        Some(rest) => match rest.strip_suffix(is_prefix) {
            Some(number) => number,
            None => return false,
        },
        None => rest.strip_suffix(is_prefix).unwrap_or(rest),
    };
    let number = number.strip_prefix(['-', '+']).unwrap_or(number);
    let is_digits = |digits: &str| {
        digits
            .chars()
            .all(|c| c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric()))
    };
    match number.split_once('.') {
        Some((whole, part)) => is_digits(whole) && !part.is_empty() && is_digits(part),
        None => !number.is_empty() && is_digits(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pairs = text.split(',').filter_map(|pair| pair.split_once(':'));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn what_nova_takes_is_taken() {
        for text in [
            "node:0,size:2048,count:64",
            "size:1GiB,node:+1,count:-1",
            "node:0,size:.5MB,count:1,more:x",
            "node:0,size:16Gbit,count:1",
        ] {
            assert_eq!(rejected(&[pairs(text)]), None, "{text}");
        }
    }

    #[test]
    fn what_it_rejects_is_said_in_its_words() {
        for text in [
            "",
            "node:0,size:2048",
            "node:0,size:2M,count:1",
            "node:x,size:4,count:1",
            "node:0,size:1 GB,count:1",
        ] {
            assert!(rejected(&[pairs(text)]).is_some(), "{text}");
        }
        assert_eq!(
            rejected(&[pairs("node:0,size:big,count:1"), pairs("node:1")]).unwrap(),
            "The format of the option 'reserved_huge_pages' is invalid. (found '[{'node': '0', 'size': 'big', 'count': '1'}, \
             {'node': '1'}]') Please refer to the nova config-reference."
        );
    }
}
