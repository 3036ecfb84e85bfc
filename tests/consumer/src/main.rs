//! Uses vpsie-api and node-match as they come, the way a program of somebody else would.

use std::sync::Arc;

use node_match::{Snapshot, match_fleet};
use vpsie_api::{Client, ClusterId, Credentials, Decimal, HttpTransport, Price, Settings, TransportSettings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let transport = Arc::new(HttpTransport::new(TransportSettings::default())?);
    let token = Credentials::Token("a-token".to_owned().into());
    let client = Client::new(Settings::default(), token, transport)?;
    let cluster = ClusterId::new("0d6c1a52-f8f3-11f0-9b1e-0050569c68dc");
    let price = Price {
        monthly: Some(Decimal::from(24)),
        hourly: None,
    };
    let nothing = Snapshot::new(std::time::SystemTime::now().into());
    assert!(match_fleet(&nothing).verdict("nobody").is_none());
    println!(
        "{client:?} could ask for {cluster}, at {:?} a month",
        price.per_month()
    );
    Ok(())
}
