//! A piece of line that can be cut: what is sent to one address is passed on to another, byte for byte, until it is cut.
//!
//! It stands for a cable between two agencies. It sees only what anybody on the way sees: TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A piece of line.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Where it begins.
    pub from: SocketAddr,
    cut: Arc<watch::Sender<bool>>,
}

impl Relay {
    /// Begins to pass on.
    pub async fn begin(from: SocketAddr, to: SocketAddr) -> io::Result<Relay> {
        let listener = TcpListener::bind(from).await?;
        let from = listener.local_addr()?;
        let (cut, _) = watch::channel(false);
        let cut = Arc::new(cut);
        let relay = Relay {
            from,
            cut: Arc::clone(&cut),
        };
        tokio::spawn(async move {
            loop {
                let Ok((inbound, _)) = listener.accept().await else {
                    return;
                };
                let mut cut = cut.subscribe();
                if *cut.borrow_and_update() {
                    continue; // Whoever calls over a cut line is not answered.
                }
                tokio::spawn(pass_on(inbound, to, cut));
            }
        });
        Ok(relay)
    }

    /// Cuts the line, or mends it.
    pub fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

async fn pass_on(mut inbound: TcpStream, to: SocketAddr, mut cut: watch::Receiver<bool>) {
    let Ok(mut outbound) = TcpStream::connect(to).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut inbound, &mut outbound) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}
