use std::net::IpAddr;

/// Who asks. Until people and roles exist, whoever reaches the address may do all.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Where the request came from; `None` for the command line and for our own work.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Someone over the network, of whom nothing is known.
    pub fn anonymous(address: IpAddr) -> Self {
        Self { address: Some(address) }
    }

    /// The person at the terminal, or ourselves.
    pub fn local() -> Self {
        Self { address: None }
    }
}
