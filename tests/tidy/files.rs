//! The files of the checkout, read once: what the rules look at.

use std::fs;
use std::path::{Path, PathBuf};

/// What holds nothing of ours. In a worktree of git, `.git` is a file.
const SKIPPED: [&str; 3] = [".git", "node_modules", "target"];

/// Holds one text file: its path from the root of the checkout, with forward slashes, and its text.
#[derive(Debug)]
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

// === impl TextFile ===

impl TextFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lists the numbered lines that are not comments.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .map(|(place, line)| (place + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Tells what is wrong in which line.
    pub(crate) fn complaint(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// Reads every text file of the checkout, in the order of their paths.
pub(crate) fn all() -> Vec<TextFile> {
    let root = root();
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        // A file that is no text, such as an image, has no lines to complain about.
        let text = fs::read_to_string(&path).ok()?;
        let path = path
            .strip_prefix(&root)
            .expect("the walk began there")
            .to_string_lossy();
        Some(TextFile {
            path: path.replace('\\', "/"),
            text,
        })
    };
    paths.into_iter().filter_map(read).collect()
}

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("this package is a folder of the checkout")
        .to_owned()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folders of the checkout can be read") {
        let entry = entry.expect("folders of the checkout can be read");
        let kind = entry.file_type().expect("the kind of a file can be read");
        if SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}
