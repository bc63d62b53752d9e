//! Serving: the listener, TLS, the clock's beat, and a clean end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

use crate::api::{App, router};
use crate::auth::Limits;
use crate::config::{self, Http, Tls};
use crate::federation::Federation;
use crate::node::{Health, Node, keep_time};

/// How long open connections may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// Why serving ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is another node or program using it?")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or key cannot be used.
    #[error("the certificate {certificate} or its key cannot be used")]
    Certificate {
        /// Which.
        certificate: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate of one's own cannot be made.
    #[error("no certificate of our own could be made: {0}")]
    SelfSigned(String),
    /// It cannot speak with others.
    #[error(transparent)]
    Federation(#[from] crate::federation::StartError),
    /// The store failed.
    #[error("the store failed; what is on disk is checked when the node is started again")]
    Store,
}

/// Serves a node until it is asked to stop (Ctrl-C or SIGTERM) or its store fails.
pub async fn serve(
    node: Node,
    http: &Http,
    directory: &Path,
    demo_visitor: Option<watchfire_core::basis::PersonId>,
    federation: &config::Federation,
    started: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let limits = Arc::new(Limits::default());
    let app = router(App {
        node: node.clone(),
        limits: Arc::clone(&limits),
        demo_visitor,
    });
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let listen = |source| ServeError::Listen {
        address: http.listen,
        source,
    };
    let listener = std::net::TcpListener::bind(http.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let tls = match http.tls {
        Tls::Off | Tls::Proxy => None,
        Tls::Files => Some(certificate(&http.certificate, &http.key).await?),
        Tls::SelfSigned => Some(self_signed(directory).await?),
    };
    if federation.listen.is_some() || !node.board().peers.is_empty() {
        Federation::start(&node, directory, federation)?;
    }
    let handle = Handle::new();
    tokio::spawn(keep_time(node.clone()));
    tokio::spawn(stop_when_asked(node.clone(), handle.clone()));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(600)).await;
            limits.tidy();
        }
    });
    started(address);
    let served = match tls {
        None => {
            axum_server::from_tcp(listener)
                .map_err(listen)?
                .handle(handle)
                .serve(service)
                .await
        }
        Some(tls) => {
            axum_server::from_tcp_rustls(listener, tls)
                .map_err(listen)?
                .handle(handle)
                .serve(service)
                .await
        }
    };
    served.map_err(listen)?;
    let failed = node.health() == Health::Failed;
    node.stop();
    if failed {
        Err(ServeError::Store)
    } else {
        Ok(())
    }
}

async fn stop_when_asked(node: Node, handle: Handle<SocketAddr>) {
    tokio::select! {
        () = asked() => tracing::info!("asked to stop: finishing what waits"),
        () = failed(&node) => tracing::error!("the store failed: stopping"),
    }
    handle.graceful_shutdown(Some(GRACE));
}

async fn asked() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

async fn failed(node: &Node) {
    while node.health() != Health::Failed {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn certificate(certificate: &Path, key: &Path) -> Result<RustlsConfig, ServeError> {
    // More than one part of the program may have chosen already; the choice is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    RustlsConfig::from_pem_file(certificate, key)
        .await
        .map_err(|source| ServeError::Certificate {
            certificate: certificate.to_owned(),
            source,
        })
}

async fn self_signed(directory: &Path) -> Result<RustlsConfig, ServeError> {
    let (certificate_file, key_file) = (directory.join("tls.crt"), directory.join("tls.key"));
    if !certificate_file.exists() || !key_file.exists() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), host_name()])
            .map_err(|error| ServeError::SelfSigned(error.to_string()))?;
        let write = |path: &Path, text: String| {
            crate::city::write(path, text.as_bytes())
                .map_err(|error| ServeError::SelfSigned(error.to_string()))
        };
        let key = made.signing_key.serialize_pem();
        crate::city::write_private(&key_file, key.as_bytes())
            .map_err(|error| ServeError::SelfSigned(error.to_string()))?;
        write(&certificate_file, made.cert.pem())?;
    }
    certificate(&certificate_file, &key_file).await
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "watchfire".to_owned()
    } else {
        name.to_owned()
    }
}
