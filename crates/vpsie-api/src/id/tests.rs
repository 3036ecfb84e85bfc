//! Tests of the identifiers.

use super::*;

#[test]
fn ids_print_and_serialise_as_what_they_hold() {
    assert_eq!(ClusterId::new("0d6c").to_string(), "0d6c");
    assert_eq!(GroupNumber::new(412).to_string(), "412");
    let json = serde_json::to_string(&(ClusterId::new("0d6c"), GroupNumber::new(412)));
    assert_eq!(json.expect("ids serialise"), r#"["0d6c",412]"#);
}

#[test]
fn request_id_takes_visible_ascii_up_to_its_limit() {
    let longest = "x".repeat(RequestId::MAX_LENGTH);
    for good in ["a", "vpsienode-7f3c/1", longest.as_str()] {
        assert_eq!(RequestId::new(good).expect(good).as_str(), good);
    }
    let too_long = "x".repeat(RequestId::MAX_LENGTH + 1);
    for bad in ["", " ", "a b", "a\r\nX-Evil: 1", "ü", too_long.as_str()] {
        assert_eq!(RequestId::new(bad), Err(RequestIdError), "{bad:?}");
    }
}

#[test]
fn request_id_is_checked_when_it_is_read_back() {
    assert!(serde_json::from_str::<RequestId>(r#""a b""#).is_err());
    assert!(serde_json::from_str::<RequestId>(r#""a-b""#).is_ok());
}
