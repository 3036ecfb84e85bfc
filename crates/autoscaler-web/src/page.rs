//! The live page: a few files inside the program, which a browser turns into a picture of the API (EP-32).
//!
//! The files hold nothing of anybody: what they show comes from the API, under its rules.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderMap, HeaderName, header};

use crate::api::Page;

/// What the page may do: load these files and ask this server. Nothing inline, nothing from elsewhere, in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One file of the page.
struct File {
    path: &'static str,
    content: &'static str,
}

/// Declares the files, each at its path.
macro_rules! files {
    ($($path:literal: $name:literal,)*) => {
        &[$(File { path: $path, content: include_str!(concat!("page/", $name)) },)*]
    };
}

const FILES: &[File] = files! {
    "/": "index.html",
    "/page/answers.js": "answers.js",
    "/page/cards.js": "cards.js",
    "/page/connection.js": "connection.js",
    "/page/dom.js": "dom.js",
    "/page/fleet.js": "fleet.js",
    "/page/icon.svg": "icon.svg",
    "/page/instances.js": "instances.js",
    "/page/main.js": "main.js",
    "/page/plot.js": "plot.js",
    "/page/pods.js": "pods.js",
    "/page/style.css": "style.css",
    "/page/timeline.js": "timeline.js",
    "/page/waiting.js": "waiting.js",
    "/page/words.js": "words.js",
};

/// Puts each file at its path, with a tag of its content.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |routes, file| {
        let page = Page::file(file.content, file.content_type());
        let reply = move |headers: HeaderMap| async move { (POLICIES, page.reply(&headers)).into_response() };
        routes.route(file.path, get(reply))
    })
}

/// The headers in which the page differs from answers of the API.
const POLICIES: [(HeaderName, &str); 1] = [(header::CONTENT_SECURITY_POLICY, POLICY)];

// === impl File ===

impl File {
    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.') {
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            Some(_) | None => "text/html; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most bytes of all files together.
    const ROOM: usize = 200 << 10;

    #[test]
    fn page_is_small() {
        let bytes: usize = FILES.iter().map(|file| file.content.len()).sum();
        assert!((1..=ROOM).contains(&bytes), "{bytes} bytes");
    }

    /// EP-32: what is loaded is one of these files; nothing comes from elsewhere, and nothing is inline.
    #[test]
    fn page_loads_its_own_files_only() {
        let paths: Vec<&str> = FILES.iter().map(|file| file.path).collect();
        let mut loaded = Vec::new();
        for file in FILES {
            for (start, _) in file.content.match_indices(" from \"./") {
                let rest = &file.content[start + " from \"./".len()..];
                let name = rest.split('"').next().expect("a text has a first part");
                loaded.push(format!("/page/{name}"));
            }
            for mark in ["href=\"/page/", "src=\"/page/"] {
                let parts = file.content.split(mark).skip(1);
                let names = parts.filter_map(|rest| rest.split('"').next());
                loaded.extend(names.map(|name| format!("/page/{name}")));
            }
            let foreign = file.content.replace("http://www.w3.org/2000/svg", "");
            for mark in ["http://", "https://", "style=\"", "onclick", "innerHTML", "eval("] {
                assert!(!foreign.contains(mark), "{} has {mark}", file.path);
            }
        }
        for path in &loaded {
            assert!(paths.contains(&path.as_str()), "{path} is not there");
        }
        for path in paths.iter().filter(|path| **path != "/") {
            assert!(loaded.iter().any(|loaded| loaded == path), "nobody loads {path}");
        }
    }

    #[test]
    fn each_file_says_what_it_is() {
        let types = |path: &str| {
            let file = FILES.iter().find(|file| file.path == path);
            file.expect("it is there").content_type()
        };
        assert_eq!(types("/"), "text/html; charset=utf-8");
        assert_eq!(types("/page/main.js"), "text/javascript; charset=utf-8");
        assert_eq!(types("/page/style.css"), "text/css; charset=utf-8");
        assert_eq!(types("/page/icon.svg"), "image/svg+xml");
    }
}
