//! Values with a form of their own, made by chance: a nova.conf of one option or group each, right, nearly right or wrong.
//!
//! Not made: half of a surrogate pair, which is shown otherwise, and sizes in RB and QB, which are taken though old nova does not.

use crate::random::Random;

/// One of some texts.
fn one(chance: &mut Random, of: &[&'static str]) -> &'static str {
    chance.one::<&'static str>(of)
}

/// Some of the pairs `"key": value`, each with one of its values.
fn object(chance: &mut Random, keys: &[(&str, usize, &[&'static str])]) -> String {
    let mut pairs = Vec::new();
    for (key, often, values) in keys {
        if chance.below(10) < *often {
            pairs.push(format!("\"{key}\": {}", one(chance, values)));
        }
    }
    format!("{{{}}}", pairs.join(", "))
}

/// The text as it is, or with one slip of the hand.
fn slipped(chance: &mut Random, text: String) -> String {
    let place = |chance: &mut Random| {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        places.get(chance.below(places.len().max(1))).copied().unwrap_or(0)
    };
    match chance.below(26) {
        0 => text.replace('"', "'"),
        1 => text.replace("\": ", "\" "),
        2 => text.replace('}', ",}"),
        3 => format!("[{text}]"),
        4 => format!("[{text}, {text}]"),
        5 => format!(
            "[{text}, {}]",
            one(chance, &["1", "null", "\"a\"", "[]", "1.5", "true", "{}"])
        ),
        6 => one(
            chance,
            &[
                "1", "null", "[]", "{}", "\"a\"", "NaN", "x", "[", "{", "{\"a\"", "{\"a\":", "[1", "[1,]", "01", "-",
                "{,}", "[{}] x",
            ],
        )
        .to_owned(),
        7 | 8 => {
            let mut text = text.clone();
            if !text.is_empty() {
                let place = place(chance);
                text.remove(place);
            }
            text
        }
        9 | 10 => {
            let mut text = text.clone();
            let place = place(chance);
            text.insert_str(
                place,
                one(
                    chance,
                    &["\"", ",", ":", "}", "]", "\\", "\\x", "\\u0041", "x", " ", "0", "é"],
                ),
            );
            text
        }
        11 => format!("{text} {text}"),
        _ => text,
    }
}

fn lines(chance: &mut Random, name: &str, most: usize, value: fn(&mut Random) -> String) -> String {
    let count = 1 + if chance.once_in(2) { chance.below(most) } else { 0 };
    let mut out = String::new();
    for _ in 0..count {
        let value = value(chance);
        out.push_str(&format!("{name} = {}\n", slipped(chance, value)));
    }
    out
}

const IDS: &[&str] = &[
    "\"8086\"",
    "\"8086\"",
    "\"1515\"",
    "\"1515\"",
    "\"*\"",
    "\" 8086 \"",
    "\"0x8086\"",
    "\"zz86\"",
    "\"10000\"",
    "\"-1\"",
    "\"\"",
    "\"80_86\"",
    "\"8_\"",
    "\" *\"",
    "8086",
    "null",
    "true",
    "[\"8086\"]",
    "{}",
    "\"+8086\"",
    "\"FFFF\"",
    "\"1FFFF\"",
    "\"\\u0038086\"",
    "8086.0",
    "\"808\"",
    "\"8086 \"",
];

fn pci_spec(chance: &mut Random) -> String {
    let truths: &[&str] = &[
        "true",
        "\"yes\"",
        "\"No \"",
        "1",
        "0",
        "\"maybe\"",
        "null",
        "\"\"",
        "2",
        "[]",
        "\"TRUE\"",
        "1.0",
        "\"it's\"",
    ];
    object(
        chance,
        &[
            ("vendor_id", 4, IDS),
            ("product_id", 4, IDS),
            (
                "address",
                6,
                &[
                    "\"0000:0a:00.0\"",
                    "\"0a:00.1\"",
                    "\"*:0a:00.*\"",
                    "\"0000:0a:00.8\"",
                    "\"0000:0a:20.0\"",
                    "\"0000:100:00.0\"",
                    "\"10000:0a:00.0\"",
                    "\":0a:00.\"",
                    "\"\"",
                    "\".\"",
                    "\":::.\"",
                    "\"0:0:0:0.1\"",
                    "\"00.0.1\"",
                    "\"x\"",
                    "\" 0a : 00 . 1 \"",
                    "\"0a:00. \"",
                    "null",
                    "5",
                    "0",
                    "true",
                    "[]",
                    "[1]",
                    "{}",
                    "\"*\"",
                    "\"*.*\"",
                    "\"0000:0a:1g.0\"",
                    "{\"domain\": \".*\", \"bus\": \"02\", \"slot\": \"01\", \"function\": \"[0-2]\"}",
                    "{\"bus\": \"*\"}",
                    "{\"bus\": \"(\"}",
                    "{\"slot\": \"[0\"}",
                    "{\"function\": \"a|*\"}",
                    "{\"domain\": 1}",
                    "{\"bus\": null}",
                    "{\"bus\": [\"0\"]}",
                    "{\"bus\": {}}",
                    "{\"bus\": \"0)\"}",
                    "{\"bus\": \"[]a]\"}",
                    "{\"bus\": \"[^]a]\"}",
                    "{\"bus\": \"0[1-3]+\", \"other\": 1}",
                    "{\"function\": \"?\"}",
                ],
            ),
            ("devname", 1, &["\"eth0\"", "\"\"", "null", "0"]),
            ("physical_network", 3, &["\"physnet1\"", "null", "5"]),
            ("trusted", 2, truths),
            ("remote_managed", 1, &["\"no\"", "false", "\"maybe\"", "0"]),
            ("managed", 1, truths),
            ("live_migratable", 1, truths),
            ("one_time_use", 1, truths),
            ("unknown", 1, truths),
        ],
    )
}

/// `[pci] device_spec`, or its old name.
pub(crate) fn pci_specs(chance: &mut Random) -> String {
    let reports = one(
        chance,
        &["", "", "report_in_placement = true\n", "report_in_placement = false\n"],
    );
    // The old name is one that every release reads.
    format!(
        "[pci]\n{}{reports}",
        lines(chance, "passthrough_whitelist", 3, pci_spec)
    )
}

fn pci_alias(chance: &mut Random) -> String {
    object(
        chance,
        &[
            (
                "name",
                9,
                &[
                    "\"a\"", "\"a\"", "\"a\"", "\"b\"", "\" a \"", "\"\"", "\" \"", "5", "null",
                ],
            ),
            (
                "vendor_id",
                8,
                &[
                    "\"8086\"",
                    "\"8086\"",
                    "\"8086\"",
                    "\"8086\"",
                    "\"808\"",
                    "8086",
                    "\"80GG\"",
                    "\"8086\\n\"",
                    "\"80866\"",
                ],
            ),
            (
                "product_id",
                8,
                &["\"1515\"", "\"1515\"", "\"1515\"", "\"abCD\"", "\"\"", "null"],
            ),
            ("capability_type", 1, &["\"pci\"", "\"PCI\""]),
            (
                "device_type",
                6,
                &[
                    "\"type-PF\"",
                    "\"type-PF\"",
                    "\"type-PF\"",
                    "\"type-VF\"",
                    "\"type-PCI\"",
                    "\"PF\"",
                    "\"type-VDPA\"",
                    "1",
                ],
            ),
            (
                "numa_policy",
                2,
                &[
                    "\"required\"",
                    "\"legacy\"",
                    "\"preferred\"",
                    "\"socket\"",
                    "\"strict\"",
                ],
            ),
            ("resource_class", 2, &["\"GPU\"", "1"]),
            ("traits", 1, &["\"A,B\"", "[\"A\"]"]),
            ("live_migratable", 1, &["\"yes\"", "\"maybe\"", "true", "\"\""]),
            ("it's", 1, &["1"]),
        ],
    )
}

/// `[pci] alias`.
pub(crate) fn pci_aliases(chance: &mut Random) -> String {
    let placement = one(
        chance,
        &[
            "",
            "",
            "[filter_scheduler]\npci_in_placement = true\n",
            "[filter_scheduler]\npci_in_placement = false\n",
        ],
    );
    format!("[pci]\n{}{placement}", lines(chance, "alias", 3, pci_alias))
}

/// Items between commas.
fn listed(chance: &mut Random, most: usize, of: &[&'static str]) -> String {
    let count = chance.below(most + 1);
    (0..count).map(|_| one(chance, of)).collect::<Vec<_>>().join(",")
}

/// `[devices] enabled_vgpu_types` and the groups of the types, by old and new names.
pub(crate) fn mdev_types(chance: &mut Random) -> String {
    let mut out = format!(
        "[devices]\nenabled_vgpu_types = {}\n",
        listed(chance, 3, &["a", "b", "Nvidia-3"])
    );
    for kind in ["a", "b", "Nvidia-3"] {
        if chance.once_in(5) {
            continue;
        }
        out.push_str(&format!("[{}_{kind}]\n", one(chance, &["vgpu", "mdev", "mdev"])));
        if !chance.once_in(6) {
            let addresses = listed(
                chance,
                2,
                &[
                    "0000:84:00.0",
                    "0000:84:00.1",
                    "0000:85:00.0",
                    "0000:85:00.1",
                    "0000:86:00.0",
                    "0000:86:00.1",
                    "0000:87:00.7",
                    "84:00",
                    "0000:84:00x0",
                    "0000:84:00.8",
                    " 0000:84:00.2 ",
                    "0000:8g:00.0",
                    "00000:84:00.0",
                    "0000:84:00.0.0",
                ],
            );
            out.push_str(&format!("device_addresses = {addresses}\n"));
        }
        if chance.once_in(4) {
            out.push_str(&format!(
                "mdev_class = {}\n",
                one(
                    chance,
                    &["VGPU", "CUSTOM_A1_", "MDEV", "CUSTOM_", "CUSTOM_a", "vgpu", ""]
                )
            ));
        }
    }
    out
}

/// `[libvirt] pmem_namespaces`.
pub(crate) fn namespaces(chance: &mut Random) -> String {
    let items = listed(
        chance,
        3,
        &[
            "a:ns0",
            "b:ns1",
            "c:ns2|ns3",
            "a:ns4|ns5",
            ":ns6",
            "a:",
            "ns7",
            "a:ns0|",
            "a:ns0:x",
            "a|b",
            " d : ns8 ",
            "",
        ],
    );
    format!("[libvirt]\npmem_namespaces = {items}\n")
}

/// `[DEFAULT] reserved_huge_pages`.
pub(crate) fn huge_pages(chance: &mut Random) -> String {
    let mut out = String::from("[DEFAULT]\n");
    for _ in 0..=chance.below(2) {
        let mut pairs = Vec::new();
        let node = one(
            chance,
            &[
                "node:0", "node:0", "node:1", "node:x", "node: 1 ", "node:", "node:-1", "node:1_0", "nodes:0",
            ],
        );
        let size = one(
            chance,
            &[
                "size:2048",
                "size:2048",
                "size:1GB",
                "size:2MiB",
                "size:2M",
                "size:1.5GB",
                "size:.5Kb",
                "size:16Gbit",
                "size:1G",
                "size:2 MB",
                "size:-2",
                "size:2mb",
                "size:5.MB",
                "size:b",
                "size:1iB",
                "size:",
                "size:0x10",
                "size:1e3B",
            ],
        );
        let count = one(
            chance,
            &[
                "count:64",
                "count:64",
                "count:0",
                "count:a",
                "count:1.0",
                "count:+1",
                "count:__1",
            ],
        );
        for pair in [node, size, count] {
            if !chance.once_in(9) {
                pairs.push(pair);
            }
        }
        if chance.once_in(8) {
            pairs.push("more:it's");
        }
        if chance.once_in(3) {
            pairs.reverse();
        }
        if !pairs.is_empty() {
            out.push_str(&format!("reserved_huge_pages = {}\n", pairs.join(",")));
        }
    }
    out
}

/// `[neutron] physnets` and the groups of the networks.
pub(crate) fn networks(chance: &mut Random) -> String {
    let mut out = format!(
        "[neutron]\nphysnets = {}\n",
        listed(chance, 3, &["foo", "bar", "Net-1"])
    );
    for network in ["foo", "bar", "Net-1"] {
        let nodes = listed(chance, 2, &["0", "1", "0", "1", " 2 ", "x", "1.0", "1-2"]);
        out.push_str(&format!("[neutron_physnet_{network}]\nnuma_nodes = {nodes}\n"));
    }
    out
}

/// `[compute] cpu_shared_set` or `cpu_dedicated_set`.
pub(crate) fn cpu_sets(chance: &mut Random) -> String {
    let name = one(chance, &["cpu_shared_set", "cpu_dedicated_set"]);
    let set = listed(
        chance,
        4,
        &[
            "0", "1", "0-3", "^2", "^1-2", "4-2", "3-", "-3", "1-2-3", "^", "^-1", "x", " 5 ", " 1 - 3 ", "^ 3",
            "1--3", "1-+3", "0x1", "1_0", "0-3;5", "1;2", "it's", "",
        ],
    );
    format!("[compute]\n{name} = {set}\n")
}
