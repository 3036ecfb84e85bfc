//! Tests of HTTPS, against a server with a certificate of its own.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{HttpTransport, TransportError, TransportSettings, get, tls_versions};
use crate::Transport;

/// Starts a server that answers over TLS, and returns its address and its certificate.
async fn server() -> (String, CertificateDer<'static>) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = own.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let _read = stream.read(&mut [0; 4096]).await;
            let _written = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsafe")
                .await;
            let _closed = stream.shutdown().await;
        }
    });
    (address, certificate)
}

/// No process-wide provider of cryptography is installed here, nor needed.
#[tokio::test]
async fn trusted_server_is_talked_to() {
    let (address, certificate) = server().await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let tls = tls_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let transport = HttpTransport::with_tls(TransportSettings::default(), tls).unwrap();
    assert_eq!(
        transport.send(get(&address)).await.unwrap().body().as_ref(),
        b"safe"
    );
}

/// Nobody told the system to trust this one, so it never sees the request.
#[tokio::test]
async fn untrusted_server_means_not_sent() {
    let (address, _) = server().await;
    let transport = HttpTransport::new(TransportSettings::default()).unwrap();
    let error = transport.send(get(&address)).await.unwrap_err();
    let told = matches!(&error, TransportError::NotSent(reason) if reason.contains("certificate"));
    assert!(told, "{error:?}");
}
