//! Tests of the transport, against servers on this machine.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

mod tls;

fn transport(change: impl FnOnce(&mut TransportSettings)) -> HttpTransport {
    let mut settings = TransportSettings {
        allow_plain_http_to_loopback: true,
        ..Default::default()
    };
    change(&mut settings);
    HttpTransport::new(settings).unwrap()
}

fn get(address: &str) -> http::Request<Bytes> {
    http::Request::get(address).body(Bytes::new()).unwrap()
}

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

/// Answers every connection with these bytes, whatever was asked, and closes it.
async fn raw_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _read = stream.read(&mut [0; 4096]).await;
            let _written = stream.write_all(answer).await;
        }
    });
    address
}

/// Answers the first connection with these bytes and keeps it open.
async fn silent_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _read = stream.read(&mut [0; 4096]).await;
        let _written = stream.write_all(answer).await;
        std::future::pending::<()>().await;
    });
    address
}

#[tokio::test]
async fn request_and_answer_arrive_unchanged() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE"))
        .and(path("/a/b"))
        .and(header("vpsie-auth", "t"))
        .and(body_string("who"))
        .respond_with(
            ResponseTemplate::new(418)
                .insert_header("retry-after", "7")
                .set_body_string("tea"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let request = http::Request::delete(format!("{}/a/b", server.uri())).header("vpsie-auth", "t");
    let answer = transport(|_| {})
        .send(request.body("who".into()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.body().as_ref(), b"tea");
}

/// A web page is an answer for the transport; what it means is decided above.
#[tokio::test]
async fn web_page_is_passed_on_with_its_type() {
    let page = ResponseTemplate::new(502).set_body_raw("<html>502 Bad Gateway</html>", "text/html");
    let server = server(page).await;
    let answer = transport(|_| {}).send(get(&server.uri())).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert_eq!(answer.body().as_ref(), b"<html>502 Bad Gateway</html>");
}

#[tokio::test]
async fn announced_body_beyond_the_limit_is_not_read() {
    let server = server(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 101])).await;
    let result = transport(|settings| settings.body_limit = 100)
        .send(get(&server.uri()))
        .await;
    assert_eq!(result.unwrap_err(), TransportError::BodyTooLarge);
}

/// The announcement is enough: this server never sends what it announces.
#[tokio::test]
async fn announced_body_is_refused_before_it_comes() {
    let address = silent_server(b"HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n").await;
    let transport = transport(|settings| {
        settings.body_limit = 100;
        settings.timeout = Duration::from_secs(5);
    });
    assert_eq!(
        transport.send(get(&address)).await.unwrap_err(),
        TransportError::BodyTooLarge
    );
}

#[tokio::test]
async fn body_at_the_limit_is_read() {
    let server = server(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 100])).await;
    let answer = transport(|settings| settings.body_limit = 100)
        .send(get(&server.uri()))
        .await;
    assert_eq!(answer.unwrap().body().len(), 100);
}

/// Without a length only counting helps.
#[tokio::test]
async fn unannounced_body_is_cut_at_the_limit() {
    let chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n\
        0123456789012345678901234567890123456789012345678901234567890123\r\n40\r\n\
        0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n";
    let address = raw_server(chunks).await;
    let result = transport(|settings| settings.body_limit = 100)
        .send(get(&address))
        .await;
    assert_eq!(result.unwrap_err(), TransportError::BodyTooLarge);
    let answer = transport(|settings| settings.body_limit = 128)
        .send(get(&address))
        .await;
    assert_eq!(answer.unwrap().body().len(), 128);
}

#[tokio::test]
async fn slow_answer_times_out() {
    let server = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let hasty = transport(|settings| settings.timeout = Duration::from_millis(100));
    assert_eq!(
        hasty.send(get(&server.uri())).await.unwrap_err(),
        TransportError::TimedOut
    );
}

