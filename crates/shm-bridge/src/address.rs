//! Where a bridge listens or connects, and the key under which the two find each other.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use zenoh::key_expr::KeyExpr;

/// An endpoint of Zenoh: `tcp/HOST:PORT`, or `tls/HOST:PORT` where that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    protocol: &'static str,
    host: String,
    port: u16,
}

/// A key of Zenoh without wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Address {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn protocol(&self) -> &'static str {
        self.protocol
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The same address with another port.
    pub(crate) fn with_port(&self, port: u16) -> String {
        format!("{}/{}:{port}", self.protocol, self.host)
    }

    /// Whether only this machine can reach it. Of all names only `localhost` counts, because a
    /// resolver decides about the others.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected tcp/HOST:PORT, like tcp/127.0.0.1:7448";
        let (protocol, rest) = text.split_once('/').ok_or(expected)?;
        let protocol = match protocol {
            "tcp" => "tcp",
            "tls" if cfg!(feature = "tls") => "tls",
            "tls" => return Err("this program was built without the feature tls".to_owned()),
            _ => return Err(expected.to_owned()),
        };
        let (host, port) = rest.rsplit_once(':').ok_or(expected)?;
        let port = port.parse().map_err(|_| expected)?;
        let is_name = |host: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(fits)
        };
        let is_fine = match host.strip_prefix('[') {
            Some(host) => {
                let host = host.strip_suffix(']').ok_or(expected)?;
                host.parse::<Ipv6Addr>().is_ok()
            }
            None => host.parse::<Ipv4Addr>().is_ok() || is_name(host),
        };
        if !is_fine {
            return Err(expected.to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            protocol,
            host: host.to_owned(),
            port,
        })
    }
}

impl Key {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        /// Longer than anything that a person types.
        const LONGEST: usize = 200;
        if text.len() > LONGEST {
            return Err(format!("{} bytes, expected at most {LONGEST}", text.len()));
        }
        let key = KeyExpr::new(text).map_err(|error| error.to_string())?;
        if key.is_wild() {
            return Err("a * or $ stands for several keys, expected one".to_owned());
        }
        if text.starts_with('@') || text.contains("/@") {
            return Err("keys with @ are Zenoh's own".to_owned());
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        {
            return Err("expected letters, digits and signs without blanks or quotes".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (text, loopback, port) in [
            ("tcp/127.0.0.1:7448", true, 7448),
            ("tcp/127.1.2.3:1", true, 1),
            ("tcp/[::1]:0", true, 0),
            ("tcp/localhost:5", true, 5),
            ("tcp/0.0.0.0:5", false, 5),
            ("tcp/[::]:5", false, 5),
            ("tcp/192.168.0.1:5", false, 5),
            ("tcp/kitchen.example:65535", false, 65_535),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.is_loopback(), loopback, "{text}");
            assert_eq!(address.port(), port, "{text}");
            assert_eq!(address.as_str(), text);
            assert_eq!(address.with_port(port), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "tcp",
            "tcp/",
            "tcp/127.0.0.1",
            "tcp/:5",
            "tcp/127.0.0.1:65536",
            "tcp/127.0.0.1:x",
            "udp/127.0.0.1:5",
            "127.0.0.1:5",
            "tcp/::1:5",
            "tcp/[::1:5",
            "tcp/[kitchen]:5",
            "tcp/127.0.0.1:5#iface=lo",
            "tcp/a?b:5",
            "tcp/a\",\"tcp/b:5",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        assert_eq!(
            "tls/localhost:5".parse::<Address>().is_ok(),
            cfg!(feature = "tls")
        );
    }

    #[test]
    fn a_key_stands_for_itself_alone() {
        for text in ["orders", "shm/orders", "a.b/c-d_e"] {
            assert_eq!(text.parse::<Key>().unwrap().as_str(), text);
        }
        let long = "x".repeat(201);
        for text in [
            "", "/a", "a/", "a//b", "a/*", "**", "a$*", "@a", "a/@b", "a b", "a\"b", "a?b", "a#b",
            "ä", &long,
        ] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
