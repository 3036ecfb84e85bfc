//! What a server shows, whichever it is.

use axum::Router;

use crate::api::Api;
use crate::site::Site;

/// Everything that one listener shows.
#[derive(Clone, Debug)]
pub struct Pages(pub(crate) Router);

impl From<Site> for Pages {
    fn from(site: Site) -> Self {
        Self(site.routes())
    }
}

impl From<Api> for Pages {
    fn from(api: Api) -> Self {
        Self(api.routes())
    }
}
