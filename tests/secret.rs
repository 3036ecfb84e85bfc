//! The Secret with the credentials changes while the operator runs: what is taken over, and what is said.

use std::sync::Arc;
use std::time::Duration;

use autoscaler_controller::credentials::{Followed, Standing, follow};
use chrono::DateTime;
use fleet_sim::cloud::TOKEN;
use fleet_sim::{Cloud, KubeApi, SimClock};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kit::log::Log;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, ResourceExt};
use tokio::time::sleep;
use tracing::subscriber::DefaultGuard;
use vpsie_api::{Client, Credentials, Retry, Settings, VpsieApi};

const URL: &str = "https://api.vpsie.com/apps/v2";
const NEW_TOKEN: &str = "the-n3w-t0ken";

/// Longer than it takes to notice a change, shorter than twice that.
const SOON: Duration = Duration::from_secs(70);

/// A Secret, its follower, the client that the follower serves, and what is logged.
struct Scene {
    cloud: Cloud,
    vpsie: Arc<Client>,
    secrets: Api<Secret>,
    standing: Standing,
    log: Log,
    _logging: DefaultGuard,
}

// === impl Scene ===

impl Scene {
    /// Starts to follow a Secret with the accepted token and these further entries.
    async fn with(url: Option<&str>, url_is_fixed: bool) -> Self {
        let (log, logging) = Log::listen(tracing::Level::TRACE);
        let clock = SimClock::starting_at(DateTime::UNIX_EPOCH);
        let kubernetes = KubeApi::new(clock).client();
        let cloud = Cloud::new(clock, 1);
        let settings = Settings {
            retry: Retry::never(),
            ..Settings::default()
        };
        let token = Credentials::Token(TOKEN.to_owned().into());
        let vpsie = Client::new(settings, token, cloud.transport()).expect("the settings are right");
        let vpsie = Arc::new(vpsie);
        let scene = Self {
            cloud,
            vpsie: Arc::clone(&vpsie),
            secrets: Api::namespaced(kubernetes.clone(), "kube-system"),
            standing: Standing::default(),
            log,
            _logging: logging,
        };
        scene.write(TOKEN, url).await;
        let followed = Followed {
            namespace: "kube-system".to_owned(),
            name: "vpsie-secret".to_owned(),
            url: url.map(str::to_owned),
            url_is_fixed,
        };
        tokio::spawn(follow(kubernetes, followed, vpsie, scene.standing.clone()));
        scene
    }

    /// Writes the Secret, the old one aside.
    async fn write(&self, token: &str, url: Option<&str>) {
        let mut secret = Secret::default();
        secret.metadata.name = Some("vpsie-secret".to_owned());
        let url = url.map(|url| ("url".to_owned(), ByteString(url.into())));
        let token = ("token".to_owned(), ByteString(token.into()));
        secret.data = Some([token].into_iter().chain(url).collect());
        let found = self.secrets.get_opt("vpsie-secret").await.expect("it answers");
        let Some(found) = found else {
            let created = self.secrets.create(&PostParams::default(), &secret).await;
            created.expect("the Secret is accepted");
            return;
        };
        secret.metadata.resource_version = found.resource_version();
        let parameters = PostParams::default();
        let replaced = self.secrets.replace("vpsie-secret", &parameters, &secret).await;
        replaced.expect("the Secret is accepted");
    }

    /// Takes out what was logged since the last time, and sees to it that no secret is in it.
    fn said(&self) -> String {
        let text = self.log.take();
        for secret in [TOKEN, NEW_TOKEN] {
            assert!(!text.contains(secret), "{secret} is in the log: {text}");
        }
        text
    }

    /// Tells whether VPSie accepts what the client says of itself.
    async fn is_let_in(&self) -> bool {
        self.vpsie.clusters().await.is_ok()
    }
}

/// Deliver 3: a new token in the Secret is used without a restart, and the log says so once.
#[tokio::test(start_paused = true)]
async fn new_token_is_used_without_a_restart() {
    let scene = Scene::with(None, false).await;
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    assert!(!scene.said().contains("credentials"));

    scene.write(NEW_TOKEN, None).await;
    scene.cloud.accept_only_token(NEW_TOKEN);
    assert!(!scene.is_let_in().await, "nobody has read the Secret yet");
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    let said = "the credentials of VPSie have changed and are in use";
    assert_eq!(scene.said().matches(said).count(), 1);
    sleep(SOON).await;
    assert!(!scene.said().contains(said));
}

/// Deliver 3: a Secret that is gone or empty leaves the credentials in use; the log and the standing say why.
#[tokio::test(start_paused = true)]
async fn credentials_in_use_outlive_a_broken_secret() {
    let scene = Scene::with(None, false).await;
    scene.write("  ", None).await;
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    let told = scene.said();
    assert!(
        told.contains("neither `token` nor both") && told.contains("stay as they are"),
        "{told}"
    );
    let problem = || scene.standing.problem().unwrap_or_default();
    assert!(problem().contains("neither `token` nor both"), "{}", problem());

    scene.write("two\nlines", None).await;
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    assert!(scene.said().contains("a header cannot carry"));

    let parameters = DeleteParams::default();
    let deleted = scene.secrets.delete("vpsie-secret", &parameters).await;
    deleted.expect("it was there");
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    assert!(
        scene
            .said()
            .contains("there is no Secret kube-system/vpsie-secret")
    );

    scene.write(NEW_TOKEN, None).await;
    scene.cloud.accept_only_token(NEW_TOKEN);
    sleep(SOON).await;
    assert!(scene.is_let_in().await, "it is followed all the same");
    assert_eq!(scene.standing.problem(), None);
}

/// Another URL needs a restart, which is said every minute; credentials for it are not sent to the old one.
#[tokio::test(start_paused = true)]
async fn another_url_is_said_and_its_credentials_are_not_sent_to_the_old_one() {
    for (before, after) in [
        (Some(URL), Some("https://api2.vpsie.com/apps/v2")),
        (Some(URL), None),
        (None, Some(URL)),
    ] {
        let scene = Scene::with(before, false).await;
        scene.write(NEW_TOKEN, after).await;
        for _ in 0..2 {
            sleep(SOON).await;
            let told = scene.said();
            assert!(
                told.contains("WARN") && told.contains("names another URL") && told.contains("restart"),
                "{before:?} {after:?}: {told}"
            );
            assert!(scene.is_let_in().await, "the old token is still in use");
            assert!(
                scene
                    .standing
                    .problem()
                    .is_some_and(|problem| problem.contains("restart"))
            );
        }
        scene.cloud.accept_only_token(NEW_TOKEN);
        assert!(!scene.is_let_in().await, "the new one was not taken over");
    }
}

/// Who names the URL on the command line does not care for that of the Secret.
#[tokio::test(start_paused = true)]
async fn url_of_the_secret_does_not_matter_when_another_is_fixed() {
    let scene = Scene::with(Some(URL), true).await;
    scene.write(NEW_TOKEN, None).await;
    scene.cloud.accept_only_token(NEW_TOKEN);
    sleep(SOON).await;
    assert!(scene.is_let_in().await);
    assert!(!scene.said().contains("another URL"));
}
