//! How the cloud is served: dates, delays and the end.

use std::time::Duration;

use fleet_sim::cloud::serve_until;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::client::Served;

#[tokio::test(start_paused = true)]
async fn date_is_that_of_the_skewed_clock() {
    let world = Served::scenario("{start: 2026-01-24T08:00:00Z, behaviour: {clock_skew: -1h}}").await;
    let answer = world.get("/apps/v2/projects").await;
    assert_eq!(answer.headers["date"], "Sat, 24 Jan 2026 07:00:00 GMT");
}

#[tokio::test(start_paused = true)]
async fn answer_takes_its_delay() {
    let world = Served::scenario("behaviour: {answer_delay: 3s}").await;
    let before = tokio::time::Instant::now();
    assert_eq!(world.get("/apps/v2/projects").await.status, 200);
    assert_eq!(before.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_it_stops_though_a_caller_waits() {
    let world = Served::example("standard").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve_until(world.cloud.clone(), listener, async {
        let _ = stopped.await;
    }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    assert_eq!(
        idle.read(&mut [0]).await.unwrap_or(0),
        0,
        "the connection is closed"
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
    assert!(TcpStream::connect(world.address()).await.is_ok());
}
