//! Pods and nodes that come and go on a real clock, and what that does to the memory of the operator.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::mebibytes;
use crate::operator::Process;
use crate::world::World;

/// All pods are replaced within so many seconds.
const GENERATION: usize = 600;
/// One node is replaced every so many seconds.
const NODE: usize = 10;
/// How often the memory is read, in seconds.
const READING: usize = 5;
/// Seconds that are no part of the first slope: the first deletions make tables that stay.
const WARMING_UP: usize = 60;
/// Seconds of the second slope: by then the library remembers no Event of the takeover any longer.
const LAST: usize = 240;

/// Lets pods and nodes come and go for so many minutes; prints the memory of each, and by how much it grows.
pub(super) async fn churn(world: &mut World, operator: &Process, minutes: usize) {
    let pods = world.pods().div_ceil(GENERATION);
    println!("each second {pods} pods come and go, every {NODE} s a node");
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (began, mut readings) = (Instant::now(), Vec::new());
    for second in 1..=minutes * 60 {
        ticks.tick().await;
        world.replace_pods(pods).await;
        if second.is_multiple_of(NODE) {
            world.replace_node(second / NODE).await;
        }
        if second.is_multiple_of(READING) {
            readings.push((began.elapsed().as_secs_f64(), operator.memory().resident));
        }
        if second.is_multiple_of(60) {
            let of_minute = &readings[readings.len() - 60 / READING..];
            let sum: u64 = of_minute.iter().map(|(_, resident)| resident).sum();
            let mean = sum / (60 / READING) as u64;
            let minute = began.elapsed().as_secs_f64() / 60.0;
            println!("minute {minute:.1}: {} resident in the mean", mebibytes(mean));
        }
    }
    println!("{}", world.standing());
    let warm = &readings[(WARMING_UP / READING).min(readings.len())..];
    let last = &readings[readings.len().saturating_sub(LAST / READING)..];
    println!(
        "slope after the first minute: {:+.1} KiB a minute, in the last {} minutes: {:+.1} KiB a minute",
        slope(warm) * 60.0,
        LAST / 60,
        slope(last) * 60.0
    );
}

/// Fits a line to what was resident at which second; returns by how many KiB it grows in a second.
fn slope(readings: &[(f64, u64)]) -> f64 {
    let points: Vec<(f64, f64)> = readings
        .iter()
        .map(|(at, resident)| (*at, *resident as f64))
        .collect();
    let count = points.len() as f64;
    let (sum_x, sum_y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}
