//! The operator of a fleet: started as a new process would be, stopped, and killed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use autoscaler_controller::endpoints::Endpoints;
use autoscaler_controller::{Clock, Operator, StartError, Telemetry};
use chrono::TimeDelta;
use fleet_sim::cloud::TOKEN;
use tokio::sync::oneshot;

use super::Fleet;
use crate::wire::Wire;

impl Fleet {
    /// Starts the operator with new clients, as a new process would have them.
    ///
    /// # Panics
    /// Panics when it runs already or does not start.
    pub async fn start(&mut self) {
        self.try_start().await.expect("the operator starts");
    }

    /// Starts the operator, if it can.
    ///
    /// # Errors
    /// Returns why it did not start.
    ///
    /// # Panics
    /// Panics when it runs already.
    pub async fn try_start(&mut self) -> Result<(), StartError> {
        assert!(self.operator.is_none(), "the operator runs already");
        self.wire.mend();
        let vpsie = self.connect(&self.wire);
        let vpsie = Arc::new(vpsie);
        self.connection = Some(Arc::clone(&vpsie));
        let client = self.wire.client(self.operator_client.clone());
        let telemetry = self.telemetry(&client, &vpsie);
        let client = self.metrics.measure_kubernetes(client);
        let operator = Operator::start(client.clone(), vpsie, self.time_of_day(), self.settings.clone());
        self.evaluations.watch(&self.wire);
        let operator = operator.await?.with_credentials(self.credentials.clone());
        let operator = operator.telling(telemetry).evaluating(self.evaluations.clone());
        self.endpoints = self.watch(client);
        let operator = operator.watching(self.endpoints.clone());
        self.states = Some(operator.states());
        let (stop, stopped) = oneshot::channel();
        let operate = async move {
            operator.run_until(async { drop(stopped.await) }).await;
        };
        self.operator = Some((tokio::spawn(operate), stop));
        Ok(())
    }

    /// Begins to watch the Services that the fleet names.
    fn watch(&self, client: kube::Client) -> Endpoints {
        let Some(settings) = &self.watched else {
            return Endpoints::default();
        };
        let mut settings = settings.clone();
        settings.meters = self.metrics.discovery_meters();
        Endpoints::start(client, settings, None, self.time_of_day())
    }

    /// Makes a client of VPSie as a new process has it.
    pub(super) fn connect(&self, wire: &Wire) -> vpsie_api::Client {
        let clock = self.time_of_day();
        let settings = vpsie_api::Settings {
            now: Arc::new(move || clock.now()),
            ..self.vpsie.clone()
        };
        let credentials = vpsie_api::Credentials::Token(TOKEN.to_owned().into());
        let transport = wire.transport(self.cloud.transport());
        vpsie_api::Client::new(settings, credentials, transport).expect("the settings are right")
    }

    /// Returns the operator's own client of VPSie, for what else a process does with it.
    ///
    /// # Panics
    /// Panics when no operator was started.
    pub fn connection(&self) -> Arc<vpsie_api::Client> {
        let connection = self.connection.as_ref();
        Arc::clone(connection.expect("the operator was started"))
    }

    /// Sets the operator's time of day so far ahead of everybody else's, whether it runs or not.
    pub fn set_clock_ahead(&self, by: TimeDelta) {
        self.fast_by.store(by.num_milliseconds(), Ordering::Relaxed);
    }

    /// Makes a clock of a process, which shows the fleet's time of day, or as much more as it is set ahead.
    pub(super) fn time_of_day(&self) -> Clock {
        let (clock, fast_by) = (self.clock, Arc::clone(&self.fast_by));
        Clock::from_fn(move || clock.now() + TimeDelta::milliseconds(fast_by.load(Ordering::Relaxed)))
    }

    /// Tells whether the operator was started and not yet ended.
    pub fn is_running(&self) -> bool {
        self.operator.is_some()
    }

    /// Makes what a new operator tells of its work by, and keeps its metrics.
    fn telemetry(&mut self, client: &kube::Client, vpsie: &Arc<vpsie_api::Client>) -> Telemetry {
        let telemetry = Telemetry::default()
            .with_events(client.clone(), None)
            .with_audit(self.audit.clone());
        self.metrics = Arc::clone(&telemetry.metrics);
        let counts = Arc::clone(vpsie);
        self.metrics.show_vpsie(move || counts.state());
        telemetry
    }

    /// Tells the operator to stop, as SIGTERM does, and waits until it has.
    ///
    /// # Panics
    /// Panics when it does not run.
    pub async fn stop(&mut self) {
        let (operator, stop) = self.operator.take().expect("the operator runs");
        drop(stop);
        operator.await.expect("the operator does not panic");
    }

    /// Ends the operator in the middle of whatever it does.
    ///
    /// # Panics
    /// Panics when it does not run, or ended by itself.
    pub async fn kill(&mut self) {
        let (operator, _stop) = self.operator.take().expect("the operator runs");
        operator.abort();
        let ended = operator.await.expect_err("the operator did not end by itself");
        assert!(ended.is_cancelled(), "the operator panicked: {ended}");
    }
}
