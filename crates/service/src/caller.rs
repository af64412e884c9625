use std::net::IpAddr;

/// Who asks. Until people and roles exist, whoever reaches the address may do all.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Where the request came from; `None` for the command line and for our own work.
    pub address: Option<IpAddr>,
    /// What the activity calls whoever it is.
    actor: &'static str,
}

impl Caller {
    /// Someone over the network, of whom nothing is known.
    pub fn anonymous(address: IpAddr) -> Self {
        Self { address: Some(address), actor: "anonymous" }
    }

    /// The person at the terminal, or ourselves.
    pub fn local() -> Self {
        Self { address: None, actor: "command line" }
    }

    /// Ourselves, because it is time.
    pub fn schedule() -> Self {
        Self { address: None, actor: "schedule" }
    }

    /// What the activity calls whoever it is: `anonymous`, `command line`, `schedule`.
    pub fn actor(&self) -> &'static str {
        self.actor
    }
}