/// The limit covers the body too.
#[tokio::test]
async fn answer_that_never_ends_times_out() {
    let address = silent_server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123").await;
    let hasty = transport(|settings| settings.timeout = Duration::from_millis(100));
    let answer = tokio::time::timeout(Duration::from_secs(10), hasty.send(get(&address))).await;
    let error = answer.expect("the limit ends the wait").unwrap_err();
    assert_eq!(error, TransportError::TimedOut);
}

#[tokio::test]
async fn refused_connection_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = transport(|_| {}).send(get(&address)).await.unwrap_err();
    assert!(
        matches!(&error, TransportError::NotSent(reason) if reason.contains("refused")),
        "{error:?}"
    );
}

#[tokio::test]
async fn unknown_host_means_not_sent() {
    let error = transport(|_| {})
        .send(get("https://nowhere.invalid/"))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
}

/// Speaking TLS to a server that does not is found out before the request leaves.
#[tokio::test]
async fn failed_tls_means_not_sent() {
    let address = raw_server(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = transport(|_| {})
        .send(get(&address.replace("http:", "https:")))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn connection_closed_after_the_request_is_lost() {
    let address = raw_server(b"").await;
    let error = transport(|_| {}).send(get(&address)).await.unwrap_err();
    assert!(matches!(error, TransportError::ConnectionLost(_)), "{error:?}");
}

#[tokio::test]
async fn half_an_answer_is_a_lost_connection() {
    let address = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123").await;
    let error = transport(|_| {}).send(get(&address)).await.unwrap_err();
    assert!(matches!(error, TransportError::ConnectionLost(_)), "{error:?}");
}

/// A redirected POST could arrive twice, and a redirect could carry the token elsewhere.
#[tokio::test]
async fn redirects_are_not_followed() {
    let server = server(ResponseTemplate::new(302).insert_header("location", "/elsewhere")).await;
    let answer = transport(|_| {}).send(get(&server.uri())).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

/// A kept connection may be dead without our knowing, and then a request written to it is lost.
#[tokio::test]
async fn no_connection_is_used_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let connections = tokio::spawn(async move {
        // The server would keep each connection; two requests on one would hang here.
        let mut kept = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _read = stream.read(&mut [0; 4096]).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
            kept.push(stream);
        }
        kept.len()
    });
    let transport = transport(|settings| settings.timeout = Duration::from_secs(5));
    for _ in 0..2 {
        transport.send(get(&address)).await.unwrap();
    }
    assert_eq!(connections.await.unwrap(), 2);
}

#[track_caller]
fn check_address(allowed: bool, address: &str, expected: Result<(), &str>) {
    let transport = transport(|settings| settings.allow_plain_http_to_loopback = allowed);
    let expected = expected.map_err(|why| SettingsError::BaseUrl {
        reason: format!("cannot be used: {why}"),
    });
    assert_eq!(transport.check_base_url(address), expected, "{address}");
}

#[test]
fn plain_http_needs_permission_and_a_loopback_host() {
    let never = Err("plain HTTP is not allowed, use https");
    let only_here = Err("plain HTTP is allowed to this machine only, use https");
    for here in [
        "http://127.0.0.1:8080/x",
        "http://127.8.9.1/",
        "http://[::1]:80/",
        "http://localhost/",
    ] {
        check_address(false, here, never);
        check_address(true, here, Ok(()));
    }
    for elsewhere in [
        "http://api.vpsie.com/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost@example.com/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        check_address(false, elsewhere, never);
        check_address(true, elsewhere, only_here);
    }
    check_address(false, "https://api.vpsie.com/", Ok(()));
    check_address(true, "https://api.vpsie.com/", Ok(()));
    check_address(true, "ftp://127.0.0.1/", Err("the address is not https"));
    check_address(true, "/no/host", Err("the address is no absolute URL"));
}

#[tokio::test]
async fn refused_address_is_never_connected_to() {
    let server = server(ResponseTemplate::new(200)).await;
    let strict = transport(|settings| settings.allow_plain_http_to_loopback = false);
    let error = strict.send(get(&server.uri())).await.unwrap_err();
    assert!(matches!(error, TransportError::NotSent(_)), "{error:?}");
    assert!(server.received_requests().await.unwrap().is_empty());
}
