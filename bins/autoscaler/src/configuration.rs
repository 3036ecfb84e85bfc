//! What the command line, the environment and the file of `run` say together.
//!
//! A field of the file is a flag of `run` without its dashes. It becomes the default of that flag, so the parser of
//! the command line checks it, and a flag or an environment variable goes before it without a rule of our own.

#[cfg(test)]
mod tests;

use crate::args::{Arguments, Command};
use anyhow::Context;
use audit_store::Location;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};
use serde_saphyr::{Options, Spanned, UserMessageFormatter};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use url::Url;

/// Largest file that is read; the sample, which has every field and a sentence for each, is a twentieth of it.
const LARGEST: u64 = 64 * 1024;
/// The command that has a file.
const RUN: &str = "run";
/// Flags of `run` that say what to do now, and so are no fields.
const NO_FIELDS: [&str; 3] = ["config", "help", "print-config"];

/// The field whose value may hold a password.
const AUDIT_STORE: &str = "audit-store";
/// The field whose value may hold a secret behind the name of its host.
const ALERT_WEBHOOK: &str = "discovery-alert-webhook";

/// The fields of a file, with the lines they are in.
type Fields = BTreeMap<String, Spanned<String>>;

/// What was asked for, and where each part of it comes from.
pub(crate) struct Configuration {
    /// All of it, checked by the parser of the command line.
    pub(crate) arguments: Arguments,
    matches: ArgMatches,
    fields: Fields,
}

// === impl Configuration ===

impl std::fmt::Debug for Configuration {
    /// Shows what the parser made of it: the words themselves may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &mut f.debug_struct("Configuration");
        shown.field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

impl Configuration {
    /// Reads the words of the command line, the environment, and the file that one of both names.
    ///
    /// # Errors
    ///
    /// A `clap::Error` for the words and the environment, as well as for a call for help. Otherwise a message that
    /// names the file, and the line and the field where it is about one.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let words: Vec<OsString> = words.into_iter().collect();
        let told = Self::parse(Arguments::command(), &words, Fields::new())?;
        let path = match &told.arguments.command {
            Command::Run(options) => options.config.as_deref(),
            Command::Demo(_)
            | Command::Crd
            | Command::Match(_)
            | Command::Plan(_)
            | Command::Explain(_)
            | Command::Audit(_)
            | Command::SimCloud(_) => None,
        };
        let Some(path) = path else {
            return Ok(told);
        };
        let in_file = || format!("the configuration {}", path.display());
        let fields = load(path).and_then(|text| checked(&text)).with_context(in_file)?;
        Ok(Self::parse(with_defaults(&fields), &words, fields)?)
    }

    fn parse(command: clap::Command, words: &[OsString], fields: Fields) -> Result<Self, clap::Error> {
        let matches = command.try_get_matches_from(words)?;
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok(Self {
            arguments,
            matches,
            fields,
        })
    }

    /// Writes every field as the file would, with where its value comes from. What is secret of it is left out.
    pub(crate) fn to_yaml(&self) -> String {
        let Some(run) = self.matches.subcommand_matches(RUN) else {
            return String::new();
        };
        known().iter().map(|flag| self.line(flag, run)).collect()
    }

    fn line(&self, flag: &Arg, run: &ArgMatches) -> String {
        let (name, id) = (name(flag), flag.get_id().as_str());
        let Some(value) = run.get_raw(id).and_then(|mut values| values.next()) else {
            return format!("# {name} is not set\n");
        };
        let source = match run.value_source(id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ if self.fields.contains_key(name) => "file",
            _ => "default",
        };
        format!(
            "{name}: {} # {source}\n",
            scalar(&shown(name, &value.to_string_lossy()))
        )
    }
}

/// Returns what may be printed of a value: of a store, what does not say its password; of a webhook, where it is.
fn shown(name: &str, value: &str) -> String {
    match name {
        AUDIT_STORE => {
            let location = value.parse::<Location>();
            location.map_or_else(|_| value.to_owned(), |location| location.to_string())
        }
        ALERT_WEBHOOK => {
            Url::parse(value).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
        }
        _ => value.to_owned(),
    }
}

