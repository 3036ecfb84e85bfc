//! Where endpoints are read from, and where instead when that is refused: the modes, all in this one room.
//!
//! ```text
//!  auto                   slices ──▶ endpoints ──▶ pods      an arrow: refused with 403 or 404
//!  kubernetes-endpoints   slices ──▶ endpoints               without useEndpointSlices: endpoints
//!  kubernetes-pods        pods
//!  static                 nothing: the list of the settings, shown as a hint
//! ```

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Says where endpoints are read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// EndpointSlices, or Endpoints where those are refused.
    #[default]
    KubernetesEndpoints,
    /// Pods, as older installations do it.
    #[cfg(feature = "pod-mode")]
    KubernetesPods,
    /// Nothing; only a list that was written down.
    Static,
    /// The first of all sources that is not refused.
    Auto,
}

/// Names one kind of object that endpoints are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// EndpointSlices.
    Slices,
    /// Endpoints.
    Endpoints,
    /// Pods.
    #[cfg(feature = "pod-mode")]
    Pods,
}

/// A mode was named that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown discovery mode {word:?}: use one of {}", Mode::names().join(", "))]
pub struct UnknownMode {
    /// The word that names none.
    pub word: String,
}

// === impl Mode ===

impl Mode {
    /// The environment variable that is meant to name the mode.
    pub const VARIABLE: &str = "DISCOVERY_MODE";

    const ALL: &[Self] = &[
        Self::KubernetesEndpoints,
        #[cfg(feature = "pod-mode")]
        Self::KubernetesPods,
        Self::Static,
        Self::Auto,
    ];

    /// Shows the mode in the word that names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KubernetesEndpoints => "kubernetes-endpoints",
            #[cfg(feature = "pod-mode")]
            Self::KubernetesPods => "kubernetes-pods",
            Self::Static => "static",
            Self::Auto => "auto",
        }
    }

    /// Lists the words for all modes.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|mode| mode.as_str()).collect()
    }

    /// Lists where to read, each to be used when the one before it is refused.
    pub fn sources(self, use_endpoint_slices: bool) -> Vec<Source> {
        let slices = use_endpoint_slices.then_some(Source::Slices);
        let endpoints = || slices.into_iter().chain([Source::Endpoints]);
        match self {
            Self::KubernetesEndpoints => endpoints().collect(),
            #[cfg(feature = "pod-mode")]
            Self::KubernetesPods => vec![Source::Pods],
            Self::Static => Vec::new(),
            #[cfg(feature = "pod-mode")]
            Self::Auto => endpoints().chain([Source::Pods]).collect(),
            #[cfg(not(feature = "pod-mode"))]
            Self::Auto => endpoints().collect(),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(word: &str) -> Result<Self, UnknownMode> {
        let mut modes = Self::ALL.iter();
        let mode = modes.find(|mode| mode.as_str() == word).copied();
        mode.ok_or_else(|| UnknownMode {
            word: word.to_owned(),
        })
    }
}

// === impl Source ===

impl Source {
    /// Shows the plural name of the objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slices => "endpointslices",
            Self::Endpoints => "endpoints",
            #[cfg(feature = "pod-mode")]
            Self::Pods => "pods",
        }
    }
}

/// Tells whether an answer of the API server means that a source cannot be used at all.
pub fn is_refusal(code: u16) -> bool {
    code == 403 || code == 404
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EP-11: an unknown mode is an error that names the known ones.
    #[test]
    fn unknown_mode_is_an_error_that_names_the_known_ones() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(*mode));
        }
        let error = "kubernetes".parse::<Mode>().unwrap_err().to_string();
        assert!(
            error.starts_with("unknown discovery mode \"kubernetes\": use one of kubernetes-endpoints, ")
        );
        assert!("".parse::<Mode>().is_err());
    }

    /// EP-11: what each mode reads, in the order of fallback.
    #[test]
    fn sources_are_in_the_order_of_fallback() {
        use Source::{Endpoints, Slices};
        assert_eq!(Mode::KubernetesEndpoints.sources(true), [Slices, Endpoints]);
        assert_eq!(Mode::KubernetesEndpoints.sources(false), [Endpoints]);
        assert_eq!(Mode::Static.sources(true), []);
        assert_eq!(Mode::Auto.sources(true)[..2], [Slices, Endpoints]);
    }

    /// EP-11, EP-44: pod mode is there only with its feature.
    #[cfg(feature = "pod-mode")]
    #[test]
    fn pods_come_last() {
        assert_eq!(Mode::KubernetesPods.sources(true), [Source::Pods]);
        assert_eq!(Mode::Auto.sources(false), [Source::Endpoints, Source::Pods]);
    }

    /// EP-44: without pod mode its name is unknown, and an error says what there is.
    #[cfg(not(feature = "pod-mode"))]
    #[test]
    fn retired_pod_mode_is_unknown() {
        assert!("kubernetes-pods".parse::<Mode>().is_err());
        assert_eq!(Mode::Auto.sources(true), [Source::Slices, Source::Endpoints]);
    }

    /// EP-12: only "forbidden" and "not found" lead to another source.
    #[test]
    fn only_a_refusal_leads_to_another_source() {
        let refusals: Vec<u16> = (100..600).filter(|code| is_refusal(*code)).collect();
        assert_eq!(refusals, [403, 404]);
    }
}
