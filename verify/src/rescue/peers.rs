//! To which hosts this host's libvirt is connected: one of them is the destination of a migration that is under way.
//!
//! Libvirt records no destination, but its daemon, or the ssh that it started, holds a connection to it as long as the
//! migration is not broken. QEMU's own connections are not looked at: a guest that has taken its QEMU over could make any.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::host::processes;
use crate::host::programs::DAEMONS;

/// `ESTABLISHED` and `LISTEN` in /proc/net/tcp.
const ESTABLISHED: &str = "01";
const LISTENS: &str = "0A";

/// The addresses of other hosts that the daemons of this host have opened connections to; nothing where that cannot be seen.
#[must_use]
pub fn of_daemons() -> BTreeSet<IpAddr> {
    let processes = daemons_and_their_ssh();
    let mut found = BTreeSet::new();
    for process in processes {
        let sockets = sockets(&process);
        for (name, is_v6) in [("tcp", false), ("tcp6", true)] {
            let table = fs::read_to_string(process.join("net").join(name)).unwrap_or_default();
            found.extend(connected(&table, is_v6, &sockets));
        }
    }
    found
}

/// Daemons whose program belongs to root alone, and their children called ssh.
fn daemons_and_their_ssh() -> Vec<PathBuf> {
    let all: Vec<PathBuf> = processes::all()
        .map(processes::place)
        .filter(|path| path.join("exe").exists() && fs::metadata(path).is_ok_and(|process| process.uid() == 0))
        .collect();
    let name = |path: &Path| processes::comm(path).unwrap_or_default();
    let daemons: Vec<PathBuf> = all
        .iter()
        .filter(|path| DAEMONS.contains(&name(path).as_str()))
        .cloned()
        .collect();
    let is_child = |path: &&PathBuf| {
        let parent = parent(path);
        name(path) == "ssh"
            && daemons
                .iter()
                .any(|daemon| daemon.file_name() == parent.as_deref().map(Path::as_os_str))
    };
    let children: Vec<PathBuf> = all.iter().filter(is_child).cloned().collect();
    daemons.into_iter().chain(children).collect()
}

fn parent(process: &Path) -> Option<PathBuf> {
    processes::stat(process)?.get(1).map(PathBuf::from)
}

/// The numbers of the sockets that a process holds.
fn sockets(process: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(process.join("fd")) else {
        return BTreeSet::new();
    };
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect()
}

/// The other ends of established connections of these sockets that this host has opened: whoever connected to a port that is
/// listened on came by itself.
fn connected(table: &str, is_v6: bool, sockets: &BTreeSet<String>) -> Vec<IpAddr> {
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let field = |row: &[&str], index: usize| row.get(index).copied().unwrap_or_default().to_owned();
    let port = |place: &str| place.rsplit_once(':').map(|(_, port)| port.to_owned());
    let listened: BTreeSet<String> = rows
        .iter()
        .filter(|row| field(row, 3) == LISTENS)
        .filter_map(|row| port(&field(row, 1)))
        .collect();
    rows.iter()
        .filter(|row| field(row, 3) == ESTABLISHED && sockets.contains(&field(row, 9)))
        .filter(|row| port(&field(row, 1)).is_some_and(|port| !listened.contains(&port)))
        .filter_map(|row| address(field(row, 2).split(':').next()?, is_v6))
        .filter(|address| !address.is_loopback() && !address.is_unspecified())
        .collect()
}

/// An address as the kernel writes it: words of 32 bits in the machine's own order.
fn address(text: &str, is_v6: bool) -> Option<IpAddr> {
    let word = |at: usize| -> Option<[u8; 4]> {
        u32::from_str_radix(text.get(at * 8..at * 8 + 8)?, 16)
            .ok()
            .map(u32::to_ne_bytes)
    };
    if !is_v6 {
        return word(0).map(Ipv4Addr::from).map(IpAddr::V4);
    }
    let mut bytes = [0; 16];
    for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
        part.copy_from_slice(&word(at)?);
    }
    let address = Ipv6Addr::from(bytes);
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        0: 00000000:407D 00000000:0000 0A 0 0 0 0 0 11 1\n\
        1: 0100090A:A1B2 0200090A:407D 01 0 0 0 0 0 12 1\n\
        2: 0100090A:407D 0300090A:9999 01 0 0 0 0 0 13 1\n\
        3: 0100090A:A1B3 0400090A:407D 01 0 0 0 0 0 99 1\n\
        4: 0100007F:A1B4 0100007F:407D 01 0 0 0 0 0 12 1\n";

    #[test]
    fn only_what_was_opened_from_here_to_another_host_counts() {
        let columns = TABLE
            .replace(" 0 0 0 0 0 1", " 0:0 0:0 0 0 0 1")
            .replace(" 0 0 0 0 0 9", " 0:0 0:0 0 0 0 9");
        let sockets = ["11", "12", "13"].map(str::to_owned).into();
        if cfg!(target_endian = "little") {
            let found = connected(&columns, false, &sockets);
            assert_eq!(found, vec![IpAddr::from([10, 9, 0, 2])], "{columns}");
        }
    }

    #[test]
    fn the_kernels_own_table_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
        let port = format!(":{:04X}", stream.local_addr().unwrap().port());
        let row = table
            .lines()
            .find(|line| line.split_whitespace().nth(1).is_some_and(|own| own.ends_with(&port)));
        let fields: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert!(sockets(Path::new("/proc/self")).contains(fields[9]));
        let other = fields[2].split(':').next().unwrap();
        assert_eq!(address(other, false), Some(IpAddr::from([127, 0, 0, 1])));
    }
}