/// Writes a value so that it reads as the same text again.
fn scalar(text: &str) -> String {
    if text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// Lists the flags that are fields, by name.
fn known() -> Vec<Arg> {
    let mut command = Arguments::command();
    // Only then a command has the flags that all commands share.
    command.build();
    let flags = command.find_subcommand(RUN).into_iter();
    let flags = flags.flat_map(clap::Command::get_arguments);
    let fields = flags.filter(|flag| !flag.is_hide_set() && !NO_FIELDS.contains(&name(flag)));
    let mut fields: Vec<Arg> = fields.cloned().collect();
    fields.sort_by(|one, other| name(one).cmp(name(other)));
    fields
}

fn name(flag: &Arg) -> &str {
    flag.get_long().unwrap_or_default()
}

fn load(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= LARGEST, "it is larger than 64 KiB");
    String::from_utf8(bytes).context("it must be UTF-8 text")
}

/// Reads the fields and has each of them checked as the flag that it is.
fn checked(text: &str) -> anyhow::Result<Fields> {
    let known = known();
    let fields = parsed(text)?;
    for (field, value) in &fields {
        let line = value.referenced.line();
        let flag = known.iter().find(|flag| name(flag) == field);
        let flag = flag.with_context(|| format!("line {line}: {}", unknown(field, &known)))?;
        check(flag, &value.value).map_err(|message| anyhow::anyhow!("line {line}: {message}"))?;
    }
    Ok(fields)
}

fn unknown(field: &str, known: &[Arg]) -> String {
    let names: Vec<&str> = known.iter().map(name).collect();
    format!("unknown field `{field}`; use one of {}", names.join(", "))
}

/// Asks the parser of the command line about one value, and says what it says in the words of the file.
fn check(flag: &Arg, value: &str) -> Result<(), String> {
    let word = format!("--{}={value}", name(flag));
    let told = Arguments::command().try_get_matches_from(["autoscaler", RUN, &word]);
    told.map(drop).map_err(|error| {
        let text = error.to_string();
        // Its first paragraph; the second one points to `--help`.
        let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
        let message = lines.collect::<Vec<_>>().join(" ");
        let message = message.trim_start_matches("error: ");
        message.replace(&format!("'{flag}'"), &format!("`{}`", name(flag)))
    })
}

/// Reads the fields as texts, whatever they are called; a file of comments alone has none.
fn parsed(text: &str) -> anyhow::Result<Fields> {
    let mut options = Options::default();
    options.with_snippet = false;
    let mut field = String::new();
    let fields = serde_saphyr::with_deserializer_from_str_with_options(text, options, |source| {
        serde_path_to_error::deserialize::<_, Option<Fields>>(source).map_err(|error| {
            let mut path = error.path().iter();
            // Where the error is in no field, the path is a question mark.
            let name = path.next().map(ToString::to_string).filter(|name| name != "?");
            field = name.map(|name| format!("`{name}`: ")).unwrap_or_default();
            error.into_inner()
        })
    });
    let fields = fields.map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((0, 0), |place| (place.line(), place.column()));
        let message = error.render_with_formatter(&UserMessageFormatter);
        // The place is told once, in front.
        let message = message.trim_end_matches(&format!(" at line {line}, column {column}"));
        anyhow::anyhow!("line {line}: {field}{message}")
    })?;
    Ok(fields.unwrap_or_default())
}

/// Makes the values of the file the defaults of their flags, be they of `run` alone or of all commands.
fn with_defaults(fields: &Fields) -> clap::Command {
    let settle = |flag: Arg| match fields.get(name(&flag)) {
        Some(value) => flag.default_value(value.value.clone()),
        None => flag,
    };
    Arguments::command()
        .mut_args(settle)
        .mut_subcommand(RUN, |run| run.mut_args(settle))
}
