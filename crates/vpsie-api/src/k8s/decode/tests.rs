//! Tests of reading the nouns.
