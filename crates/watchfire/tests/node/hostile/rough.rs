//! Requests that no honest caller makes, and that the usual one does not let through: written byte by byte on a line of
//! the hostile member's.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::member::Hostile;
use crate::house::House;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who calls.
#[derive(Clone, Copy)]
pub(crate) enum As {
    /// The hostile member, with its certificate.
    Member,
    /// Somebody without any.
    Nobody,
}

/// Calls a node; returns what can be written to.
pub(crate) async fn call(
    hostile: &Hostile,
    house: &House,
    who: As,
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody));
    let certificates = Arc::clone(&hostile.by_hand.line.certificates);
    let mut config = match who {
        As::Member => builder.with_client_cert_resolver(certificates as _),
        As::Nobody => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TcpStream::connect(house.node.federation().address().unwrap()).await?;
    let name = ServerName::try_from("a.node").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends bytes and returns what is answered until the node ends the line, or nothing if it says nothing.
pub(crate) async fn send(hostile: &Hostile, house: &House, who: As, bytes: &[u8]) -> String {
    let mut answer = Vec::new();
    let exchange = async {
        let mut line = call(hostile, house, who).await?;
        line.write_all(bytes).await?;
        line.flush().await?;
        line.read_to_end(&mut answer).await.map(drop)
    };
    // How the line ends says nothing: what counts is what was answered before.
    let ended = tokio::time::timeout(PATIENCE, exchange).await;
    assert!(ended.is_ok(), "the line is open after {PATIENCE:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Writes the head of a request.
pub(crate) fn head(method: &str, path: &str, more: &str) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}\r\n");
    head.into_bytes()
}

/// Takes anybody for a node.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
